"""The search for customers: ranges of indexes, each looked into so far and no further, whatever the store holds.

Best are those whose reference or e-mail is what is looked for, then those where one begins with it, then those of
whose name each of its words begins a word; of equals by name, then by number.
"""

# ruff: noqa: S608 - statements are made of names and numbers of ours alone; what is looked for is a parameter.

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, text

from tollhouse.domain.identity import folded_email
from tollhouse.domain.words import after_all_with, folded_reference, word_of_reference, words_of
from tollhouse.ledger.facts import ROOT_NUMBER
from tollhouse.ledger.queries import SEARCH_FOUND_MAX, Page

#: Of customers who have the rarest of several words in their names, so many are looked at for the others.
CANDIDATES_MAX: Final = 2 * SEARCH_FOUND_MAX

EQUAL, BEGINNING, NAMED = range(3)


class _Search:
    """A statement in the making: looks into ranges, and the values they are bound by."""

    def __init__(self, tenant_id: int, most: int) -> None:
        self.values: dict[str, Any] = {"tenant": tenant_id, "root": ROOT_NUMBER, "most": most}
        self._looks: list[str] = []

    def value(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def range_of(self, column: str, prefix: str) -> str:
        return f"{column} >= {self.value(prefix)} AND {column} < {self.value(after_all_with(prefix))}"

    def look_at_customers(self, rank: int, condition: str, order: str) -> None:
        rows = f"SELECT {rank} AS rank, number FROM customers WHERE tenant_id = :tenant AND deleted_at IS NULL"
        self.look(f"{rows} AND number <> :root AND {condition}", order)

    def look_at_words(self, rank: int, condition: str) -> None:
        rows = f"SELECT {rank} AS rank, customer_number AS number FROM customer_words WHERE tenant_id = :tenant"
        self.look(f"{rows} AND {condition}", "word, customer_number")

    def look(self, rows: str, order: str) -> None:
        self._looks.append(f"SELECT * FROM ({rows} ORDER BY {order} LIMIT :most) l{len(self._looks)}")

    def statement(self, page: Page) -> str:
        size, offset = self.value(page.size), self.value(page.offset)
        return (
            f"WITH found AS ({' UNION ALL '.join(self._looks)}),"
            " best AS (SELECT number, min(rank) AS rank FROM found GROUP BY number ORDER BY 2, 1 LIMIT :most)"
            " SELECT c.total, p.number FROM (SELECT count(*) AS total FROM best) c LEFT JOIN"
            " (SELECT b.number, b.rank, n.name FROM best b"
            " JOIN customers n ON n.tenant_id = :tenant AND n.number = b.number"
            f" ORDER BY b.rank, n.name, b.number LIMIT {size} OFFSET {offset}) p ON true"
            " ORDER BY p.rank, p.name, p.number"
        )


def found_numbers(connection: Connection, tenant_id: int, wanted: str, page: Page, most: int) -> tuple[list[int], int]:
    """The numbers of the customers on one page of what is found, and how many there are: `most` at most.

    `wanted` is not blank.
    """
    search = _Search(tenant_id, most)
    email = folded_email(wanted)
    # Blanks around a reference count; they may also have slipped in.
    for reference in dict.fromkeys((email, wanted.casefold())):
        _by_reference(search, folded_reference(reference))
    search.look_at_customers(EQUAL, f"email_folded = {search.value(email)}", "created_at, number")
    search.look_at_customers(BEGINNING, search.range_of("email_folded", email), "email_folded, created_at, number")
    _by_words(connection, search, words_of(wanted))
    statement = search.statement(page)
    rows = connection.execute(text(statement), search.values).all()
    return [number for _, number in rows if number is not None], int(rows[0][0])


def _by_reference(search: _Search, folded: str) -> None:
    """A reference without capitals is found as it is, any other by the word that is kept of it."""
    marked = word_of_reference(folded)
    search.look_at_customers(EQUAL, f"reference IS NOT NULL AND reference = {search.value(folded)}", "number")
    search.look_at_words(EQUAL, f"word = {search.value(marked)}")
    beginning = search.range_of("reference", folded)
    search.look_at_customers(BEGINNING, f"reference IS NOT NULL AND {beginning}", "reference")
    search.look_at_words(BEGINNING, search.range_of("word", marked))


def _by_words(connection: Connection, search: _Search, words: list[str]) -> None:
    if len(words) == 1:
        search.look_at_words(NAMED, search.range_of("word", words[0]))
    elif words:
        counts = {word: _count(connection, search.values["tenant"], word) for word in words}
        if all(counts.values()):
            _by_all_words(search, sorted(words, key=lambda word: counts[word]))


def _by_all_words(search: _Search, words: list[str]) -> None:
    """Who has the first, which is the rarest, is looked up for each of the others."""
    rarest, *others = words
    candidates = (
        "SELECT customer_number FROM customer_words WHERE tenant_id = :tenant"
        f" AND {search.range_of('word', rarest)} ORDER BY word, customer_number LIMIT {CANDIDATES_MAX}"
    )
    joined = "".join(f" CROSS JOIN customer_words w{n}" for n in range(len(others)))
    conditions = " AND ".join(
        f"w{n}.tenant_id = :tenant AND w{n}.customer_number = d.customer_number"
        f" AND {search.range_of(f'w{n}.word', word)}"
        for n, word in enumerate(others)
    )
    rows = f"SELECT DISTINCT {NAMED} AS rank, d.customer_number AS number FROM ({candidates}) d{joined}"
    search.look(f"{rows} WHERE {conditions}", "number")


def _count(connection: Connection, tenant_id: int, word: str) -> int:
    """How many words of names begin with this one, as far as that matters."""
    query = text(
        "SELECT count(*) FROM (SELECT 1 FROM customer_words WHERE tenant_id = :tenant AND word >= :word"
        f" AND word < :end LIMIT {CANDIDATES_MAX}) w"
    )
    values = {"tenant": tenant_id, "word": word, "end": after_all_with(word)}
    return int(connection.execute(query, values).scalar_one())

"""The words under which a search finds a customer, kept in step with its name and its reference."""

from __future__ import annotations

from typing import Final, Protocol

from tollhouse.domain.words import folded_reference, word_of_reference, words_of
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, CustomerWordFact
from tollhouse.ledger.facts.fact import ChangingFact

#: What of a customer its words depend on.
WORDED_BY: Final = frozenset({"name", "reference", "deleted_at"})

NO_WORDS: Final[frozenset[str]] = frozenset()


class Words(Protocol):
    """The book, or rows that are written at once."""

    def put(self, fact: ChangingFact) -> None: ...

    def remove(self, fact: ChangingFact, *key: str) -> None: ...


def search_words(customer: CustomerFact) -> frozenset[str]:
    """Those of its name and, behind a mark, its reference without regard to case, where that is not what it is anyway.

    Nobody searches for who is deleted, nor for the tenant's root customer.
    """
    if customer.deleted_at is not None or customer.number == ROOT_NUMBER:
        return NO_WORDS
    words = words_of(customer.name) if customer.name else []
    reference = customer.reference
    if reference is not None and reference.casefold() != reference:
        words.append(word_of_reference(folded_reference(reference)))
    return frozenset(words) if words else NO_WORDS


def keep_words(rows: Words, customer: CustomerFact, before: frozenset[str]) -> None:
    """Write what has changed since the customer had these words. The customer is locked, or new."""
    after = search_words(customer)
    if after == before:
        return
    for word in sorted(before - after):
        rows.remove(CustomerWordFact(customer.tenant_id, word, customer.number), "word", "customer_number")
    for word in sorted(after - before):
        rows.put(CustomerWordFact(customer.tenant_id, word, customer.number))

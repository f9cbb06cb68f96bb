"""A store with customers and charges, from before there were figures and words, brought to this version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import inspect

from tests.harness import Postgres
from tests.store.facts import customer, row
from tollhouse.domain.money import SUM_MINOR_MAX
from tollhouse.ledger.facts import CustomerFact, CustomerWordFact, Fact, SummaryFact, TenantFact, TransactionFact
from tollhouse.ledger.queries import Page, ProjectFigures
from tollhouse.ledger.verifying import verify
from tollhouse.store import migrate as migrating
from tollhouse.store.engine import store_url
from tollhouse.store.migrate import migrate
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.store.rows import TABLES
from tollhouse.store.store import SqlStore

#: More than the migration takes at a time.
CROWD = range(2001, 4101)
NAMES = "Ἀθηνᾶ Παλλάς", "O'Neil-Smith " + " ".join(f"w{n}" for n in range(20)), "É\u0301 ℡ " + "x" * 100


def old_customer(number: int, tenant_id: int = 1, **given: Any) -> CustomerFact:
    path, parent = ("1.", 0) if number == 1 else (f"1.{number}.", 1)
    of = {"tenant_id": tenant_id, "path": path, "parent_number": parent, "currency": "USD", "currency_lock": None}
    return customer(number, **{**of, "name": "", "opening_balance_minor": 0, "uid": f"u{number}", **given})


def charged(first_id: int, number: int, currency: str, *amounts: int, tenant_id: int = 1) -> list[Fact]:
    """Charges of a customer, and the summary that they come to."""
    what = (number, "charge", "recorded", "beacon", currency)
    rows = [
        TransactionFact(tenant_id, first_id + n, *what, amount, 0, amount, 0, 5, 5) for n, amount in enumerate(amounts)
    ]
    return [*rows, SummaryFact(tenant_id, number, currency, len(amounts), sum(amounts), 0, 5, 5, amounts[-1])]


HALF = SUM_MINOR_MAX // 2
ROWS: list[Fact] = [
    row(TenantFact, 1, slug="one", currency="USD", clock_at=None),
    row(TenantFact, 2, tenant_id=2, slug="two", currency="USD", clock_at=None),
    old_customer(1, name="One Itself"),
    old_customer(1, tenant_id=2, name="Two Itself"),
    *(old_customer(n, name=name, reference=f"Ref-{n}") for n, name in enumerate(NAMES, start=11)),
    old_customer(20, reference="lower", email="a@b.c", email_folded="a@b.c"),
    old_customer(21, name="Gone Girl", reference="Gone", deleted_at=7),
    old_customer(9000, tenant_id=2, name="Of Two", reference="GROẞ"),
    *(old_customer(number, name=f"Member {number}") for number in CROWD),
    *charged(10, 11, "USD", 100, 250),
    *charged(20, 11, "JPY", HALF, HALF),
    *charged(30, 12, "JPY", HALF, HALF),
    *charged(40, 20, "JPY", HALF, HALF),
    *charged(50, 21, "USD", 1_000_000),
    *charged(60, 9000, "USD", 7, tenant_id=2),
]


@pytest.fixture
def store(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    if engine == "sqlite":
        url = f"sqlite:///{tmp_path}/old.db"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        if postgres.is_given:
            pytest.skip("a given server has its tables")
        url = postgres.new_database("of_the_seventh_revision")
    with closing(SqlStore(store_url(url))) as opened:
        with opened.writing_rows() as connection:
            configuration = migrating._configuration()
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "0007")
            for kind in {type(fact): None for fact in ROWS}:
                table = TABLES[kind]
                columns = {column["name"] for column in inspect(connection).get_columns(table.name)}
                facts = [fact for fact in ROWS if type(fact) is kind]
                rows = [{n: getattr(f, n) for n in f.__struct_fields__ if n in columns} for f in facts]
                connection.execute(table.insert(), rows)
        migrate(opened)
        yield opened


def test_figures_and_words_are_those_of_what_is_there(store: SqlStore) -> None:
    assert verify(store).differences == []
    queries = SqlQueries(store)
    live = len(NAMES) + 1 + len(CROWD)
    assert queries.project_figures(1) == ProjectFigures(live, {"USD": (2, 350), "JPY": (6, 6 * HALF)})
    assert queries.project_figures(2) == ProjectFigures(1, {"USD": (1, 7)})
    with store.reading(1) as reader:
        words = {row.word for row in reader.find(CustomerWordFact, customer_number=12)}
    assert words == {"o", "neil", "smith", *(f"w{n}" for n in range(13)), "=ref-12"}
    totals = {q: queries.customers(1, q, Page(1, 100)).total for q in ("member", "gone", "REF-1", "lower")}
    assert totals == {"member": len(CROWD), "gone": 0, "REF-1": len(NAMES), "lower": 1}
    assert queries.customers(2, "gross", Page(1, 100)).total == 1

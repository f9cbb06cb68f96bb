"""A store with transactions, from before days were counted, brought to this version."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import inspect

from tests.harness import Postgres
from tests.store.facts import row
from tests.store.test_upgrade_figures import charged, old_customer
from tollhouse.domain.days import days_in
from tollhouse.domain.figures import whole
from tollhouse.domain.money import SUM_MINOR_MAX
from tollhouse.ledger.facts import (
    CorrectionFact,
    DayFigureFact,
    Fact,
    SummaryFact,
    TenantFact,
    TotalFact,
    TransactionFact,
)
from tollhouse.ledger.verifying import verify
from tollhouse.store import migrate as migrating
from tollhouse.store.engine import store_url
from tollhouse.store.migrate import migrate
from tollhouse.store.rows import TABLES
from tollhouse.store.store import SqlStore

DAY = 24 * 3600 * 1_000_000
#: 2026-03-28 23:30 UTC: the day after in Kathmandu, and in Berlin, where it is an hour shorter.
AT = 1_774_740_600_000_000
HALF = SUM_MINOR_MAX // 2
#: More than the migration takes at a time.
CROWD = range(1000, 6100)


def transaction(number: int, kind: str, gross: int, at: int, tenant_id: int = 1) -> TransactionFact:
    what = (2, kind, "recorded", "admin" if kind == "void" else "beacon", "USD")
    return TransactionFact(tenant_id, number, *what, gross, 0, gross, 0, at, at)


def tenant(tenant_id: int, timezone: str) -> list[Fact]:
    named = {"slug": f"t{tenant_id}", "currency": "USD", "clock_at": None}
    return [
        row(TenantFact, tenant_id, tenant_id=tenant_id, timezone=timezone, **named),
        old_customer(1, tenant_id=tenant_id),
    ]


LAST_AT = AT + CROWD[-1] * 60_000_000
ROWS: list[Fact] = [
    *tenant(1, "Asia/Kathmandu"),
    *tenant(2, "Europe/Berlin"),
    *tenant(3, "Mars/Olympus"),
    old_customer(2),
    *(transaction(n, "charge", n, AT + n * 60_000_000) for n in CROWD),
    transaction(1, "charge", 50, AT),
    transaction(2, "void", -50, AT + DAY),
    transaction(3, "refund", -9, AT + 2 * DAY),
    CorrectionFact(1, 2, 1, 2, "void", "", "{}"),
    SummaryFact(1, 2, "USD", len(CROWD), sum(CROWD), 9, AT + CROWD[0] * 60_000_000, LAST_AT, CROWD[-1]),
    TotalFact(1, "customers", 0, 1, 0, 0),
    TotalFact(1, "charges:USD", 0, len(CROWD), 0, sum(CROWD) - 9),
    *charged(1, 1, "JPY", HALF, HALF, tenant_id=2),
    *charged(1, 1, "USD", 7, tenant_id=3),
]


@pytest.fixture
def store(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    if engine == "sqlite":
        url = f"sqlite:///{tmp_path}/old.db"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        if postgres.is_given:
            pytest.skip("a given server has its tables")
        url = postgres.new_database("of_the_ninth_revision")
    with closing(SqlStore(store_url(url))) as opened:
        with opened.writing_rows() as connection:
            configuration = migrating._configuration()
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "0009")
            for kind in {type(fact): None for fact in ROWS}:
                table = TABLES[kind]
                columns = {column["name"] for column in inspect(connection).get_columns(table.name)}
                facts = [fact for fact in ROWS if type(fact) is kind]
                rows = [{n: getattr(f, n) for n in f.__struct_fields__ if n in columns} for f in facts]
                connection.execute(table.insert(), rows)
        yield opened


def test_the_days_are_those_of_what_is_there(store: SqlStore) -> None:
    migrate(store)
    assert verify(store).differences == []
    assert days(store, 2) == {("1970-01-01", "charge"): (2, 2 * HALF)}
    assert days(store, 3) == {("1970-01-01", "charge"): (1, 7)}
    assert days(store, 1) == expected()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_more_days_than_are_held_at_once(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    migration = importlib.import_module("tollhouse.store.migrations.versions.0011_days")
    monkeypatch.setattr(migration, "FIGURES_MAX", 2)
    with store.writing_rows() as connection, Operations.context(MigrationContext.configure(connection)):
        migration.upgrade()
    assert days(store, 1) == expected()


def expected() -> dict[tuple[str, str], tuple[int, int]]:
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for t in (fact for fact in ROWS if isinstance(fact, TransactionFact) and fact.tenant_id == 1):
        key = (days_in("Asia/Kathmandu").day_of(t.effective_at), t.kind)
        count, gross = found.get(key, (0, 0))
        found[key] = (count + 1, gross + t.gross_minor)
    return found


def days(store: SqlStore, tenant_id: int) -> dict[tuple[str, str], tuple[int, int]]:
    found: dict[tuple[str, str], tuple[int, int]] = {}
    with store.reading(tenant_id) as reader:
        for part in reader.find(DayFigureFact):
            count, gross = found.get((part.effective_on, part.kind), (0, 0))
            summed = count + part.item_count, gross + whole(part.gross_high, part.gross_low)
            found[part.effective_on, part.kind] = summed
    return found

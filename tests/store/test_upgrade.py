"""A store of the first revision, with charges made there, brought to this version: what recurs goes on from now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import inspect

from tests.harness import Postgres, TestClock
from tests.store.facts import customer, row
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.commands import Caller, ChargeNow
from tollhouse.ledger.facts import (
    ChargeFact,
    CustomerFact,
    Fact,
    OccurrenceFact,
    PlanFact,
    ScheduleFact,
    SummaryFact,
    TenantFact,
    TransactionFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.verifying import verify
from tollhouse.store import migrate as migrating
from tollhouse.store.engine import store_url
from tollhouse.store.migrate import is_current, migrate
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.rows import TABLES
from tollhouse.store.store import SqlStore
from tollhouse.workers.runner import Runner

ROOT = Caller(0, 1, "1.", may_reach_below=True)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


#: When the first version made them, and when the tables are brought to this one.
MADE = at("2025-01-15 12:00")
UPGRADED = at("2026-03-10 12:00")
OWN, PLAN, FROM_START, CHARGED, NEVER, DELETED = range(1, 7)


def old_charge(charge_id: int, period: str, **given: Any) -> ChargeFact:
    of = {"customer_number": 11, "plan_number": 0, "owner_number": 1, "amount": "30", "buy": "0", "currency": "EUR"}
    when = {"start_at": 0, "end_at": 0, "number_max": 0, "created_at": MADE, "deleted_at": None}
    more = {"period": period, "anchor": "calendar", "origin": "enswitch"}
    return row(ChargeFact, charge_id, **{**of, **when, **more, **given})


def old_customer(number: int, **given: Any) -> CustomerFact:
    path, parent = ("1.", 0) if number == 1 else (f"1.{number}.", 1)
    of = {"path": path, "parent_number": parent, "currency": "EUR", "currency_lock": None, "bill_type": "postpaid"}
    more = {"plan_number": 0, "timezone": "", "created_at": MADE, "opening_balance_minor": 0, "uid": f"u{number}"}
    return customer(number, **{**of, **more, **given})


TENANT = row(
    TenantFact,
    1,
    slug="old",
    currency="EUR",
    timezone="Europe/Berlin",
    anchor="calendar",
    empty_period_grace_minutes=60,
    clock_at=None,
)
TRANSACTION = TransactionFact(
    *(1, 1, 11, "charge", "balance", "enswitch", "EUR", 3000, 0, 3000, 0, MADE, MADE), charge_id=CHARGED
)
OLD_ROWS: list[Fact] = [
    TENANT,
    row(PlanFact, 70, number=70, owner_number=1, currency="EUR"),
    old_customer(1),
    old_customer(11, plan_number=70, balance_minor=-3000),
    old_customer(12, plan_number=70, timezone="Asia/Tokyo"),
    old_charge(OWN, "monthly"),
    old_charge(PLAN, "quarterly", customer_number=0, plan_number=70),
    old_charge(FROM_START, "monthly", anchor="start", start_at=at("2025-01-31 12:00")),
    old_charge(CHARGED, "once"),
    old_charge(NEVER, ""),
    old_charge(DELETED, "monthly", deleted_at=MADE),
    TRANSACTION,
    SummaryFact(1, 11, "EUR", 1, 3000, 0, MADE, MADE, 3000),
    OccurrenceFact(1, CHARGED, 11, "#1", 1, MADE),
]


class Upgraded:
    """The store of the first revision, migrated, and who works on it."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.clock = TestClock()
        self.ledger = Ledger(store, self.clock)
        self.runner = Runner(
            SqlDueQueries(store), self.ledger.execute, Everybody(store, self.ledger.execute, self.clock), self.clock
        )

    def run(self, now: int) -> dict[int, list[str]]:
        """Run at an instant; the keys that were charged, by charge."""
        before = set(self._keys())
        self.clock.now_us = now
        self.runner.run()
        charged: dict[int, list[str]] = {}
        for charge_id, number, key in sorted(set(self._keys()) - before):
            charged.setdefault(charge_id, []).append(f"{number}: {key}")
        return charged

    def find(self, kind: Any, **equals: Any) -> list[Any]:
        with self.store.reading(1) as reader:
            return list(reader.find(kind, **equals))

    def _keys(self) -> list[tuple[int, int, str]]:
        return [(o.charge_id, o.customer_number, o.occurrence_key) for o in self.find(OccurrenceFact)]


@pytest.fixture
def upgraded(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Upgraded]:
    if engine == "sqlite":
        url = f"sqlite:///{tmp_path}/old.db"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        if postgres.is_given:
            pytest.skip("a given server has its tables")
        url = postgres.new_database("of_the_first_revision")
    with closing(SqlStore(store_url(url))) as store:
        _to_the_first_revision(store)
        assert not is_current(store)
        migrate(store)
        assert is_current(store)
        yield Upgraded(store)
        assert verify(store).differences == []


def _to_the_first_revision(store: SqlStore) -> None:
    with store.writing_rows() as connection:
        configuration = migrating._configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0001")
        for fact in OLD_ROWS:
            table = TABLES[type(fact)]
            columns = {column["name"] for column in inspect(connection).get_columns(table.name)}
            values = {name: getattr(fact, name) for name in fact.__struct_fields__ if name in columns}
            connection.execute(table.insert().values(values))
    for name in ("charge", "transaction", "customer"):
        store.advance_numbers(1, name, 99)


def test_what_recurs_is_charged_from_the_upgrade_on_and_not_for_the_time_before(upgraded: Upgraded) -> None:
    """What is owed once, and was never charged, is: at the next run, whichever comes first."""
    assert upgraded.run(UPGRADED) == {NEVER: ["11: #1"]}
    (charged,) = upgraded.find(TransactionFact, charge_id=NEVER)
    assert charged.effective_at == UPGRADED
    assert upgraded.run(UPGRADED) == {}
    april = {
        OWN: ["11: 2026-04-01"],
        PLAN: ["11: 2026-04-01", "12: 2026-04-01"],
        FROM_START: ["11: 2026-03-31"],
    }
    assert upgraded.run(at("2026-04-02 00:00")) == april
    july = upgraded.run(at("2026-07-02 00:00"))
    assert july[OWN] == [f"11: 2026-{month:02}-01" for month in (5, 6, 7)]
    assert july[FROM_START] == ["11: 2026-04-30", "11: 2026-05-31", "11: 2026-06-30"]
    assert DELETED not in july


def test_each_has_its_schedule_after_the_first_run_and_no_other(upgraded: Upgraded) -> None:
    assert upgraded.find(ScheduleFact) == []
    upgraded.run(UPGRADED)
    found = {(row.charge_id, row.customer_number): (row.state, row.next_key) for row in upgraded.find(ScheduleFact)}
    assert found == {
        (OWN, 11): ("active", "2026-04-01"),
        (PLAN, 11): ("active", "2026-04-01"),
        (PLAN, 12): ("active", "2026-04-01"),
        (FROM_START, 11): ("active", "2026-03-31"),
        (CHARGED, 11): ("done", "#1"),
        (NEVER, 11): ("done", ""),
    }
    assert {charge.enrolling_from for charge in upgraded.find(ChargeFact)} == {None}


@pytest.mark.parametrize("is_run_first", [False, True])
def test_what_is_left_of_the_period_of_the_upgrade_may_be_charged_by_hand(
    upgraded: Upgraded, is_run_first: bool
) -> None:
    if is_run_first:
        upgraded.run(UPGRADED)
    upgraded.clock.now_us = UPGRADED
    upgraded.ledger.execute(ChargeNow(tenant_id=1, caller=ROOT, charge_id=OWN))
    (charged,) = upgraded.find(TransactionFact, charge_id=OWN)
    assert charged.gross_minor == 2129, "22 of 31 days"
    upgraded.run(UPGRADED)
    assert upgraded.run(at("2026-04-02 00:00"))[OWN] == ["11: 2026-04-01"]

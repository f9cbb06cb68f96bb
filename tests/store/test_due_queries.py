"""Finding what falls due: which rows, in which order, by which index, and what others hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event

from tests.store.facts import customer, row
from tollhouse.ledger.facts import (
    ChargeFact,
    CustomerFact,
    Fact,
    OccurrenceFact,
    PlanRunFact,
    ScheduleFact,
    TenantFact,
)
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.store import SqlStore
from tollhouse.store.unit import Unit


def charge(number: int, **given: Any) -> ChargeFact:
    values = {"plan_number": 0, "plan_run_id": 0, "enrolling_from": None, "deleted_at": None}
    return row(ChargeFact, number, **{**values, **given})


def schedule(charge_id: int, customer_number: int, due_at: int, state: str = "active", **given: Any) -> ScheduleFact:
    values = {"charge_id": charge_id, "customer_number": customer_number, "due_at": due_at, "state": state}
    return row(ScheduleFact, charge_id, **values, **given)


def write(store: SqlStore, *facts: Fact, tenant_id: int = 1) -> None:
    by_kind: dict[type[Fact], list[Fact]] = {}
    for fact in facts:
        by_kind.setdefault(type(fact), []).append(fact)
    with store.unit_of_work(tenant_id) as unit:
        for rows in by_kind.values():
            unit.insert(rows)


def pairs(rows: list[ScheduleFact]) -> list[tuple[int, int]]:
    return [(found.charge_id, found.customer_number) for found in rows]


# What a unit of work asks.


def test_a_page_goes_on_from_a_number(store: SqlStore) -> None:
    write(store, *(customer(n, plan_number=n % 2, deleted_at=9 if n == 5 else None) for n in range(1, 10)))
    write(store, customer(3, tenant_id=2, plan_number=1), tenant_id=2)

    def page(least: int, count: int, **equals: Any) -> list[int]:
        with store.reading(1) as reader:
            return [found.number for found in reader.page(CustomerFact, "number", least, count, **equals)]

    assert page(0, 3) == [1, 2, 3]
    assert page(4, 99, plan_number=1, deleted_at=None) == [7, 9]
    assert page(3, 1, plan_number=1) == [3]
    assert page(10, 5) == []
    assert page(0, 9, number=[2, 4]) == [2, 4]


def test_the_first_of_an_order(store: SqlStore) -> None:
    write(store, schedule(1, 1, 30, "parked"), schedule(2, 1, 10, "parked"), schedule(3, 2, 20, "parked"))
    write(store, schedule(4, 1, 5))
    with store.unit_of_work(1) as unit:
        assert pairs(unit.first(ScheduleFact, 2, order=("due_at",), state="parked")) == [(2, 1), (3, 2)]
        assert pairs(unit.first(ScheduleFact, 9, order=("-due_at",), state="parked", customer_number=1)) == [
            (1, 1),
            (2, 1),
        ]
        assert unit.first(ScheduleFact, 0, order=("due_at",)) == []
        assert unit.first(ScheduleFact, 9, order=("due_at",), state="gone") == []
    with store.unit_of_work(2) as other:
        assert other.first(ScheduleFact, 9, order=("due_at",)) == []


@pytest.mark.parametrize("count", [1, 200])
def test_occurrences_are_counted_by_charge_and_customer(store: SqlStore, count: int) -> None:
    of = ((1, 1), (1, 1), (1, 2), (2, 1))
    write(store, *(row(OccurrenceFact, n, charge_id=c, customer_number=u) for n, (c, u) in enumerate(of)))
    write(store, row(OccurrenceFact, 9, charge_id=1, customer_number=1, tenant_id=2), tenant_id=2)
    with store.unit_of_work(1) as unit:
        found = dict(unit.occurrence_counts([(1, 1), (2, 1), (2, 2), *((99, n) for n in range(count))]))
        assert found == {(1, 1): 2, (2, 1): 1}
        assert unit.occurrence_counts([]) == []


@pytest.mark.parametrize("count", [1, 200])
def test_occurrences_are_found_by_their_whole_key(store: SqlStore, count: int) -> None:
    rows = [
        row(OccurrenceFact, n, charge_id=charge_id, customer_number=number, occurrence_key=key)
        for n, (charge_id, number, key) in enumerate(((1, 1, "#1"), (1, 2, "#1"), (1, 1, "2026-04-01")))
    ]
    write(store, *rows)
    with store.unit_of_work(1) as unit:
        asked = [(1, 1, "2026-04-01"), (1, 2, "2026-04-01"), *((7, n, "#1") for n in range(count)), (1, 2, "#1")]
        assert sorted(unit.occurrences(asked), key=repr) == sorted([rows[2], rows[1]], key=repr)
        assert unit.occurrences([]) == []
    with store.unit_of_work(2) as other:
        assert other.occurrences(asked) == []


# What is due.


def due(store: SqlStore, now: int = 100, count: int = 99, **of: int) -> list[tuple[int, int]]:
    with store.unit_of_work(1) as unit:
        return pairs(unit.due_schedules(now, count, **of))


def test_due_schedules_are_active_and_due_and_the_earliest_come_first(store: SqlStore) -> None:
    write(store, *(charge(n) for n in (1, 2, 3)), *(customer(n) for n in (1, 2, 3)))
    write(store, schedule(2, 2, 50), schedule(2, 1, 50), schedule(1, 3, 50), schedule(3, 1, 20), schedule(3, 2, 100))
    write(store, schedule(1, 1, 101), schedule(1, 2, 1, "parked"), schedule(3, 3, 1, "done"))
    assert due(store) == [(3, 1), (1, 3), (2, 1), (2, 2), (3, 2)]
    assert due(store, now=99) == [(3, 1), (1, 3), (2, 1), (2, 2)]
    assert due(store, count=2) == [(3, 1), (1, 3)]
    assert due(store, now=19) == []
    with store.unit_of_work(2) as other:
        assert other.due_schedules(100, 99) == []


def test_due_schedules_of_one_customer_or_of_one_charge(store: SqlStore) -> None:
    write(store, *(charge(n) for n in (1, 2)), *(customer(n) for n in (1, 2)))
    write(store, schedule(1, 1, 3), schedule(1, 2, 2), schedule(2, 1, 1), schedule(2, 2, 4))
    assert due(store, customer_number=1) == [(2, 1), (1, 1)]
    assert due(store, charge_id=1) == [(1, 2), (1, 1)]
    assert due(store, charge_id=1, customer_number=1) == [(1, 1)]
    assert due(store, charge_id=1, customer_number=7) == []


def test_due_schedules_of_charges_that_are_busy_are_passed_over(store: SqlStore) -> None:
    """Charged to everybody at this moment, or with schedules that are not in step yet."""
    busy, behind, deleted = charge(2, plan_run_id=7), charge(3, enrolling_from=0), charge(4, deleted_at=5)
    write(store, charge(1), busy, behind, deleted, customer(1))
    write(store, *(schedule(n, 1, n) for n in (1, 2, 3, 4)), schedule(1, 0, 1))
    assert due(store) == [(1, 1), (4, 1)]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_due_schedules_that_somebody_holds_are_passed_over(store: SqlStore) -> None:
    write(store, charge(1), *(customer(n) for n in (1, 2, 3, 4)), *(schedule(1, n, n) for n in (1, 2, 3, 4)))
    with store.unit_of_work(1) as first:
        assert pairs(first.due_schedules(9, 2)) == [(1, 1), (1, 2)]
        with store.unit_of_work(1) as second:
            assert pairs(second.due_schedules(9, 1)) == [(1, 3)]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("held", [CustomerFact, ChargeFact])
def test_due_schedules_whose_customer_or_charge_somebody_holds_are_passed_over(
    store: SqlStore, held: type[Fact]
) -> None:
    write(store, charge(1), charge(2), customer(1), customer(2), schedule(1, 1, 1), schedule(2, 2, 2))
    with store.unit_of_work(1) as first:
        assert len(first.find(held, lock=True, **{"number" if held is CustomerFact else "charge_id": 1})) == 1
        with store.unit_of_work(1) as second:
            assert pairs(second.due_schedules(9, 9)) == [(2, 2)]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_two_may_charge_schedules_of_one_charge_at_once(store: SqlStore) -> None:
    write(store, charge(1), customer(1), customer(2), schedule(1, 1, 1), schedule(1, 2, 2))
    with store.unit_of_work(1) as first:
        assert pairs(first.due_schedules(1, 9)) == [(1, 1)]
        with store.unit_of_work(1) as second:
            assert pairs(second.due_schedules(9, 9)) == [(1, 2)]


# Where there is something to do.


def tenant(tenant_id: int, clock_at: int | None = None) -> TenantFact:
    return row(TenantFact, tenant_id, tenant_id=tenant_id, clock_at=clock_at)


def test_tenants_with_work_are_those_where_something_is_due_by_their_clock(store: SqlStore) -> None:
    tenants = {1: None, 2: None, 3: 50, 4: 500, 5: None, 6: None, 7: 50, 8: None, 9: None}
    for tenant_id, clock_at in tenants.items():
        write(store, tenant(tenant_id, clock_at), tenant_id=tenant_id)
    for tenant_id, fact in (
        (1, schedule(1, 1, 100, tenant_id=1)),
        (2, schedule(1, 1, 101, tenant_id=2)),
        (3, schedule(1, 1, 100, tenant_id=3)),
        (4, schedule(1, 0, 500, tenant_id=4)),
        (5, schedule(1, 1, 1, "parked", tenant_id=5)),
        (6, charge(1, enrolling_from=0, tenant_id=6)),
        (7, row(PlanRunFact, 1, tenant_id=7, ended_at=None, lease_until=99)),
        (8, row(PlanRunFact, 1, tenant_id=8, ended_at=None, lease_until=100)),
        (9, row(PlanRunFact, 1, tenant_id=9, ended_at=5, lease_until=5)),
    ):
        write(store, fact, tenant_id=tenant_id)
    assert SqlDueQueries(store).tenants_with_work(100) == [1, 4, 6, 7]
    assert SqlDueQueries(store).tenants_with_work(101) == [1, 2, 4, 6, 7, 8]


def test_without_a_tenant_there_is_no_work(store: SqlStore) -> None:
    assert SqlDueQueries(store).tenants_with_work(100) == []


def test_charges_to_enrol_are_those_that_are_marked(store: SqlStore) -> None:
    write(store, charge(1), charge(2, enrolling_from=0), charge(3, enrolling_from=900), charge(4, enrolling_from=0))
    queries = SqlDueQueries(store)
    assert sorted(queries.charges_to_enrol(1, 9)) == [2, 3, 4]
    assert len(queries.charges_to_enrol(1, 2)) == 2
    assert queries.charges_to_enrol(2, 9) == []


def test_due_plan_charges_and_what_is_due_first_of_customers(store: SqlStore) -> None:
    write(store, tenant(1), charge(1), charge(2), charge(3, plan_run_id=7), charge(4, enrolling_from=0))
    write(store, charge(5, deleted_at=5), customer(1), customer(2))
    write(store, *(schedule(n, 0, 9 - n) for n in (1, 2, 3, 4, 5)), *(schedule(n, 1, 90 - n) for n in (1, 2, 3, 4)))
    write(store, schedule(1, 2, 1, "parked"))
    queries = SqlDueQueries(store)
    assert pairs(queries.due_plan_charges(1, 100, 9)) == [(2, 0), (1, 0)]
    assert pairs(queries.due_plan_charges(1, 7, 9)) == [(2, 0)]
    assert pairs(queries.due_plan_charges(1, 100, 1)) == [(2, 0)]
    assert queries.due_plan_charges(2, 100, 9) == []
    first = queries.first_due(1, 100)
    assert first is not None
    assert (first.charge_id, first.customer_number) == (2, 1)
    assert queries.first_due(1, 87) is None
    assert queries.first_due(2, 100) is None


@pytest.mark.parametrize("clock_at", [5, 200])
def test_a_test_tenants_clock_counts_and_not_the_systems(store: SqlStore, clock_at: int) -> None:
    write(store, tenant(1, clock_at), charge(1), customer(1), schedule(1, 0, 100), schedule(1, 1, 100))
    queries = SqlDueQueries(store)
    is_due = clock_at >= 100
    assert bool(queries.due_plan_charges(1, 100, 9)) is is_due
    assert (queries.first_due(1, 100) is not None) is is_due
    assert (queries.tenants_with_work(100) == [1]) is is_due


def test_abandoned_plan_runs_are_open_and_their_lease_is_over(store: SqlStore) -> None:
    leases = ((1, None, 30), (2, None, 20), (3, 5, 20), (4, None, 31), (5, None, 99))
    write(store, *(row(PlanRunFact, n, ended_at=ended, lease_until=until) for n, ended, until in leases))
    queries = SqlDueQueries(store)
    assert [run.plan_run_id for run in queries.abandoned_plan_runs(1, 31, 9)] == [2, 1]
    assert [run.plan_run_id for run in queries.abandoned_plan_runs(1, 31, 1)] == [2]
    assert queries.abandoned_plan_runs(2, 31, 9) == []


def test_what_is_parked_is_counted_for_all_tenants_by_its_index(store: SqlStore, plans: Plans) -> None:
    queries = SqlDueQueries(store)
    before = queries.parked()
    write(store, schedule(1, 1, 30, "parked", tenant_id=2), schedule(2, 1, 10, "done", tenant_id=2), tenant_id=2)
    assert (before, queries.parked()) == (100, 101)
    assert "ix_schedules_parked" in plans.of(queries.parked)


def test_when_the_next_falls_due(store: SqlStore) -> None:
    write(store, schedule(1, 1, 30), schedule(2, 0, 20), schedule(3, 1, 10, "parked"), schedule(4, 1, 5, "done"))
    queries = SqlDueQueries(store)
    assert [queries.next_due_at(1, until) for until in (19, 20, 99)] == [None, 20, 20]
    assert queries.next_due_at(2, 99) is None


# By which index.


class Plans:
    """What the engine would do for each statement that is asked."""

    def __init__(self, store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self._store = store
        self._asked: list[tuple[str, Any]] = []
        for engine in (store._writing, store._reading):
            event.listen(engine, "before_cursor_execute", self._note)
        execute = Unit._execute

        def noted(unit: Unit, statement: str, *parameters: Any) -> Any:
            self._asked.append((statement, parameters))
            return execute(unit, statement, *parameters)

        monkeypatch.setattr(Unit, "_execute", noted)

    def of(self, ask: Callable[[], Any]) -> str:
        """The steps of all statements of a question, a line each."""
        self._asked.clear()
        ask()
        with self._store.reading_rows() as connection:
            cursor = connection.connection.cursor()
            return "\n".join(step for asked in list(self._asked) for step in self._steps(cursor, *asked))

    def _steps(self, cursor: Any, statement: str, parameters: Any) -> Iterator[str]:
        cursor.execute(("EXPLAIN QUERY PLAN " if self._store.is_sqlite else "EXPLAIN ") + statement, parameters)
        for found in cursor.fetchall():
            yield str(found[3] if self._store.is_sqlite else found[0])

    def _note(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith("SELECT"):
            self._asked.append((statement, parameters))


@pytest.fixture
def plans(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> Plans:
    """Of a store with a thousand of everything, of which little is due."""
    many = range(1, 1001)
    rows: list[Fact] = []
    for n in many:
        rows += [
            charge(n, enrolling_from=0 if n == 500 else None, plan_number=n % 100),
            customer(n, plan_number=n % 100),
        ]
        state = "active" if n % 10 else "parked"
        rows += [schedule(n, n, n, state), row(OccurrenceFact, n, charge_id=n, customer_number=n)]
        rows += [schedule(n, 0, n, "done"), row(PlanRunFact, n, ended_at=None if n == 500 else n, lease_until=n)]
    write(store, tenant(1), *rows)
    with store.writing_rows() as connection:
        connection.exec_driver_sql("ANALYZE")
    return Plans(store, monkeypatch)


def test_each_question_has_its_index_and_goes_through_nothing_else(store: SqlStore, plans: Plans) -> None:
    queries = SqlDueQueries(store)
    members = {"plan_number": 3, "deleted_at": None}
    with store.unit_of_work(1) as unit:
        asked: list[tuple[Callable[[], Any], set[str]]] = [
            (lambda: unit.due_schedules(5, 200), {"ix_schedules_active"}),
            (lambda: unit.due_schedules(5, 200, customer_number=3), {"ix_schedules_customer", "ix_schedules_active"}),
            (lambda: unit.page(CustomerFact, "number", 5, 50, **members), {"ix_customers_plan"}),
            (lambda: unit.page(ScheduleFact, "customer_number", 5, 50, charge_id=3), {"PRIMARY KEY", "pk_schedules"}),
            (lambda: unit.first(ScheduleFact, 50, order=("due_at",), state="parked"), {"ix_schedules_parked"}),
            (lambda: unit.find(ScheduleFact, customer_number=3), {"ix_schedules_customer"}),
            (lambda: unit.occurrence_counts([(5, 5)]), {"PRIMARY KEY", "pk_occurrences"}),
            (lambda: unit.occurrences([(5, 5, "#1")]), {"PRIMARY KEY", "pk_occurrences"}),
            (lambda: queries.charges_to_enrol(1, 10), {"ix_charges_enrolling"}),
            (lambda: queries.due_plan_charges(1, 5, 10), {"ix_schedules_customer", "ix_schedules_active"}),
            (lambda: queries.first_due(1, 5), {"ix_schedules_active"}),
            (lambda: queries.abandoned_plan_runs(1, 600, 10), {"ix_plan_runs_open"}),
            (lambda: queries.next_due_at(1, 600), {"ix_schedules_active"}),
        ]
        for ask, indexes in asked:
            steps = plans.of(ask)
            assert any(index in steps for index in indexes), (indexes, steps)
            assert not re.search(r"Seq Scan on (schedules|occurrences|plan_runs)\b", steps), steps
            assert not re.search(r"SCAN (s|t|o|h|c|schedules|charges|customers|occurrences|plan_runs)\b", steps), steps
    # Looking for work goes through nothing that is not due.
    steps = plans.of(lambda: queries.tenants_with_work(5))
    assert all(index in steps for index in ("ix_schedules_active", "ix_charges_enrolling", "ix_plan_runs_open")), steps
    walks = [step for step in steps.splitlines() if step.strip().removeprefix("->").strip().startswith(("SCAN", "Seq"))]
    assert all("tenants" in walk for walk in walks), steps

"""Charges and what falls due of them as lists for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, or_, select, tuple_

from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ChargeFact, CustomerFact, PlanFact, ScheduleFact
from tollhouse.ledger.queries.charge_lists import (
    ACTIVE,
    DELETED,
    ENDED,
    ChargeRow,
    ChargesFound,
    ChargesWanted,
    SchedulePlace,
    ScheduleRow,
    SchedulesFound,
)
from tollhouse.ledger.queries.transaction_lists import LOOKED_AT, ROWS, sees_all
from tollhouse.store.queries.console.walks import is_reached, looked_up
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import charges, customers, plans, schedules
from tollhouse.store.store import SqlStore

_CHARGE = [charges.c[name] for name in columns_of(ChargeFact)]
_CUSTOMER = [customers.c[name] for name in columns_of(CustomerFact)]
_PLAN = [plans.c[name] for name in columns_of(PlanFact)]
_SCHEDULE = [schedules.c[name] for name in columns_of(ScheduleFact)]
_PLACE = (schedules.c.due_at, schedules.c.charge_id, schedules.c.customer_number)
#: More than any id.
_BEYOND: Final = 2**53
#: As they stand: a plan for any value could not use the index of those in this state.
_SCHEDULE_STATES: Final = {"active": "'active'", "parked": "'parked'"}


class SqlChargeLists:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def charges(self, tenant_id: int, wanted: ChargesWanted) -> ChargesFound:
        caller, listed = wanted.caller, _Listed(wanted)
        span = [charges.c.tenant_id == tenant_id, *listed.below(wanted.before or _BEYOND)]
        query = select(*_CHARGE).where(*span, *_in_state(tenant_id, wanted.state, wanted.now))
        with self._store.reading_rows() as connection:
            end = 0
            if wanted.state or not sees_all(caller):
                look = select(charges.c.charge_id).where(*span, listed.down_to(0)).order_by(*listed.order())
                end = int(connection.execute(look.offset(LOOKED_AT - 1).limit(1)).scalar() or 0)
                query = query.where(*_owned(tenant_id, caller))
            found = connection.execute(query.where(listed.down_to(end)).order_by(*listed.order()).limit(ROWS + 1))
            facts = [ChargeFact(*row) for row in map(tuple, found)]
            rows = _charge_rows(connection, tenant_id, facts[:ROWS])
        if len(facts) > ROWS:
            return ChargesFound(rows, older=rows[-1].charge.charge_id)
        return ChargesFound(rows, older=end, is_looked_at=bool(end))

    def schedules(
        self,
        tenant_id: int,
        caller: Caller,
        state: str,
        *,
        charge_id: int = 0,
        before: SchedulePlace | None = None,
        looked_at: int = LOOKED_AT,
    ) -> SchedulesFound:
        span: list[ColumnElement[bool]] = [
            schedules.c.tenant_id == tenant_id,
            schedules.c.state == literal_column(_SCHEDULE_STATES[state]),
            *([tuple_(*_PLACE) > tuple_(*before)] if before else []),
        ]
        query = select(*_SCHEDULE).where(*span)
        with self._store.reading_rows() as connection:
            end: SchedulePlace | None = None
            if charge_id or not sees_all(caller):
                look = select(*_PLACE).where(*span).order_by(*_PLACE).offset(looked_at - 1).limit(1)
                row = connection.execute(look).first()
                end = None if row is None else SchedulePlace(*map(int, row))
                query = query.where(*([tuple_(*_PLACE) <= tuple_(*end)] if end else []))
                query = query.where(*([schedules.c.charge_id == charge_id] if charge_id else []))
                query = query.where(*_of_owned(tenant_id, caller))
            found = connection.execute(query.order_by(*_PLACE).limit(ROWS + 1))
            facts = [ScheduleFact(*row) for row in map(tuple, found)]
            rows = _schedule_rows(connection, tenant_id, facts[:ROWS])
        if len(facts) > ROWS:
            last = facts[ROWS - 1]
            return SchedulesFound(rows, SchedulePlace(last.due_at, last.charge_id, last.customer_number))
        return SchedulesFound(rows, end, is_looked_at=end is not None)


class _Listed:
    """All charges by id, or those of one plan or one customer. These are said as a stretch of an index, not as equal:
    SQLite would take the primary key, which holds everybody's, since that is in the right order too."""

    def __init__(self, wanted: ChargesWanted) -> None:
        number = wanted.plan_number or wanted.customer_number
        whose = charges.c.plan_number if wanted.plan_number else charges.c.customer_number
        self._columns = (whose, charges.c.charge_id) if number else (charges.c.charge_id,)
        self._of = (number,) if number else ()
        is_both = wanted.plan_number and wanted.customer_number
        self._also = [charges.c.customer_number == wanted.customer_number] if is_both else []

    def order(self) -> list[ColumnElement[Any]]:
        return [column.desc() for column in self._columns]

    def below(self, charge_id: int) -> list[ColumnElement[bool]]:
        return [tuple_(*self._columns) < tuple_(*self._of, charge_id), *self._also]

    def down_to(self, charge_id: int) -> ColumnElement[bool]:
        return tuple_(*self._columns) >= tuple_(*self._of, charge_id)


def _in_state(tenant_id: int, state: str, now: int) -> list[ColumnElement[bool]]:
    is_deleted = charges.c.deleted_at.is_not(None)
    of_charge = and_(
        schedules.c.tenant_id == tenant_id,
        schedules.c.charge_id == charges.c.charge_id,
        schedules.c.customer_number == charges.c.customer_number,
    )
    is_done = func.coalesce(looked_up(schedules.c.state, of_charge), "") == "done"
    is_over = and_(charges.c.end_at > 0, charges.c.end_at <= now)
    states = {
        DELETED: is_deleted,
        ENDED: and_(~is_deleted, or_(is_done, is_over)),
        ACTIVE: and_(~is_deleted, ~is_done, ~is_over),
    }
    return [states[state]] if state else []


def _owned(tenant_id: int, caller: Caller) -> list[ColumnElement[bool]]:
    """Whether a charge is its owner's whom the caller reaches; the root's people see all of them."""
    if sees_all(caller):
        return []
    of_owner = and_(customers.c.tenant_id == tenant_id, customers.c.number == charges.c.owner_number)
    return [is_reached(caller, looked_up(customers.c.path, of_owner))]


def _of_owned(tenant_id: int, caller: Caller) -> list[ColumnElement[bool]]:
    """The same of a schedule's charge."""
    if sees_all(caller):
        return []
    of_charge = and_(
        charges.c.tenant_id == tenant_id,
        charges.c.charge_id == schedules.c.charge_id,
        customers.c.tenant_id == tenant_id,
        customers.c.number == charges.c.owner_number,
    )
    return [is_reached(caller, looked_up(customers.c.path, of_charge))]


def _charge_rows(connection: Connection, tenant_id: int, facts: Sequence[ChargeFact]) -> list[ChargeRow]:
    """One look a kind for all of them."""
    owners = _customers(connection, tenant_id, [fact.customer_number for fact in facts])
    numbers = sorted({fact.plan_number for fact in facts})
    of_plans = select(*_PLAN).where(plans.c.tenant_id == tenant_id, plans.c.number.in_(numbers))
    theirs = {plan.number: plan for plan in (PlanFact(*row) for row in map(tuple, connection.execute(of_plans)))}
    rows = select(*_SCHEDULE).where(
        schedules.c.tenant_id == tenant_id,
        schedules.c.charge_id.in_([fact.charge_id for fact in facts]),
        schedules.c.customer_number.in_(sorted({fact.customer_number for fact in facts})),
    )
    found = [ScheduleFact(*row) for row in map(tuple, connection.execute(rows))]
    due = {(row.charge_id, row.customer_number): row for row in found}
    return [
        ChargeRow(
            fact,
            owners.get(fact.customer_number),
            theirs.get(fact.plan_number),
            due.get((fact.charge_id, fact.customer_number)),
        )
        for fact in facts
    ]


def _schedule_rows(connection: Connection, tenant_id: int, facts: Sequence[ScheduleFact]) -> list[ScheduleRow]:
    owners = _customers(connection, tenant_id, [fact.customer_number for fact in facts])
    ids = sorted({fact.charge_id for fact in facts})
    query = select(*_CHARGE).where(charges.c.tenant_id == tenant_id, charges.c.charge_id.in_(ids))
    theirs = {
        charge.charge_id: charge for charge in (ChargeFact(*row) for row in map(tuple, connection.execute(query)))
    }
    return [ScheduleRow(fact, theirs[fact.charge_id], owners.get(fact.customer_number)) for fact in facts]


def _customers(connection: Connection, tenant_id: int, numbers: Sequence[int]) -> dict[int, CustomerFact]:
    query: Any = select(*_CUSTOMER).where(
        customers.c.tenant_id == tenant_id, customers.c.number.in_(sorted(set(numbers)))
    )
    return {fact.number: fact for fact in (CustomerFact(*row) for row in map(tuple, connection.execute(query)))}

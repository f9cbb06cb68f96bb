"""Where there is something to do by itself, as statements."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Join, Table, func, literal, literal_column, select

from tollhouse.ledger.facts import PlanRunFact, ScheduleFact
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import charges, plan_runs, schedules, tenants
from tollhouse.store.store import SqlStore

_SCHEDULE = [schedules.c[name] for name in columns_of(ScheduleFact)]
#: Said as it stands: a plan that PostgreSQL keeps for any value could not use the index of these.
_IS_ACTIVE = schedules.c.state == literal_column("'active'")
_PLAN_RUN = [plan_runs.c[name] for name in columns_of(PlanRunFact)]


class SqlDueQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def tenants_with_work(self, now: int) -> list[int]:
        """Tenants with schedules that are due by their clock, charges to enrol, or plan runs that were left behind.

        The tenants are named in each statement, so that what is not due is never gone through; there is no join, and no
        subquery that looks at the tenant's row: a server that distributes tables refuses those.
        """
        clock_at = tenants.c.clock_at
        with self._store.reading_rows() as connection:
            clocks: dict[int, int | None] = dict(map(tuple, connection.execute(select(tenants.c.tenant_id, clock_at))))
            looks = [(charges, list(clocks), _is_enrolling())]
            looks.append((plan_runs, list(clocks), plan_runs.c.ended_at.is_(None) & (plan_runs.c.lease_until < now)))
            looks.append((schedules, [tenant_id for tenant_id, at in clocks.items() if at is None], _is_due(now)))
            looks += [(schedules, [tenant_id], _is_due(at)) for tenant_id, at in clocks.items() if at is not None]
            found: set[int] = set()
            for table, tenant_ids, condition in looks:
                query = select(table.c.tenant_id).where(table.c.tenant_id.in_(tenant_ids), condition).distinct()
                found.update(connection.execute(query).scalars())
        return sorted(found)

    def charges_to_enrol(self, tenant_id: int, count: int) -> list[int]:
        query = (
            select(charges.c.charge_id)
            .where(charges.c.tenant_id == tenant_id, _is_enrolling())
            .order_by(charges.c.enrolling_from, charges.c.charge_id)
            .limit(count)
        )
        with self._store.reading_rows() as connection:
            return list(connection.execute(query).scalars())

    def due_plan_charges(self, tenant_id: int, now: int, count: int) -> list[ScheduleFact]:
        """Schedules by which everybody on a plan is charged at once that are due, the earliest first."""
        is_wanted = (schedules.c.customer_number == 0) & charges.c.deleted_at.is_(None)
        return self._due(tenant_id, now, count, is_wanted)

    def first_parked(self, tenant_id: int, count: int) -> list[ScheduleFact]:
        """Schedules that could not be charged, the earliest first."""
        query = (
            select(*_SCHEDULE)
            .where(schedules.c.tenant_id == tenant_id, schedules.c.state == literal_column("'parked'"))
            .order_by(schedules.c.due_at, schedules.c.charge_id, schedules.c.customer_number)
            .limit(count)
        )
        with self._store.reading_rows() as connection:
            return [ScheduleFact(*row) for row in connection.execute(query)]

    def abandoned_plan_runs(self, tenant_id: int, now: int, count: int) -> list[PlanRunFact]:
        """Plan runs that have not ended and whose lease is over."""
        query = (
            select(*_PLAN_RUN)
            .where(plan_runs.c.tenant_id == tenant_id, plan_runs.c.ended_at.is_(None), plan_runs.c.lease_until < now)
            .order_by(plan_runs.c.lease_until)
            .limit(count)
        )
        with self._store.reading_rows() as connection:
            return [PlanRunFact(*row) for row in connection.execute(query)]

    def first_due(self, tenant_id: int, now: int) -> ScheduleFact | None:
        return next(iter(self._due(tenant_id, now, 1, schedules.c.customer_number > 0)), None)

    def parked(self) -> int:
        """How many schedules are parked, of all tenants."""
        query = select(func.count()).select_from(schedules).where(schedules.c.state == literal_column("'parked'"))
        with self._store.reading_rows() as connection:
            return int(connection.execute(query).scalar_one())

    def next_due_at(self, tenant_id: int, until: int) -> int | None:
        query = select(func.min(schedules.c.due_at)).where(
            schedules.c.tenant_id == tenant_id, _IS_ACTIVE, schedules.c.due_at <= until
        )
        with self._store.reading_rows() as connection:
            found = connection.execute(query).scalar_one()
        return None if found is None else int(found)

    def _due(self, tenant_id: int, now: int, count: int, is_wanted: ColumnElement[bool]) -> list[ScheduleFact]:
        query = (
            select(*_SCHEDULE)
            .select_from(_with_tenant(schedules).join(charges, _of_schedule()))
            .where(
                tenants.c.tenant_id == tenant_id,
                _IS_ACTIVE,
                schedules.c.due_at <= func.coalesce(tenants.c.clock_at, literal(now)),
                charges.c.plan_run_id == 0,
                charges.c.enrolling_from.is_(None),
                is_wanted,
            )
            .order_by(schedules.c.due_at, schedules.c.charge_id, schedules.c.customer_number)
            .limit(count)
        )
        with self._store.reading_rows() as connection:
            return [ScheduleFact(*row) for row in connection.execute(query)]


def _is_enrolling() -> ColumnElement[bool]:
    """Said as a range, which leads SQLite to the index of these."""
    return charges.c.enrolling_from >= 0


def _is_due(now: int) -> ColumnElement[bool]:
    return _IS_ACTIVE & (schedules.c.due_at <= now)


def _with_tenant(table: Table) -> Join:
    return tenants.join(table, table.c.tenant_id == tenants.c.tenant_id)


def _of_schedule() -> ColumnElement[bool]:
    return (charges.c.tenant_id == schedules.c.tenant_id) & (charges.c.charge_id == schedules.c.charge_id)

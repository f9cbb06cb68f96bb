"""How a tenant is, for those who run the server: what waits, what failed, what falls due; by index, and bounded.

States are said as they stand, so that the indexes of those that have one are used whatever plan is kept.
"""

# ruff: noqa: S608 - statements are made of names of ours alone; what is looked for is a parameter.

from __future__ import annotations

from typing import TypeVar

import msgspec
from sqlalchemy import Connection, text

from tollhouse.ledger.facts import Fact, PaymentFact, RefundFact
from tollhouse.ledger.queries import ProjectFigures
from tollhouse.store import figures
from tollhouse.store.deliveries import by_index
from tollhouse.store.rows import TABLES, columns_of
from tollhouse.store.store import SqlStore

F = TypeVar("F", bound=Fact)

#: No more than so many of a kind are looked at: whoever counts so many knows enough.
COUNTED_MAX = 10_000


class Waiting(msgspec.Struct, frozen=True):
    """How many there are, COUNTED_MAX at most, and since when the first of them waits; None where there is none."""

    count: int
    first_at: int | None


class EndpointStatus(msgspec.Struct, frozen=True):
    """What one live endpoint did not get: `pending` since the first event of those came about, `given_up` for good."""

    uid: str
    url: str
    state: str
    pending: Waiting
    given_up: Waiting


class TenantFigures(msgspec.Struct, frozen=True):
    """`due` is what falls due until the instant that was asked for, and `overdue` what of it already was by the other;
    the first of them by when it is due. `payments` and `refunds` are those whose outcome is not known, by when each
    should have been answered; `plan_runs` those that nobody carries on."""

    project: ProjectFigures
    due: Waiting
    overdue: Waiting
    parked: Waiting
    payments: Waiting
    refunds: Waiting
    plan_runs: Waiting
    endpoints: list[EndpointStatus]


class SqlStatusQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def figures(self, tenant_id: int, *, now: int, due_until: int, overdue_since: int) -> TenantFigures:
        """`now` is the system's instant, the others are the tenant's."""
        with self._store.reading_rows() as connection:
            look = _Look(connection, tenant_id)
            return TenantFigures(
                project=figures.project_figures(connection, tenant_id),
                due=look.schedules("active", due_until),
                overdue=look.schedules("active", overdue_since),
                parked=look.schedules("parked", None),
                payments=look.pending("payments"),
                refunds=look.pending("refunds"),
                plan_runs=look.abandoned(now),
                endpoints=look.endpoints(),
            )

    def open_payments(self, tenant_id: int, count: int) -> list[PaymentFact]:
        """Payments whose outcome is not known, the one that is looked up next first."""
        return self._open(PaymentFact, tenant_id, count)

    def open_refunds(self, tenant_id: int, count: int) -> list[RefundFact]:
        """The same of refunds."""
        return self._open(RefundFact, tenant_id, count)

    def _open(self, kind: type[F], tenant_id: int, count: int) -> list[F]:
        table = TABLES[kind].name
        query = text(
            f"SELECT {', '.join(columns_of(kind))} FROM {table}"
            f" {by_index(self._store.is_sqlite, f'ix_{table}_pending')} WHERE tenant_id = :tenant AND state = 'pending'"
            f" ORDER BY look_up_at, {table.removesuffix('s')}_id LIMIT :count"
        )
        with self._store.reading_rows() as connection:
            return [kind(*row) for row in connection.execute(query, {"tenant": tenant_id, "count": count})]


class _Look:
    def __init__(self, connection: Connection, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._is_sqlite = connection.dialect.name == "sqlite"

    def schedules(self, state: str, until: int | None) -> Waiting:
        until_then = "" if until is None else " AND due_at <= :until"
        where = f"state = '{state}'{until_then}"
        values = {} if until is None else {"until": until}
        return self._waiting("schedules", f"ix_schedules_{state}", "due_at", where, "due_at", **values)

    def pending(self, table: str) -> Waiting:
        return self._waiting(table, f"ix_{table}_pending", "call_until_at", "state = 'pending'", "look_up_at")

    def abandoned(self, now: int) -> Waiting:
        where = "ended_at IS NULL AND lease_until < :now"
        return self._waiting("plan_runs", "ix_plan_runs_open", "lease_until", where, "lease_until", now=now)

    def endpoints(self) -> list[EndpointStatus]:
        found = self._connection.execute(
            text(
                "SELECT endpoint_id, uid, url, state FROM webhook_endpoints"
                " WHERE tenant_id = :tenant AND state IN ('enabled', 'disabled') ORDER BY endpoint_id"
            ),
            {"tenant": self._tenant_id},
        )
        return [
            EndpointStatus(uid, url, state, self._deliveries(number, "pending"), self._deliveries(number, "failed"))
            for number, uid, url, state in found.all()
        ]

    def _deliveries(self, endpoint_id: int, state: str) -> Waiting:
        index, where = f"ix_deliveries_{state}", f"endpoint_id = :endpoint AND state = '{state}'"
        order = "due_at" if state == "pending" else "customer_number, customer_seq"
        return self._waiting("deliveries", index, "created_at", where, order, endpoint=endpoint_id)

    def _waiting(self, table: str, index: str, at: str, where: str, order: str, **values: int) -> Waiting:
        query = text(
            f"SELECT count(*), min(at) FROM (SELECT {at} AS at FROM {table} {by_index(self._is_sqlite, index)}"
            f" WHERE tenant_id = :tenant AND {where} ORDER BY {order} LIMIT :most) found"
        )
        count, first_at = self._connection.execute(
            query, {"tenant": self._tenant_id, "most": COUNTED_MAX, **values}
        ).one()
        return Waiting(int(count), None if first_at is None else int(first_at))

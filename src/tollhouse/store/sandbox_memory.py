"""What the sandbox gateway remembers: tables of its own, over connections of its own.

It stands for a processor elsewhere, so nothing here shares a unit of work with the ledger. On SQLite, where only one
can write, calls at the same time share one of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from tollhouse.store.engine import postgres_engine, sqlite_engine
from tollhouse.store.schema import sandbox_calls, sandbox_events, sandbox_payments, sandbox_refunds
from tollhouse.store.shared_units import SharedUnits

SECOND = 1_000_000
#: An event that was handed over comes again after so long, unless it is known to have been taken.
EVENT_RETRY_SECONDS = 60


class SandboxMemory:
    """Safe for threads."""

    def __init__(self, url: URL, now: Callable[[], int]) -> None:
        """`now` tells the present instant in microseconds."""
        self._now = now
        self._is_sqlite = url.drivername == "sqlite"
        self._engine: Engine = (
            sqlite_engine(url, writing=True, pool_size=1)
            if self._is_sqlite
            else postgres_engine(url, writing=True, pool_size=4)
        )

        self._shared = SharedUnits(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def opened(self, tenant_id: int, key: str) -> Iterator[SandboxPages]:
        """The pages of one key; what is written on them is durable when the block has ended."""
        with self._shared.joined() if self._is_sqlite else self._engine.begin() as connection:
            yield SandboxPages(connection, self._is_sqlite, tenant_id, key, self._now())

    def due_events(self, count: int) -> list[Any]:
        """Up to `count` events that are due, as rows; they come again later unless `sent` is told of them."""
        now = self._now()
        table = sandbox_events
        rows: list[Any] = []
        with self._engine.begin() as connection:
            tenants = select(table.c.tenant_id).where(table.c.due_at <= now).distinct().limit(count)
            for tenant_id in connection.execute(tenants).scalars().all():
                due = select(table).where(table.c.tenant_id == tenant_id, table.c.due_at <= now)
                due = due.order_by(table.c.due_at).limit(count - len(rows))
                rows += connection.execute(due if self._is_sqlite else due.with_for_update(skip_locked=True))
            for row in rows:
                connection.execute(_this_event(row).values(due_at=now + EVENT_RETRY_SECONDS * SECOND))
        return rows

    def sent(self, row: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(_this_event(row).values(due_at=None))


def _this_event(row: Any) -> Any:
    table = sandbox_events
    return table.update().where(
        table.c.tenant_id == row.tenant_id, table.c.event_id == row.event_id, table.c.copy_no == row.copy_no
    )


class SandboxPages:
    """What is remembered of one key, within one unit of work."""

    def __init__(self, connection: Connection, is_sqlite: bool, tenant_id: int, key: str, now: int) -> None:
        self._connection = connection
        self._is_sqlite = is_sqlite
        self._tenant_id = tenant_id
        self._key = key
        self._now = now

    def call_no(self, kind: str) -> int:
        """Count a call of this kind; the how-manieth it is."""
        row = {"tenant_id": self._tenant_id, "gateway_key": self._key, "kind": kind, "calls": 1}
        return int(self._connection.execute(_counting(self._is_sqlite), row).scalar_one())

    def payment(self, *, token: str, currency: str, amount_minor: int, outcome: str) -> str:
        """Keep this outcome for a new key; the outcome that is kept for the key."""
        return self._first(sandbox_payments, token=token, currency=currency, amount_minor=amount_minor, outcome=outcome)

    def refund(self, *, payment_key: str, currency: str, amount_minor: int, outcome: str) -> str:
        return self._first(
            sandbox_refunds, payment_key=payment_key, currency=currency, amount_minor=amount_minor, outcome=outcome
        )

    def refundable_minor(self, payment_key: str, currency: str) -> int | None:
        """What is left of a payment in this currency, all other keys' refunds taken off; None when it was not taken.
        The payment is ours alone until the unit of work ends."""
        taken = select(sandbox_payments.c.amount_minor).where(
            sandbox_payments.c.tenant_id == self._tenant_id,
            sandbox_payments.c.gateway_key == payment_key,
            sandbox_payments.c.outcome == "succeeded",
            sandbox_payments.c.currency == currency,
        )
        if not self._is_sqlite:
            taken = taken.with_for_update()
        taken_minor = self._connection.execute(taken).scalar_one_or_none()
        if taken_minor is None:
            return None
        table = sandbox_refunds
        paid_back = select(func.coalesce(func.sum(table.c.amount_minor), 0)).where(
            table.c.tenant_id == self._tenant_id,
            table.c.payment_key == payment_key,
            table.c.outcome == "succeeded",
            table.c.gateway_key != self._key,
        )
        return int(taken_minor) - int(self._connection.execute(paid_back).scalar_one())

    def add_event(self, event_id: str, copy_no: int, is_refund: bool, outcome: str, in_seconds: int) -> None:
        """Send an event about this key after so many seconds."""
        row = {
            "tenant_id": self._tenant_id,
            "event_id": event_id,
            "copy_no": copy_no,
            "gateway_key": self._key,
            "is_refund": int(is_refund),
            "outcome": outcome,
            "due_at": self._now + in_seconds * SECOND,
            "created_at": self._now,
        }
        self._connection.execute(_insert(self._is_sqlite, sandbox_events).on_conflict_do_nothing(), row)

    def _first(self, table: Table, **values: Any) -> str:
        row = {"tenant_id": self._tenant_id, "gateway_key": self._key, **values, "created_at": self._now}
        first = self._connection.execute(_keeping(self._is_sqlite, table), row).scalar_one_or_none()
        if first is not None:
            return str(first)
        kept = select(table.c.outcome).where(table.c.tenant_id == self._tenant_id, table.c.gateway_key == self._key)
        return str(self._connection.execute(kept).scalar_one())


# Statements that every call makes are made once.


def _insert(is_sqlite: bool, table: Table) -> Any:
    return (sqlite if is_sqlite else postgresql).insert(table)


@cache
def _counting(is_sqlite: bool) -> Any:
    counted = _insert(is_sqlite, sandbox_calls).on_conflict_do_update(
        index_elements=["tenant_id", "gateway_key", "kind"], set_={"calls": sandbox_calls.c.calls + 1}
    )
    return counted.returning(sandbox_calls.c.calls)


@cache
def _keeping(is_sqlite: bool, table: Table) -> Any:
    """The outcome, if the row is new."""
    return _insert(is_sqlite, table).on_conflict_do_nothing().returning(table.c.outcome)

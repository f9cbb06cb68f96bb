"""What the sandbox gateway remembers: a table of its own, over connections of its own.

It stands for a processor elsewhere, so nothing here shares a unit of work with the ledger. Each call is one short unit
of work; on SQLite it waits its turn beside the committing thread.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from tollhouse.store.engine import postgres_engine, sqlite_engine
from tollhouse.store.schema import sandbox_payments


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

    def close(self) -> None:
        self._engine.dispose()

    def first_outcome(
        self, *, tenant_id: int, key: str, token: str, currency: str, amount_minor: int, outcome: str
    ) -> str:
        """Keep this outcome for a new key; the outcome that is kept for the key. Durable when this returns."""
        table = sandbox_payments
        row = {
            "tenant_id": tenant_id,
            "gateway_key": key,
            "token": token,
            "currency": currency,
            "amount_minor": amount_minor,
            "outcome": outcome,
            "created_at": self._now(),
        }
        insert = (sqlite if self._is_sqlite else postgresql).insert(table).values(**row).on_conflict_do_nothing()
        kept = select(table.c.outcome).where(table.c.tenant_id == tenant_id, table.c.gateway_key == key)
        with self._engine.begin() as connection:
            connection.execute(insert)
            return str(connection.execute(kept).scalar_one())

"""A store to rehearse in: what is written there lies over a snapshot of the real one, and is gone when it is closed.

It knows what decides who is charged and what a summary may become: customers and summaries. Transactions are forgotten
at once, so that a rehearsal of any length needs little room. One thread may use it.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, cast

from sqlalchemy import Connection

from tollhouse.ledger.facts import (
    CustomerFact,
    DayFigureFact,
    Fact,
    SummaryFact,
    TenantFact,
    TotalFact,
    TransactionFact,
)
from tollhouse.store import schema
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore
from tollhouse.store.unit import Unit

#: Where the numbers begin that are handed out here: beyond all that the real store has.
NUMBERS_FROM: Final = 2**62
#: What SQLite may keep in memory of it, in KiB.
CACHE_KIB: Final = 16_384

_TABLES: Final = (schema.customers, schema.charge_summaries, schema.imports, schema.refused_rows)
#: By these alone customers are looked up here.
_NEEDED_INDEXES: Final = {"ux_customers_reference", "ux_customers_guest", "ix_customers_email"}


class ScratchStore(SqlStore):
    def __init__(self, folder: Path, beneath: Unit) -> None:
        super().__init__(store_url(f"sqlite:///{folder}/scratch.db"), readers=1)
        self._beneath = beneath
        self._next_number = NUMBERS_FROM
        self._open = ExitStack()
        self._connection = self._open.enter_context(self._writing.connect())
        schema.metadata.create_all(self._connection, _TABLES)
        for index in schema.customers.indexes:
            if index.name not in _NEEDED_INDEXES:
                index.drop(self._connection)
        self._connection.commit()
        self._connection.rollback()
        driver = cast(sqlite3.Connection, self._connection.connection.driver_connection)
        # Nothing is ever committed or rolled back: whoever rehearses begins anew.
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
            driver.execute(f"PRAGMA {setting}").close()
        self._open.enter_context(self._connection.begin())

    def close(self) -> None:
        self._open.close()
        super().close()

    @contextmanager
    def unit_of_work(self, tenant_id: int) -> Iterator[Unit]:
        yield _Overlay(self._connection, tenant_id, self._beneath)

    def reserve_numbers(self, tenant_id: int, name: str, count: int) -> int:
        first = self._next_number
        self._next_number += count
        return first


@contextmanager
def rehearsing(store: SqlStore, tenant_id: int) -> Iterator[ScratchStore]:
    """A store over a snapshot of another, in a temporary folder."""
    with (
        tempfile.TemporaryDirectory(prefix="tollhouse-") as folder,
        store.reading(tenant_id) as beneath,
        ExitStack() as closing,
    ):
        scratch = ScratchStore(Path(folder), beneath)
        closing.callback(scratch.close)
        yield scratch


_SESSION: Final = frozenset({"sessions", "last_seen_at"})


class _Overlay(Unit):
    """What was written here, and where nothing was, what lies beneath."""

    def __init__(self, connection: Connection, tenant_id: int, beneath: Unit) -> None:
        super().__init__(connection, tenant_id)
        self._beneath = beneath

    def tenant(self) -> TenantFact:
        return self._beneath.tenant()

    def customers_by_reference(self, references: Sequence[str]) -> list[CustomerFact]:
        return super().customers_by_reference(references) + self._unchanged(self._beneath.named(references, []))

    def customers_by_email(self, emails_folded: Sequence[str]) -> list[CustomerFact]:
        return super().customers_by_email(emails_folded) + self._unchanged(self._beneath.named([], emails_folded))

    def summaries(self, customer_numbers: Sequence[int]) -> list[SummaryFact]:
        here = {(row.customer_number, row.currency): row for row in super().summaries(customer_numbers)}
        beneath = self._beneath.summaries([number for number in customer_numbers if number < NUMBERS_FROM])
        return list({**{(row.customer_number, row.currency): row for row in beneath}, **here}.values())

    def insert(self, facts: Sequence[Fact]) -> None:
        if not isinstance(facts[0], TransactionFact):
            super().insert(facts)

    def add_totals(self, differences: Sequence[TotalFact]) -> None:
        """Figures of the tenant decide nothing."""

    def add_day_figures(self, differences: Sequence[DayFigureFact], timezone: str) -> None:
        """Nor do those of its days."""

    def change_customers(self, customers: Sequence[CustomerFact], columns: tuple[str, ...]) -> None:
        """Sessions alone decide nothing."""
        if not _SESSION.issuperset(columns):
            self.upsert(customers)

    def _unchanged(self, beneath: list[CustomerFact]) -> list[CustomerFact]:
        """Those of the customers beneath that were not written here, where they would have other names by now; such
        are given as they are here."""
        changed = {row.number: row for row in self.find(CustomerFact, number=[row.number for row in beneath])}
        return [changed.get(row.number, row) for row in beneath]

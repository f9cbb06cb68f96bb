"""The raw store: the rows of a bulk call through the driver, and nothing else.

For each batch of one customer's charges: the customer upserted, the transactions inserted, the summary upserted, each by
one statement over the whole set, then one commit. Columns are those of Tollhouse's tables, values those of its charges.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from typing import Any, Protocol

import msgspec
import psycopg

from bench.traffic import BULK_CUSTOMERS, BULK_ITEMS, DAY

TENANT = 1
CUSTOMER = (
    "tenant_id number uid reference email email_folded is_guest name parent_number path plan_number currency"
    " currency_lock balance_minor opening_balance_minor bill_type timezone country sessions last_seen_at origin"
    " created_at updated_at deleted_at"
).split()
TRANSACTION = (
    "tenant_id transaction_id customer_number kind settlement origin currency net_minor tax_minor gross_minor buy_minor"
    " effective_at recorded_at charge_id payment_id person_id description exchange_from exchange_rate exchange_rate_at"
).split()
SUMMARY = (
    "tenant_id customer_number currency charge_count sum_minor refunded_minor first_at last_at last_amount_minor"
).split()
Row = list[Any]


class RawStore(Protocol):
    def write(self, customers: list[Row], transactions: list[Row], summaries: list[Row]) -> None:
        """All of it in one commit."""
        ...

    def close(self) -> None: ...


class Rows:
    """Batches of rows, as a bulk call of one customer leaves them; half of the customers come back."""

    def __init__(self) -> None:
        self._batch = 0
        self._last_id = 0

    def next(self) -> tuple[list[Row], list[Row], list[Row]]:
        now = time.time_ns() // 1000
        self._batch += 1
        number = self._batch if self._batch < BULK_CUSTOMERS else self._batch // 2
        items = [(DAY + second) * 1_000_000 for second in range(BULK_ITEMS)]
        transactions = [self._transaction(number, 1999, at, now) for at in items]
        customer = [TENANT, number, str(uuid.uuid4()), f"bulk{number}", None, None, 0, "", 1, f"1.{number}.", 0, "USD"]
        customer += [None, 0, 0, "postpaid", "", "", 1, now, "beacon", now, now, None]
        summary = [TENANT, number, "USD", len(items), 1999 * len(items), 0, items[0], items[-1], 1999]
        return [customer], transactions, [summary]

    def _transaction(self, number: int, amount: int, effective_at: int, now: int) -> Row:
        self._last_id += 1
        row: Row = [TENANT, self._last_id, number, "charge", "recorded", "beacon", "USD", amount, 0, amount, 0]
        return [*row, effective_at, now, None, None, None, "", None, None, None]


class RawSqlite:
    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        for setting in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 4000", "cache_size = -65536"):
            self._connection.execute(f"PRAGMA {setting}")
        self._statements = _statements([_sqlite_insert(*table) for table in _TABLES])

    def write(self, customers: list[Row], transactions: list[Row], summaries: list[Row]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for statement, rows in zip(self._statements, (customers, transactions, summaries), strict=True):
            self._connection.execute(statement, (msgspec.json.encode(rows).decode(),))
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


class RawPostgres:
    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, prepare_threshold=3)
        self._statements = _statements([_postgres_insert(*table) for table in _TABLES])

    def write(self, customers: list[Row], transactions: list[Row], summaries: list[Row]) -> None:
        with self._connection.transaction():
            for statement, rows in zip(self._statements, (customers, transactions, summaries), strict=True):
                self._connection.execute(statement.encode(), [list(column) for column in zip(*rows, strict=True)])

    def close(self) -> None:
        self._connection.close()


_TEXTS = frozenset(
    "uid reference email email_folded name path currency currency_lock bill_type timezone country origin kind settlement"
    " description exchange_from exchange_rate".split()
)
_TABLES = (("customers", CUSTOMER), ("transactions", TRANSACTION), ("charge_summaries", SUMMARY))


def _statements(inserts: list[str]) -> tuple[str, str, str]:
    customers, transactions, summaries = inserts
    touched = "sessions = excluded.sessions, last_seen_at = excluded.last_seen_at"
    added = ", ".join(f"{name} = charge_summaries.{name} + excluded.{name}" for name in ("charge_count", "sum_minor"))
    latest = ", ".join(f"{name} = excluded.{name}" for name in ("first_at", "last_at", "last_amount_minor"))
    return (
        f"{customers} ON CONFLICT (tenant_id, number) DO UPDATE SET {touched}",
        transactions,
        f"{summaries} ON CONFLICT (tenant_id, customer_number, currency) DO UPDATE SET {added}, {latest}",
    )


def _sqlite_insert(table: str, columns: list[str]) -> str:
    values = ", ".join(f"json_extract(j.value, '$[{i}]')" for i in range(len(columns)))
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM json_each(?1) j WHERE true"


def _postgres_insert(table: str, columns: list[str]) -> str:
    values = ", ".join(f"%s::{'text' if column in _TEXTS else 'bigint'}[]" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({values})"


class RawTurns:
    """Turns of the raw store, one after another on the same tables."""

    def __init__(self, store: RawStore) -> None:
        self._store = store
        self._rows = Rows()

    def drive(self, seconds: int) -> float:
        """Charges a second."""
        started_at = time.perf_counter()
        charges = 0
        while time.perf_counter() - started_at < seconds:
            batch = self._rows.next()
            self._store.write(*batch)
            charges += len(batch[1])
        return charges / (time.perf_counter() - started_at)

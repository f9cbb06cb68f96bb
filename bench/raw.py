"""The raw store: the rows of a bulk call through the driver, and nothing else.

For each batch of one customer's charges: the customer upserted, the transactions inserted, the summary upserted, each
by one statement over the whole set, then one commit. Tables are Tollhouse's own, rows travel as one JSON value a table.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from typing import Any, Protocol

import msgspec
import psycopg
from sqlalchemy import Table

from bench.traffic import BULK_CUSTOMERS, BULK_ITEMS, DAY
from tollhouse.store import schema

TABLES = (schema.customers, schema.transactions, schema.charge_summaries)

Row = list[Any]
Batch = tuple[list[Row], list[Row], list[Row]]


class RawStore(Protocol):
    def write(self, batch: Batch) -> None:
        """All of it in one commit."""
        ...

    def close(self) -> None: ...


class RawTurns:
    """Turns of a raw store, one after another on the same tables."""

    def __init__(self, store: RawStore) -> None:
        self._store = store
        self._rows = Rows()

    def drive(self, seconds: int) -> float:
        """Charges a second."""
        started_at = time.perf_counter()
        charges = 0
        while time.perf_counter() - started_at < seconds:
            self._store.write(self._rows.next_batch())
            charges += BULK_ITEMS
        return charges / (time.perf_counter() - started_at)


class RawSqlite:
    """On a connection that was given Tollhouse's own settings."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._statements = [_sqlite_insert(table) + _conflict(table) for table in TABLES]

    def write(self, batch: Batch) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for statement, rows in zip(self._statements, batch, strict=True):
            self._connection.execute(statement, (msgspec.json.encode(rows).decode(),))
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


class RawPostgres:
    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, prepare_threshold=3)
        self._statements = [(_postgres_insert(table) + _conflict(table)).encode() for table in TABLES]

    def write(self, batch: Batch) -> None:
        with self._connection.transaction():
            for statement, rows in zip(self._statements, batch, strict=True):
                self._connection.execute(statement, (msgspec.json.encode(rows).decode(),))

    def close(self) -> None:
        self._connection.close()


def _sqlite_insert(table: Table) -> str:
    values = ", ".join(f"json_extract(j.value, '$[{i}]')" for i in range(len(table.columns)))
    return f"{_insert(table)} SELECT {values} FROM json_each(?1) j WHERE true"  # noqa: S608


def _postgres_insert(table: Table) -> str:
    kinds = ["text" if column.type.python_type is str else "bigint" for column in table.columns]
    values = ", ".join(f"(j.value ->> {i})::{kind}" for i, kind in enumerate(kinds))
    return f"{_insert(table)} SELECT {values} FROM jsonb_array_elements(%s::jsonb) j(value)"  # noqa: S608


def _insert(table: Table) -> str:
    return f"INSERT INTO {table.name} ({', '.join(table.columns.keys())})"


def _conflict(table: Table) -> str:
    if table is schema.transactions:
        return ""
    sums = ("charge_count", "sum_minor")
    latest = ("sessions", "last_seen_at", "first_at", "last_at", "last_amount_minor")
    sets = [f"{name} = {table.name}.{name} + excluded.{name}" for name in sums if name in table.columns]
    sets += [f"{name} = excluded.{name}" for name in latest if name in table.columns]
    return f" ON CONFLICT ({', '.join(table.primary_key.columns.keys())}) DO UPDATE SET {', '.join(sets)}"


class Rows:
    """Batches of rows as a bulk call of one customer leaves them; half of the customers come back."""

    def __init__(self) -> None:
        self._batches = 0
        self._transactions = 0

    def next_batch(self) -> Batch:
        self._batches += 1
        number = self._batches if self._batches <= BULK_CUSTOMERS else self._batches // 2
        now = time.time_ns() // 1000
        return [self._customer(number, now)], self._charges(number, now), [self._summary(number)]

    @staticmethod
    def _customer(number: int, now: int) -> Row:
        return row(
            schema.customers,
            number=number,
            uid=str(uuid.uuid4()),
            reference=f"bulk{number}",
            parent_number=1,
            path=f"1.{number}.",
            currency="USD",
            bill_type="postpaid",
            sessions=1,
            last_seen_at=now,
            origin="beacon",
            created_at=now,
            updated_at=now,
        )

    def _charges(self, number: int, now: int) -> list[Row]:
        words = {"kind": "charge", "settlement": "recorded", "origin": "beacon", "currency": "USD"}
        money = {"net_minor": 1999, "gross_minor": 1999}
        like = row(schema.transactions, customer_number=number, recorded_at=now, **words, **money)
        columns = schema.transactions.columns.keys()
        id_at, effective_at = columns.index("transaction_id"), columns.index("effective_at")
        rows = []
        for second in range(BULK_ITEMS):
            charge = like.copy()
            self._transactions += 1
            charge[id_at] = self._transactions
            charge[effective_at] = (DAY + second) * 1_000_000
            rows.append(charge)
        return rows

    @staticmethod
    def _summary(number: int) -> Row:
        return row(
            schema.charge_summaries,
            customer_number=number,
            currency="USD",
            charge_count=BULK_ITEMS,
            sum_minor=1999 * BULK_ITEMS,
            first_at=DAY * 1_000_000,
            last_at=(DAY + BULK_ITEMS - 1) * 1_000_000,
            last_amount_minor=1999,
        )


def row(table: Table, **values: Any) -> Row:
    """A row of the first tenant: the given values; where there is none null, else zero or an empty text."""
    values["tenant_id"] = 1
    return [values.get(column.name, None if column.nullable else column.type.python_type()) for column in table.columns]

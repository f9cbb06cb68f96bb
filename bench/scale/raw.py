"""The same rows by plain SQL: one `INSERT … SELECT` a table, all in one commit, and nothing else.

The rows that Tollhouse left are laid aside in the same engine; the clock runs only while they are written again, into
tables like Tollhouse's with the same keys and indexes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg

from bench.servers import tollhouse
from bench.stores import sqlite_connection
from tollhouse.store import schema

ROUNDS = 3
TABLES = {
    "transactions": "charge_id BETWEEN {first} AND {last}",
    "transaction_taxes": (
        "transaction_id IN (SELECT transaction_id FROM {source}transactions"
        " WHERE tenant_id = 1 AND charge_id BETWEEN {first} AND {last})"
    ),
    "occurrences": "charge_id BETWEEN {first} AND {last}",
    "schedules": "charge_id BETWEEN {first} AND {last} AND customer_number > 0",
    "charge_summaries": "customer_number >= {customer}",
    "customers": "number >= {customer}",
}
#: Whose rows were there before, and are changed.
CHANGED = ("schedules", "charge_summaries")

Execute = Callable[[str], Any]


class Rows:
    """What charging `first` to `last` (ids of charges) left, to be written again."""

    def __init__(self, first: int, last: int, customer: int, *, sums_are_there: bool) -> None:
        self._values = {"first": first, "last": last, "customer": customer}
        self._sums_are_there = sums_are_there

    def seconds(self, url: str) -> list[float]:
        """How long it took, in each round."""
        return self._on_sqlite(url) if url.startswith("sqlite") else self._on_postgres(url)

    def _on_sqlite(self, url: str) -> list[float]:
        scratch = f"{url.removesuffix('.db')}-raw.db"
        tollhouse(scratch, "migrate")
        with closing(sqlite_connection(scratch)) as connection:
            connection.execute(f"ATTACH '{url.removeprefix('sqlite:///')}' AS source")
            self._lay_aside(connection.execute, "source.")
            connection.execute("DETACH source")
            return [self._write_on_sqlite(connection) for _ in range(ROUNDS)]

    def _write_on_sqlite(self, connection: sqlite3.Connection) -> float:
        self._clear(connection.execute)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        started_at = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        self._write(connection.execute)
        connection.execute("COMMIT")
        return time.perf_counter() - started_at

    def _on_postgres(self, url: str) -> list[float]:
        with psycopg.connect(url, autocommit=True) as connection:

            def execute(statement: str) -> Any:
                return connection.execute(statement.encode())

            execute("DROP SCHEMA IF EXISTS raw CASCADE")
            execute("CREATE SCHEMA raw")
            for table in TABLES:
                execute(f"CREATE TABLE raw.{table} (LIKE public.{table} INCLUDING ALL)")
            execute("SET search_path TO raw")
            self._lay_aside(execute, "public.")
            took = [self._write_on_postgres(connection, execute) for _ in range(ROUNDS)]
            execute("DROP SCHEMA raw CASCADE")
            return took

    def _write_on_postgres(self, connection: psycopg.Connection[Any], execute: Execute) -> float:
        self._clear(execute)
        execute("VACUUM ANALYZE")
        execute("CHECKPOINT")
        started_at = time.perf_counter()
        with connection.transaction():
            self._write(execute)
        return time.perf_counter() - started_at

    def _lay_aside(self, execute: Execute, source: str) -> None:
        execute("DROP TABLE IF EXISTS given_deltas")
        for table, condition in TABLES.items():
            theirs = condition.format(source=source, **self._values)
            execute(f"DROP TABLE IF EXISTS given_{table}")
            execute(f"CREATE TABLE given_{table} AS SELECT * FROM {source}{table} WHERE tenant_id = 1 AND {theirs}")  # noqa: S608
        execute(
            "CREATE TABLE given_deltas AS SELECT customer_number, sum(gross_minor) AS delta FROM given_transactions"
            " GROUP BY customer_number"
        )

    def _clear(self, execute: Execute) -> None:
        """As it was before: customers who owe nothing yet, and schedules that are due."""
        for table in TABLES:
            execute(f"DELETE FROM {table}")  # noqa: S608
        execute("INSERT INTO customers SELECT * FROM given_customers")
        for table in CHANGED if self._sums_are_there else CHANGED[:1]:
            execute(f"INSERT INTO {table} SELECT * FROM given_{table}")  # noqa: S608
        execute("UPDATE schedules SET due_at = 0")

    def _write(self, execute: Execute) -> None:
        for table in ("transactions", "transaction_taxes", "occurrences"):
            execute(f"INSERT INTO {table} SELECT * FROM given_{table}")  # noqa: S608
        for table in CHANGED:
            execute(f"INSERT INTO {table} SELECT * FROM given_{table} WHERE true{_overwriting(table)}")  # noqa: S608
        execute(
            "UPDATE customers SET balance_minor = balance_minor - d.delta FROM given_deltas d"
            " WHERE customers.tenant_id = 1 AND customers.number = d.customer_number"
        )


def _overwriting(name: str) -> str:
    table = schema.metadata.tables[name]
    key = table.primary_key.columns.keys()
    sets = ", ".join(f"{column} = excluded.{column}" for column in table.columns.keys() if column not in key)  # noqa: SIM118
    return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets}"

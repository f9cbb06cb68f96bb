"""Engines for the two stores, with the settings that make a commit durable.

SQLite: WAL, synchronous=FULL, one writing connection that begins IMMEDIATE, readers that cannot write.
PostgreSQL through psycopg 3: ordinary pools; durability is the server's and is checked, not set.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.pool import QueuePool

from tollhouse.ledger.ports import UnusableStore

#: How long a unit of work waits for another's lock before that is a conflict; the ledger's budget counts those.
LOCK_SECONDS = 2
#: How long one waits for a connection of the pool.
POOL_SECONDS = 5
#: On PostgreSQL, how long a writer's statement may run, and how long its unit of work may do nothing.
STATEMENT_SECONDS = 15
IDLE_SECONDS = 30
SQLITE_VERSION_MIN = (3, 37)


def store_url(text: str) -> URL:
    """A store's address as SQLAlchemy wants it: `sqlite:///file`, `postgresql://…` (through psycopg 3)."""
    try:
        url = make_url(text)
    except Exception as error:
        raise UnusableStore("TOLLHOUSE_DATABASE_URL is not a database address.") from error
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite":
        if not url.database or url.database == ":memory:":
            raise UnusableStore(
                "SQLite needs a file: sqlite:///tollhouse.db. A store in memory loses what it promised."
            )
        return url
    raise UnusableStore("TOLLHOUSE_DATABASE_URL must start with sqlite:/// or postgresql://.")


def sqlite_engine(url: URL, *, writing: bool, pool_size: int) -> Engine:
    if sqlite3.sqlite_version_info < SQLITE_VERSION_MIN:
        raise UnusableStore("SQLite 3.37 or later is needed; this Python has " + sqlite3.sqlite_version + ".")
    path = str(Path(str(url.database)).absolute())

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=1024
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 16000")
        connection.execute("PRAGMA cache_size = -65536")
        # A statement of many rows keeps a journal of its own while it runs: in memory, not in a new file each time.
        connection.execute("PRAGMA temp_store = MEMORY")
        if not writing:
            connection.execute("PRAGMA query_only = ON")
        return connection

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        hide_parameters=True,
    )
    begin = "BEGIN IMMEDIATE" if writing else "BEGIN"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def postgres_engine(url: URL, *, pool_size: int, writing: bool) -> Engine:
    """Writers look everything up by index: a plan made for an empty table must not walk a full one later.

    They wait within limits, so that nobody who locks a row stops everybody else. Readers lock nothing and may be long.
    """
    settings = {"timezone": "UTC"}
    if writing:
        settings["enable_seqscan"] = "off"
        settings["lock_timeout"] = f"{LOCK_SECONDS}s"
        settings["statement_timeout"] = f"{STATEMENT_SECONDS}s"
        settings["idle_in_transaction_session_timeout"] = f"{IDLE_SECONDS}s"
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={"prepare_threshold": 3, "options": options},
    )
    return engine if writing else engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

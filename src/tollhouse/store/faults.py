"""What a driver's error means to the ledger: decide again, no store, or a fault of what was written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tollhouse.ledger.ports import StoreConflict
from tollhouse.ledger.refusals import StoreUnavailable

#: PostgreSQL's unique violation, deadlock, serialization failure, lock not available.
_CONFLICT_STATES = frozenset({"23505", "40P01", "40001", "55P03"})
_TAKEN_KEYS = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
#: SQLite's codes of a file or machine that fails. Any other, such as a statement too long, is a fault of ours.
_OUTAGES = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_NOTADB,
    }
)
#: Days were told by a time zone that the tenant has no more: see `PostgresStatements.insert_days`.
_STALE_DAY = ("23502", "effective_on")
#: PostgreSQL ended a unit of work that did nothing for too long.
_IDLE_TOO_LONG = "25P03"

DRIVER_ERRORS = (SQLAlchemyError, sqlite3.Error, psycopg.Error)


@contextmanager
def translated() -> Iterator[None]:
    """Raise what a driver's error means."""
    try:
        yield
    except DRIVER_ERRORS as error:
        told = meaning(error)
        if told is error:
            raise
        raise told from error


def meaning(error: Exception) -> Exception:
    """StoreConflict, StoreUnavailable, or the error itself where what was written cannot be kept."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if _is_conflict(original):
        return StoreConflict(type(original).__name__)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if lost or _is_outage(original):
        return StoreUnavailable("The store is not available.")
    return error


def _is_conflict(error: object) -> bool:
    if isinstance(error, sqlite3.Error):
        return _code(error) in _TAKEN_KEYS or _code(error) & 0xFF in _BUSY
    if not isinstance(error, psycopg.Error):
        return False
    return error.sqlstate in _CONFLICT_STATES or (error.sqlstate, error.diag.column_name) == _STALE_DAY


def _is_outage(error: object) -> bool:
    if isinstance(error, sqlite3.Error):
        return _code(error) & 0xFF in _OUTAGES
    if isinstance(error, psycopg.Error) and error.sqlstate == _IDLE_TOO_LONG:
        return True
    return isinstance(error, PoolTimeout | psycopg.OperationalError)


def _code(error: sqlite3.Error) -> int:
    """SQLite's extended code; an error of the module itself has none."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)

"""Who holds a lock for ever makes nobody else wait for ever."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.harness import Postgres, TestClock, record
from tests.store.facts import customer
from tollhouse.ledger import ledger as ledger_module
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.ports import StoreConflict, UnusableStore
from tollhouse.ledger.refusals import StoreUnavailable
from tollhouse.store.engine import LOCK_SECONDS, store_url
from tollhouse.store.faults import meaning, translated
from tollhouse.store.migrate import migrate
from tollhouse.store.store import SqlStore

#: Longer than the ledger's budget by one wait for a lock, and by what a busy machine adds.
ANSWERED_SECONDS = 9


@pytest.fixture
def small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """One wait for a lock is all that there is time for, so that a busy machine has as much again, and more."""
    assert ledger_module.BUDGET_SECONDS + LOCK_SECONDS < ANSWERED_SECONDS
    monkeypatch.setattr(ledger_module, "BUDGET_SECONDS", 1)


def setting(store: SqlStore, name: str, *, writing: bool) -> str:
    with (store.writing_rows if writing else store.reading_rows)() as connection:
        return str(connection.exec_driver_sql(f"SHOW {name}").scalar_one())


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_writers_wait_within_limits_and_readers_as_long_as_they_must(store: SqlStore) -> None:
    limits = {"lock_timeout": "2s", "statement_timeout": "15s", "idle_in_transaction_session_timeout": "30s"}
    assert {name: setting(store, name, writing=True) for name in limits} == limits
    assert {setting(store, name, writing=False) for name in limits} == {"0"}


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_locked_row_is_a_conflict_in_the_end(store: SqlStore) -> None:
    with store.unit_of_work(1) as unit:
        unit.insert([customer(1)])
    with store.unit_of_work(1) as first:
        first.find(type(customer(1)), lock=True, number=1)
        began = time.monotonic()
        with store.unit_of_work(1) as second, pytest.raises(StoreConflict):
            second.find(type(customer(1)), lock=True, number=1)
        assert 1 < time.monotonic() - began < ANSWERED_SECONDS


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("limit", "statement"), [("statement_timeout", "SELECT pg_sleep(9)"), ("idle_in_transaction_session_timeout", "")]
)
def test_what_runs_into_a_limit_finds_no_store(store: SqlStore, limit: str, statement: str) -> None:
    def run() -> None:
        with store.unit_of_work(1) as unit:
            unit._execute(f"SET LOCAL {limit} = 50")
            if not statement:
                time.sleep(0.5)
            unit._execute(statement or "SELECT 1")

    with pytest.raises(StoreUnavailable):
        run()
    assert store.tenants() == []


def test_a_migration_waits_for_another_as_long_as_it_takes(postgres: Postgres) -> None:
    """Longer than any unit of work would."""
    if postgres.is_given:
        pytest.skip("needs a database of its own")
    url = postgres.new_database("slow_migration")
    with (
        closing(SqlStore(store_url(url))) as store,
        closing(psycopg.connect(url, autocommit=True)) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("SELECT pg_advisory_lock(7205759403792795)")
        migrating = pool.submit(migrate, store)
        time.sleep(3)
        other.execute("SELECT pg_advisory_unlock_all()")
        assert migrating.result(30).startswith("The tables were brought to revision")


@pytest.mark.usefixtures("small_budget")
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_sqlite_that_somebody_else_holds_is_unavailable_in_seconds(
    store: SqlStore, tenant: TenantFact, clock: TestClock
) -> None:
    ledger = Ledger(store, clock)
    with closing(sqlite3.connect(str(store.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            ledger.execute(record(tenant, 1))
        assert time.monotonic() - began < ANSWERED_SECONDS
        other.execute("ROLLBACK")
    ledger.execute(record(tenant, 1))


@pytest.mark.usefixtures("small_budget")
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_row_that_somebody_else_holds_is_unavailable_in_seconds(
    store: SqlStore, tenant: TenantFact, clock: TestClock
) -> None:
    ledger = Ledger(store, clock)
    ledger.execute(record(tenant, 1))
    with store.writing_rows() as other:
        other.exec_driver_sql(f"SELECT 1 FROM customers WHERE tenant_id = {tenant.tenant_id} FOR UPDATE")
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            ledger.execute(record(tenant, 1))
        assert time.monotonic() - began < ANSWERED_SECONDS
    ledger.execute(record(tenant, 1))


# What an error of SQLite means.


@pytest.mark.parametrize(
    "statement",
    ["SELECT 'a' LIKE '" + "%" * 60_000 + "'", "SELECT " + "?," * 300_000 + "1", "SELECT 1 FROM nothing_such"],
    ids=["pattern", "variables", "table"],
)
def test_a_fault_of_ours_is_no_outage(statement: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(sqlite3.OperationalError), translated():
        connection.execute(statement, [1] * statement.count("?"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SQLITE_BUSY", StoreConflict),
        ("SQLITE_BUSY_SNAPSHOT", StoreConflict),
        ("SQLITE_LOCKED", StoreConflict),
        ("SQLITE_CONSTRAINT_UNIQUE", StoreConflict),
        ("SQLITE_IOERR", StoreUnavailable),
        ("SQLITE_IOERR_FSYNC", StoreUnavailable),
        ("SQLITE_FULL", StoreUnavailable),
        ("SQLITE_CANTOPEN", StoreUnavailable),
        ("SQLITE_READONLY", StoreUnavailable),
        ("SQLITE_CORRUPT", StoreUnavailable),
        ("SQLITE_NOTADB", StoreUnavailable),
        ("SQLITE_ERROR", sqlite3.OperationalError),
        ("SQLITE_TOOBIG", sqlite3.OperationalError),
    ],
)
def test_a_code_of_sqlite_means(name: str, expected: type[Exception]) -> None:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorcode = getattr(sqlite3, name)
    assert type(meaning(error)) is expected


def test_a_file_that_is_no_sqlite_is_an_unavailable_store(tmp_path: Path) -> None:
    (tmp_path / "other.db").write_bytes(b"something else entirely" * 100)
    with closing(SqlStore(store_url(f"sqlite:///{tmp_path}/other.db"))) as store, pytest.raises(StoreUnavailable):
        store.tenants()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_second_server_by_another_name_of_the_file_is_refused(store: SqlStore, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(str(store.url.database))
    with closing(SqlStore(store_url(f"sqlite:///{link}"))) as second:
        refused = pytest.raises(UnusableStore, match="Another `tollhouse serve` is using")
        with store.held_by_one_server(), refused, second.held_by_one_server():
            pass

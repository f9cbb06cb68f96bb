"""A backup or a restore that is killed: no half file under the name that was asked for, no half store, and the next
one works."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.harness import environment, provisioned_sqlite, sqlite_copy
from tests.started import Started
from tollhouse import crash_points
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command in the test's folder to its end, over a store in it."""

    def to_its_end(*arguments: str, store: str = "tollhouse.db", crash_point: str = "") -> int:
        given = environment(f"sqlite:///{tmp_path}/{store}", crash_point=crash_point)
        log = tmp_path / "commands.log"
        return Started(*arguments, environment=given, folder=tmp_path, log=log).wait(timeout=100)

    return to_its_end


def tenants_in(file: Path) -> list[str]:
    with closing(SqlStore(store_url(f"sqlite:///{file}"))) as store:
        assert verify(store).differences == []
        return sorted(tenant.slug for tenant in store.tenants())


def test_a_backup_that_is_killed_leaves_no_half_file(run: Run, tmp_path: Path) -> None:
    sqlite_copy(provisioned_sqlite(), tmp_path)
    assert run("backup", "b.db", crash_point=crash_points.BACKUP_HALF_WRITTEN) == -signal.SIGKILL
    assert not (tmp_path / "b.db").exists()
    assert (tmp_path / "b.db.part").exists()
    assert run("backup", "b.db") == 0
    assert not (tmp_path / "b.db.part").exists()
    assert "acme" in tenants_in(tmp_path / "b.db")


def test_what_is_left_of_a_kill_is_not_written_over_in_a_backup_that_is_there(run: Run, tmp_path: Path) -> None:
    """Killed when the file had its name and still the other: the next backup takes that one away, and no more."""
    sqlite_copy(provisioned_sqlite(), tmp_path)
    assert run("backup", "b.db", crash_point=crash_points.BACKUP_IN_PLACE) == -signal.SIGKILL
    kept = (tmp_path / "b.db").read_bytes()
    assert (tmp_path / "b.db.part").samefile(tmp_path / "b.db")
    assert run("backup", "b.db") == 2
    (tmp_path / "b.db").rename(tmp_path / "kept.db")
    assert run("backup", "b.db") == 0
    assert (tmp_path / "kept.db").read_bytes() == kept
    assert tenants_in(tmp_path / "kept.db") == tenants_in(tmp_path / "b.db")


def test_a_restore_that_is_killed_leaves_an_empty_store(run: Run, tmp_path: Path) -> None:
    sqlite_copy(provisioned_sqlite(), tmp_path)
    assert run("backup", "b.db") == 0
    assert run("restore", "b.db", store="new.db", crash_point=crash_points.RESTORE_HALF_DONE) == -signal.SIGKILL
    assert tenants_in_or_none(tmp_path / "new.db") == []
    assert run("restore", "b.db", store="new.db") == 0, (tmp_path / "commands.log").read_text()
    assert tenants_in(tmp_path / "new.db") == tenants_in(tmp_path / "tollhouse.db")


def tenants_in_or_none(file: Path) -> list[str]:
    with closing(SqlStore(store_url(f"sqlite:///{file}"))) as store, store.reading_rows() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    return list(tables)

"""Backups that a server makes by itself: when one is due, whatever fails, and never at the cost of another's file."""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.harness import InProcess, Postgres, TestClock, in_process, provisioned_sqlite
from tollhouse import cli
from tollhouse.config import Settings
from tollhouse.ledger.verifying import verify
from tollhouse.store.backups.folder import BackupFolder
from tollhouse.store.backups.sqlite_copies import BY_ITSELF, NOBODYS, mark_of
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore
from tollhouse.workers.backups import RETRY_SECONDS, Backups

HOUR = 3600
#: When TestClock begins.
FIRST = "tollhouse-20260301T120000Z.db"


class Heard:
    def __init__(self) -> None:
        self.at: list[int] = []
        self.failures = 0

    def backup(self, at_seconds: int) -> None:
        self.at.append(at_seconds)

    def backup_failed(self) -> None:
        self.failures += 1


class Place:
    """A folder of backups, a clock, and what makes them, as after a start of the server."""

    def __init__(self, folder: Path, clock: TestClock, kept: int = 3) -> None:
        self.folder = folder
        self.clock = clock
        self.kept = kept
        self.heard = Heard()
        self.start()

    def start(self) -> None:
        backups = BackupFolder(self.folder, self.folder.parent / "tollhouse.db", kept=self.kept)
        self.backups = Backups(backups, every_hours=24, watch=self.heard, clock=self.clock)

    def look(self) -> list[str]:
        """What is there after a look."""
        asyncio.run(self.backups.look())
        return sorted(file.name for file in self.folder.iterdir()) if self.folder.exists() else []


@pytest.fixture
def place(tmp_path: Path, clock: TestClock) -> Place:
    shutil.copy(provisioned_sqlite(), tmp_path / "tollhouse.db")
    (tmp_path / "backups").mkdir()
    return Place(tmp_path / "backups", clock)


def test_the_first_is_made_at_once_and_the_next_when_it_is_too_old(place: Place) -> None:
    assert place.look() == [FIRST]
    place.clock.advance(24 * HOUR - 1)
    assert place.look() == [FIRST]
    place.clock.advance(1)
    assert place.look() == [FIRST, "tollhouse-20260302T120000Z.db"]
    began = 1_772_366_400
    assert place.heard.at == [began, began, began + 24 * HOUR]
    with closing(SqlStore(store_url(f"sqlite:///{place.folder}/{FIRST}"))) as store:
        assert verify(store).differences == []
        assert store.tenant_called("acme") is not None


def test_a_start_makes_none_while_the_newest_is_young(place: Place) -> None:
    place.look()
    place.clock.advance(5 * HOUR)
    place.start()
    assert place.look() == [FIRST]
    assert place.heard.at[-1] == 1_772_366_400


def test_the_newest_few_are_kept_and_what_others_put_there(place: Place, tmp_path: Path) -> None:
    """By name alone some of these would be the server's: it has not made them."""
    store = tmp_path / "tollhouse.db"
    others = ["tollhouse-20200101T000000Z.db", "tollhouse-20200102T000000Z.db.bak", "notes.txt", "tollhouse-old.db"]
    for name in others:
        shutil.copy(store, place.folder / name)
    (place.folder / "tollhouse-20200103T000000Z.db").symlink_to(store)
    made = []
    for _ in range(6):
        made.append(f"tollhouse-2026030{len(made) + 1}T120000Z.db")
        place.look()
        place.clock.advance(24 * HOUR)
    there = {file.name for file in place.folder.iterdir()}
    assert there == {*others, "tollhouse-20200103T000000Z.db", *made[-3:]}


def test_a_backup_that_was_asked_for_is_not_one_of_them(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", f"sqlite:///{place.folder.parent}/tollhouse.db")
    asked_for = place.folder / "tollhouse-20260301T110000Z.db"
    assert CliRunner().invoke(cli.cli, ["backup", str(asked_for)]).exit_code == 0
    assert place.look() == [asked_for.name, FIRST]
    place.kept = 1
    place.start()
    place.clock.advance(24 * HOUR)
    assert place.look() == [asked_for.name, "tollhouse-20260302T120000Z.db"]


def test_one_of_the_future_keeps_none_from_being_made(place: Place) -> None:
    """The clock was wrong, and was set right."""
    place.clock.advance(400 * 24 * HOUR)
    place.look()
    place.clock.advance(-400 * 24 * HOUR)
    assert FIRST in place.look()
    assert len(place.look()) == 2


def test_a_failure_is_counted_and_not_tried_at_every_look(place: Place) -> None:
    place.folder.rmdir()
    assert place.look() == []
    assert (place.heard.failures, place.heard.at) == (1, [])
    place.look()
    place.clock.advance(RETRY_SECONDS - 1)
    place.look()
    assert place.heard.failures == 1
    place.folder.mkdir()
    place.clock.advance(1)
    assert len(place.look()) == 1
    assert place.heard.failures == 1


def test_a_failure_removes_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.kept = 1
    place.start()
    place.look()
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=0))
    place.clock.advance(24 * HOUR)
    assert place.look() == [FIRST]
    assert place.heard.failures == 1


def test_one_that_is_stopped_is_given_up(place: Place) -> None:
    asyncio.run(place.backups.stop())
    assert place.look() == []


def test_a_store_that_was_restored_from_one_is_no_backup(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.look()
    restored = place.folder.parent / "restored.db"
    monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", f"sqlite:///{restored}")
    assert CliRunner().invoke(cli.cli, ["restore", "--no-verify", str(place.folder / FIRST)]).exit_code == 0
    assert (mark_of(place.folder / FIRST), mark_of(restored)) == (BY_ITSELF, NOBODYS)


# In a server.


def test_a_server_makes_one_soon_after_its_start(tmp_path: Path) -> None:
    shutil.copy(provisioned_sqlite(), tmp_path / "tollhouse.db")
    folder = tmp_path / "backups"
    folder.mkdir()
    settings = Settings(database_url=f"sqlite:///{tmp_path}/tollhouse.db", backup_directory=str(folder))
    with in_process(settings) as application:
        until = time.monotonic() + 60
        while _told(application, "tollhouse_last_backup_timestamp_seconds") == 0:
            assert time.monotonic() < until
    (made,) = folder.iterdir()
    assert made.name.startswith("tollhouse-2")


def _told(application: InProcess, metric: str) -> float:
    text = application.request("GET", "/metrics", key=None).body.decode()
    (line,) = [line for line in text.splitlines() if line.startswith(f"{metric} ")]
    return float(line.split()[1])


def test_on_postgresql_a_server_with_a_backup_folder_does_not_start(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", postgres.url)
    monkeypatch.setenv("TOLLHOUSE_BACKUP_DIRECTORY", str(tmp_path))
    refused = CliRunner().invoke(cli.cli, ["serve"])
    assert refused.exit_code == 2
    assert refused.output.startswith("tollhouse: TOLLHOUSE_BACKUP_DIRECTORY is for SQLite: on PostgreSQL run")

"""Copies of a SQLite store: of one moment, while others write, left as one file without a write-ahead log."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from tollhouse import crash_points
from tollhouse.store.backups.whole_file import BESIDE, BackupRefused, Told, written_whole

#: Copied in one step: between two the interpreter is free, and a stop is heard.
PAGES_AT_ONCE: Final = 128
#: What is copied goes to the disk in parts, so that no commit of the server's waits behind all of it.
SYNCED_AT_ONCE: Final = 64 << 20
#: How long whoever opens a file waits for another's lock.
LOCK_SECONDS: Final = 10
#: The first bytes of every SQLite file.
MAGIC: Final = b"SQLite format 3\0"
HEADER_BYTES: Final = 100
#: SQLite's mark of whose file one is: of copies that were asked for, and of those that a server makes by itself.
ASKED_FOR: Final = 0x546F6C6C
BY_ITSELF: Final = 0x546F6C42
NOBODYS: Final = 0
#: Tables that may hold something in a store where nothing has happened.
_OF_AN_EMPTY_STORE: Final = frozenset({"alembic_version", "installation_secrets"})


class Copying:
    """One copy of a store, which may be stopped from another thread."""

    def __init__(self, source: Path, *, mark: int = ASKED_FOR) -> None:
        self._source = source
        self._mark = mark
        self._stopping = threading.Event()
        self._checked: sqlite3.Connection | None = None

    def stop(self) -> None:
        """Give up soon: `write` then raises BackupRefused."""
        self._stopping.set()
        checked = self._checked
        # It may have been closed in this very moment: then nothing of it goes on.
        with suppress(sqlite3.ProgrammingError):
            if checked is not None:
                checked.interrupt()

    def write(self, target: Path, part: Path, told: Told, *, is_overwriting: bool = False) -> str:
        """The copy, whole or not at all; the revision of its tables. Raises BackupRefused."""
        _refuse_own_files(self._source, target)
        with written_whole(target, part, is_overwriting=is_overwriting) as descriptor, _explained(target):
            revision = self._copy(part, descriptor, told)
            self._finish(part)
        return revision

    def _copy(self, part: Path, descriptor: int, told: Told) -> str:
        """All of one moment: the reading began before the first page, so no writer has it begin again."""
        with _opened(self._source, "rw") as source, closing(sqlite3.connect(part, isolation_level=None)) as copy:
            source.execute("BEGIN")
            revision = _revision(source, self._source)
            (page_bytes,) = source.execute("PRAGMA page_size").fetchone()
            (pages,) = source.execute("PRAGMA page_count").fetchone()
            _check_room(part.parent, pages * page_bytes)
            copy.execute("PRAGMA journal_mode = OFF")
            copy.execute("PRAGMA synchronous = OFF")
            steps_a_sync, steps = SYNCED_AT_ONCE // (PAGES_AT_ONCE * page_bytes) or 1, 0

            def tell(_status: int, remaining: int, total: int) -> None:
                nonlocal steps
                steps += 1
                if self._stopping.is_set():
                    raise BackupRefused("The backup was stopped.")
                if steps % steps_a_sync == 0:
                    os.fsync(descriptor)
                told((total - remaining) * page_bytes, total * page_bytes)
                crash_points.reach(crash_points.BACKUP_HALF_WRITTEN)

            source.backup(copy, pages=PAGES_AT_ONCE, progress=tell)
        return revision

    def _finish(self, part: Path) -> None:
        """Leave one file that is whole in itself, and see that it is."""
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            copy.execute("PRAGMA locking_mode = EXCLUSIVE")
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute(f"PRAGMA application_id = {self._mark}")
            self._checked = copy
            try:
                if self._stopping.is_set():
                    raise BackupRefused("The backup was stopped.")
                _check_integrity(copy, part)
            finally:
                self._checked = None


def revision_of(file: Path) -> str:
    """The revision of the tables in a backup. Raises BackupRefused for a file that is none, or is damaged."""
    with file.open("rb") as opened:
        header = opened.read(HEADER_BYTES)
    if 2 in header[18:20]:
        raise BackupRefused(f"{file} is a store that is in use, not a backup: make one with `tollhouse backup`.")
    with _damage_told(file), _opened(file, "ro&immutable=1") as backup:
        revision = _revision(backup, file)
        _check_integrity(backup, file)
    return revision


def bring_back(file: Path, store: Path, told: Told) -> None:
    """Copy a backup into an empty store, or one that is not there yet: all of it or, wherever it ends, nothing.

    Raises BackupRefused for a store that holds anything, or that somebody else has open. Nobody gets at it meanwhile.
    """
    with _explained(store), _opened(store, "rwc") as restored, _opened(file, "ro&immutable=1") as backup:
        _check_empty(restored, store)
        restored.execute("PRAGMA journal_mode = DELETE")
        restored.execute("PRAGMA locking_mode = EXCLUSIVE")
        restored.execute("BEGIN EXCLUSIVE")
        _check_empty(restored, store)
        restored.execute("COMMIT")
        (page_bytes,) = backup.execute("PRAGMA page_size").fetchone()

        def tell(_status: int, remaining: int, total: int) -> None:
            told((total - remaining) * page_bytes, total * page_bytes)
            crash_points.reach(crash_points.RESTORE_HALF_DONE)

        backup.backup(restored, pages=PAGES_AT_ONCE, progress=tell)
        restored.execute(f"PRAGMA application_id = {NOBODYS}")


def mark_of(file: Path) -> int:
    """Whose mark a file has: NOBODYS for one that is no SQLite file, too."""
    try:
        with file.open("rb") as opened:
            header = opened.read(HEADER_BYTES)
    except OSError:
        return NOBODYS
    return int.from_bytes(header[68:72]) if header.startswith(MAGIC) else NOBODYS


def _check_empty(connection: sqlite3.Connection, store: Path) -> None:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for (name,) in names.fetchall():
        quoted = name.replace('"', '""')
        row = connection.execute(f'SELECT 1 FROM "{quoted}" LIMIT 1').fetchone()  # noqa: S608 - the file's own table
        if row is not None and name not in _OF_AN_EMPTY_STORE:
            raise BackupRefused(f"{store} is not empty: a backup is restored into a store that holds nothing.")


def _check_room(folder: Path, wanted: int) -> None:
    """A backup that cannot be finished is not begun: the disk may be the one that the server commits to."""
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise BackupRefused(f"{folder} has {free >> 20:,} MiB free, and the backup needs {wanted >> 20:,} MiB.")


def _check_integrity(connection: sqlite3.Connection, file: Path) -> None:
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise BackupRefused(f"{file} is damaged: {' '.join(str(found).split())}.")


def _revision(connection: sqlite3.Connection, file: Path) -> str:
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        row = None
    if row is None:
        raise BackupRefused(f"{file} holds no store of Tollhouse's.")
    return str(row[0])


def _refuse_own_files(source: Path, target: Path) -> None:
    """A backup in the place of what it is made of would leave the server with a file that nobody finds again."""
    own = source.resolve()
    if target.resolve() in {own, *(Path(f"{own}{suffix}") for suffix in (*BESIDE, ".lock"))}:
        raise BackupRefused(f"{target} is part of the store itself: choose another name for the backup.")


@contextmanager
def _opened(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """A connection that never makes a file but where the mode says so. Raises BackupRefused where there is none."""
    address = f"{file.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=LOCK_SECONDS)
    except sqlite3.OperationalError as error:
        raise BackupRefused(f"{file} cannot be opened: {error}.") from error
    with closing(connection):
        yield connection


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupRefused(f"{file} cannot be written: {error}.") from error


@contextmanager
def _damage_told(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupRefused(f"{file} is damaged: {error}.") from error

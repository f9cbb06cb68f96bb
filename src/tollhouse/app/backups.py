"""A store to a file and back, whichever engine it is on; and the backups that a server makes by itself."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tollhouse.config import BadSetting, Settings
from tollhouse.metrics import Metrics
from tollhouse.store.backups import postgres_dumps, sqlite_copies
from tollhouse.store.backups.folder import BackupFolder
from tollhouse.store.backups.sqlite_copies import Copying
from tollhouse.store.backups.whole_file import BackupRefused, Told
from tollhouse.store.engine import store_url
from tollhouse.store.migrate import check_known, migrate
from tollhouse.store.store import SqlStore
from tollhouse.workers.backups import Backups

SQLITE, POSTGRESQL = "sqlite", "postgresql"


class BackedUp(NamedTuple):
    engine: str
    revision: str
    """Of the tables in it."""
    bytes: int


class Restored(NamedTuple):
    engine: str
    revision: str
    """Of the tables in the backup."""
    migrated: str
    """What was done to the tables, as a sentence."""


def back_up(settings: Settings, file: Path, told: Told, *, is_overwriting: bool = False) -> BackedUp:
    """Write all that the store holds at one moment into a file, whole or not at all, while servers go on.

    The tables stay as they are: a backup is also what to make before an upgrade. Raises BackupRefused.
    """
    if file.is_dir():
        raise BackupRefused(f"{file} is a folder: name the file.")
    part = file.with_name(f"{file.name}.part")
    with closing(SqlStore(store_url(settings.database_url))) as store:
        if store.is_sqlite:
            revision = Copying(_file_of(store)).write(file, part, told, is_overwriting=is_overwriting)
        else:
            revision = postgres_dumps.dump(store, file, part, told, is_overwriting=is_overwriting)
    return BackedUp(SQLITE if store.is_sqlite else POSTGRESQL, revision, file.stat().st_size)


def restore(settings: Settings, file: Path, told: Told) -> Restored:
    """Bring a backup into the store, which must be empty, and its tables to this version.

    Raises BackupRefused, or UnusableStore for a backup of a later version's; nothing was changed then.
    """
    engine = _engine_of(file)
    with closing(SqlStore(store_url(settings.database_url))) as store:
        if engine != (SQLITE if store.is_sqlite else POSTGRESQL):
            raise BackupRefused(f"{file} is a backup of a store on {engine}, and TOLLHOUSE_DATABASE_URL names another.")
        if store.is_sqlite:
            revision, migrated = _restore_sqlite(store, file, told)
        else:
            revision, migrated = _restore_postgresql(store, file, told)
    return Restored(engine, revision, migrated)


def check_backup_settings(settings: Settings) -> None:
    """BadSetting where backups are wanted that a server does not make."""
    if settings.backup_directory and store_url(settings.database_url).drivername != "sqlite":
        raise BadSetting(
            "TOLLHOUSE_BACKUP_DIRECTORY is for SQLite: on PostgreSQL run `tollhouse backup` by a timer, or use the "
            "server's own means."
        )


def open_backups(settings: Settings, store: SqlStore, metrics: Metrics) -> list[Backups]:
    """What makes backups by itself, if any are wanted."""
    check_backup_settings(settings)
    if not settings.backup_directory:
        return []
    folder = BackupFolder(Path(settings.backup_directory), _file_of(store), kept=settings.backups_kept)
    return [Backups(folder, every_hours=settings.backup_every_hours, watch=metrics)]


def _restore_sqlite(store: SqlStore, file: Path, told: Told) -> tuple[str, str]:
    revision = sqlite_copies.revision_of(file)
    check_known(revision)
    target = _file_of(store)
    try:
        with store.held_by_one_server():
            sqlite_copies.bring_back(file, target, told)
            return revision, migrate(store)
    except OSError as error:
        raise BackupRefused(f"{target} cannot be written: {error.strerror}.") from error


def _restore_postgresql(store: SqlStore, file: Path, told: Told) -> tuple[str, str]:
    revision = postgres_dumps.revision_of(store.url, file)
    check_known(revision)
    postgres_dumps.bring_back(store, file, told)
    return revision, migrate(store)


def _engine_of(file: Path) -> str:
    """Of which engine a backup is, by how it begins."""
    try:
        with file.open("rb") as opened:
            beginning = opened.read(len(sqlite_copies.MAGIC))
    except OSError as error:
        raise BackupRefused(f"{file} cannot be read: {error.strerror}.") from error
    if beginning == sqlite_copies.MAGIC:
        return SQLITE
    if beginning.startswith(postgres_dumps.MAGIC):
        return POSTGRESQL
    raise BackupRefused(f"{file} is not a backup of a store.")


def _file_of(store: SqlStore) -> Path:
    return Path(str(store.url.database)).absolute()

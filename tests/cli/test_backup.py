"""A store to a file and back: all of it or nothing, whatever is in the way, and never over anything."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command

from tests.cli.conftest import Run
from tests.harness import PROGRAMS, Postgres, migrated_sqlite, prepared, record, sqlite_copy
from tollhouse.clock import SystemClock
from tollhouse.ledger.facts import CustomerFact, KeyFact, SummaryFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.verifying import verify
from tollhouse.store import migrate as migrating
from tollhouse.store.backups import sqlite_copies
from tollhouse.store.backups.sqlite_copies import Copying
from tollhouse.store.backups.whole_file import BackupRefused
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{PROGRAMS}:{os.environ['PATH']}")


@pytest.fixture
def elsewhere(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of another store of the same engine, without tables."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path}/elsewhere.db"
    server: Postgres = request.getfixturevalue("postgres")
    if server.is_given:
        pytest.skip("a given server has one database")
    return server.new_database("elsewhere")


@pytest.fixture
def charged(store: SqlStore) -> SqlStore:
    """The tenant acme with a few charges."""
    tenant = prepared(store)
    Ledger(store, SystemClock()).execute(record(tenant, 100, 250, 1))
    return store


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    """A SQLite store with the tenant acme and a charge, closed: no log is left beside it."""
    folder = tmp_path / "store"
    folder.mkdir()
    url = sqlite_copy(migrated_sqlite(), folder)
    with closing(SqlStore(store_url(url))) as store:
        Ledger(store, SystemClock()).execute(record(prepared(store), 5))
    return url


@pytest.fixture
def backup(file_url: str, tmp_path: Path, run: Run) -> Path:
    assert run("backup", "backup.db", database_url=file_url).exit_code == 0
    return tmp_path / "backup.db"


def amounts_of(url: str) -> list[int]:
    with closing(SqlStore(store_url(url))) as store, store.reading(1) as reader:
        (customer,) = reader.find(CustomerFact, reference="cust_1")
        amounts = sorted(t.gross_minor for t in reader.find(TransactionFact, customer_number=customer.number))
        (summary,) = reader.find(SummaryFact, customer_number=customer.number)
        assert (summary.charge_count, summary.sum_minor) == (len(amounts), sum(amounts))
        return amounts


def is_empty_folder(folder: Path, *but: str) -> bool:
    return {file.name for file in folder.iterdir()} <= set(but)


# There and back.


def test_there_and_back(run: Run, charged: SqlStore, database_url: str, elsewhere: str, tmp_path: Path) -> None:
    made = run("backup", "kept.backup", database_url=database_url)
    assert made.exit_code == 0, made.output
    engine = "sqlite" if charged.is_sqlite else "postgresql"
    size = (tmp_path / "kept.backup").stat().st_size
    assert made.output.startswith(f"kept.backup: {size:,} bytes, {engine}, tables of revision ")
    restored = run("restore", "kept.backup", database_url=elsewhere)
    assert restored.exit_code == 0, restored.output
    assert restored.output.startswith(f"kept.backup is restored: {engine}, tables of revision ")
    assert restored.output.endswith("The tables are up to date.\nAll of it agrees.\n")
    assert amounts_of(elsewhere) == [1, 100, 250]


def test_json_tells_the_same(run: Run, charged: SqlStore, database_url: str, elsewhere: str) -> None:
    made = json.loads(run("backup", "kept.backup", "--json", database_url=database_url).stdout)
    assert set(made) == {"file", "engine", "revision", "bytes"}
    restored = json.loads(run("restore", "kept.backup", "--json", database_url=elsewhere).stdout)
    assert restored == {
        "file": "kept.backup",
        "engine": made["engine"],
        "revision": made["revision"],
        "migrated": "The tables are up to date.",
        "differences": [],
    }


def test_a_file_with_tables_and_nothing_in_them_is_empty(run: Run, backup: Path, tmp_path: Path) -> None:
    elsewhere = f"sqlite:///{tmp_path}/elsewhere.db"
    assert run("migrate", database_url=elsewhere).exit_code == 0
    restored = run("restore", "backup.db", "--no-verify", database_url=elsewhere)
    assert restored.exit_code == 0, restored.output
    assert amounts_of(elsewhere) == [5]


def test_a_store_that_is_not_empty_is_left_alone(run: Run, charged: SqlStore, database_url: str) -> None:
    assert run("backup", "kept.backup", database_url=database_url).exit_code == 0
    refused = run("restore", "kept.backup", database_url=database_url)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert " is not empty: a backup is restored into " in refused.output
    assert amounts_of(database_url) == [1, 100, 250]
    assert verify(charged).differences == []


def test_differences_are_told_and_end_with_1(run: Run, charged: SqlStore, database_url: str, elsewhere: str) -> None:
    with charged.writing_rows() as connection:
        connection.exec_driver_sql("UPDATE charge_summaries SET sum_minor = 6")
    assert run("backup", "kept.backup", database_url=database_url).exit_code == 0
    restored = run("restore", "kept.backup", database_url=elsewhere)
    assert restored.exit_code == 1
    assert "DIFFERS: tenant acme: summary of customer" in restored.output
    assert restored.output.endswith("differences.\n")


def test_without_verify_it_is_said(run: Run, charged: SqlStore, database_url: str, elsewhere: str) -> None:
    assert run("backup", "kept.backup", database_url=database_url).exit_code == 0
    restored = run("restore", "kept.backup", "--no-verify", database_url=elsewhere)
    assert restored.exit_code == 0
    assert restored.output.endswith("The books were not checked: `tollhouse verify` does it.\n")


def test_a_backup_is_its_owners_alone_and_one_file(
    run: Run, charged: SqlStore, database_url: str, tmp_path: Path
) -> None:
    before = {file.name for file in tmp_path.iterdir()}
    assert run("backup", "kept.backup", database_url=database_url).exit_code == 0
    assert {file.name for file in tmp_path.iterdir()} - before <= {
        "kept.backup",
        "tollhouse.db-wal",
        "tollhouse.db-shm",
    }
    assert stat.S_IMODE((tmp_path / "kept.backup").stat().st_mode) == 0o600


def test_nothing_is_overwritten_unless_that_is_said(
    run: Run, charged: SqlStore, database_url: str, tmp_path: Path
) -> None:
    other = tmp_path / "kept.backup"
    other.write_text("somebody else's")
    refused = run("backup", str(other), database_url=database_url)
    assert refused.exit_code == 2
    assert refused.output == f"tollhouse: {other} exists already: choose another name, or say --overwrite.\n"
    assert other.read_text() == "somebody else's"
    assert run("backup", str(other), "--overwrite", database_url=database_url).exit_code == 0
    assert other.stat().st_size > 1000


@pytest.mark.parametrize("where", ["nowhere/kept.backup", "a-file/kept.backup", "/proc/kept.backup", "a-folder", "."])
@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_a_place_that_cannot_be_written_is_a_sentence(
    run: Run, charged: SqlStore, database_url: str, tmp_path: Path, where: str, overwrite: list[str]
) -> None:
    (tmp_path / "a-file").write_text("x")
    (tmp_path / "a-folder").mkdir()
    refused = run("backup", where, *overwrite, database_url=database_url)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    assert where in refused.output
    assert is_empty_folder(tmp_path / "a-folder")


# SQLite.


def test_a_backup_is_of_one_moment_and_holds_nobody_up(
    file_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A charge is committed after each part that is copied: none is in the backup, and it does not begin again."""
    monkeypatch.setattr(sqlite_copies, "PAGES_AT_ONCE", 16)
    told: list[tuple[int, int]] = []
    with closing(SqlStore(store_url(file_url))) as store:
        ledger, tenant = Ledger(store, SystemClock()), store.tenants()[0]
        acknowledged = amounts_of(file_url)

        def tell(done: int, total: int) -> None:
            told.append((done, total))
            ledger.execute(record(tenant, 7_000 + len(told)))

        Copying(Path(file_url.removeprefix("sqlite:///"))).write(tmp_path / "b.db", tmp_path / "b.db.part", tell)
    assert len(told) > 5
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] == (tmp_path / "b.db").stat().st_size
    assert amounts_of(f"sqlite:///{tmp_path}/b.db") == acknowledged
    assert len(amounts_of(file_url)) == len(acknowledged) + len(told)
    with closing(SqlStore(store_url(f"sqlite:///{tmp_path}/b.db"))) as copied:
        assert verify(copied).differences == []


def test_a_copy_that_is_stopped_leaves_nothing(file_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_copies, "PAGES_AT_ONCE", 16)
    copying = Copying(Path(file_url.removeprefix("sqlite:///")))
    with pytest.raises(BackupRefused, match=r"The backup was stopped\."):
        copying.write(tmp_path / "b.db", tmp_path / "b.db.part", lambda *_: copying.stop())
    assert is_empty_folder(tmp_path, "store")


def test_two_do_not_write_one_file(file_url: str, tmp_path: Path) -> None:
    store = Path(file_url.removeprefix("sqlite:///"))
    target, part = tmp_path / "b.db", tmp_path / "b.db.part"

    def second(*_: int) -> None:
        with pytest.raises(BackupRefused, match=r"Another backup is being written to .*b\.db\.part\."):
            Copying(store).write(target, part, lambda *_: None)

    Copying(store).write(target, part, second)
    assert is_empty_folder(tmp_path, "store", "b.db")


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", ".lock"])
def test_the_store_itself_is_never_the_backup(run: Run, file_url: str, suffix: str) -> None:
    path = file_url.removeprefix("sqlite:///") + suffix
    refused = run("backup", path, "--overwrite", database_url=file_url)
    assert (refused.exit_code, "is part of the store itself" in refused.output) == (2, True)
    assert amounts_of(file_url) == [5]


def test_a_store_that_is_not_there_is_not_made(run: Run, tmp_path: Path) -> None:
    refused = run("backup", "b.db", database_url=f"sqlite:///{tmp_path}/nothing.db")
    assert (refused.exit_code, "nothing.db cannot be opened" in refused.output) == (2, True)
    assert is_empty_folder(tmp_path)


def test_what_is_no_store_is_not_backed_up(run: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE cats (name TEXT)")
    refused = run("backup", "b.db", database_url=f"sqlite:///{tmp_path}/other.db")
    assert (refused.exit_code, refused.output) == (
        2,
        f"tollhouse: {tmp_path}/other.db holds no store of Tollhouse's.\n",
    )
    assert is_empty_folder(tmp_path, "other.db")


def test_a_disk_without_room_is_not_filled(run: Run, file_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=1 << 16))
    refused = run("backup", "b.db", database_url=file_url)
    assert refused.exit_code == 2
    assert "has 0 MiB free, and the backup needs " in refused.output


@pytest.fixture
def files_end_half_way(file_url: str) -> Iterator[None]:
    """No file may become larger than half the store: writing ends as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    half = Path(file_url.removeprefix("sqlite:///")).stat().st_size // 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (half, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("files_end_half_way")
def test_a_disk_that_is_full_half_way_leaves_nothing(run: Run, file_url: str, tmp_path: Path) -> None:
    refused = run("backup", "b.db", database_url=file_url)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    assert refused.output.startswith("tollhouse: b.db cannot be written: "), refused.output
    assert is_empty_folder(tmp_path, "store")
    assert amounts_of(file_url) == [5]


def test_an_older_backup_is_brought_to_this_version(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    with closing(SqlStore(store_url(url))) as store, store.writing_rows() as connection:
        configuration = migrating._configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0009")
    made = run("backup", "b.db", database_url=url)
    assert made.output.endswith("tables of revision 0009.\n"), made.output
    restored = run("restore", "b.db", database_url=f"sqlite:///{tmp_path}/new.db")
    assert restored.exit_code == 0, restored.output
    assert "tables of revision 0009.\nThe tables were brought to revision " in restored.output
    assert restored.output.endswith("All of it agrees.\n")


def test_a_backup_of_a_later_version_is_refused(run: Run, backup: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(backup)) as later, later:
        later.execute("UPDATE alembic_version SET version_num = '9999'")
    refused = run("restore", str(backup), database_url=f"sqlite:///{tmp_path}/new.db")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert "The tables are of revision 9999, which this version does not know" in refused.output
    assert not (tmp_path / "new.db").exists()


def _as_text(file: Path) -> None:
    file.write_text("number,amount\n1,2\n")


def _as_nothing(file: Path) -> None:
    file.write_bytes(b"")


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100_000])


def _as_other_sqlite(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE cats (name TEXT)")


def _as_store(file: Path) -> None:
    with closing(sqlite3.connect(file)) as store:
        store.execute("PRAGMA journal_mode = WAL")


def _scrambled(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[40_960:61_440] = b"\xa5" * 20_480
    file.write_bytes(content)


def _as_dump(file: Path) -> None:
    file.write_bytes(b"PGDMP" + bytes(100))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_as_text, "is not a backup of a store."),
        (_as_nothing, "is not a backup of a store."),
        (_cut, "is damaged: "),
        (_scrambled, "is damaged: "),
        (_as_other_sqlite, "holds no store of Tollhouse's."),
        (_as_store, "is a store that is in use, not a backup"),
        (_as_dump, "is a backup of a store on postgresql, and TOLLHOUSE_DATABASE_URL names another."),
        (Path.unlink, "cannot be read: No such file or directory."),
    ],
)
def test_what_is_no_backup_is_a_sentence_and_makes_no_store(
    run: Run, backup: Path, tmp_path: Path, spoil: Callable[[Path], Any], sentence: str
) -> None:
    spoil(backup)
    refused = run("restore", str(backup), database_url=f"sqlite:///{tmp_path}/new.db")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    assert sentence in refused.output
    assert not (tmp_path / "new.db").exists()


def test_a_store_that_is_served_is_not_restored_into(run: Run, backup: Path, tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    url = sqlite_copy(migrated_sqlite(), tmp_path / "served")
    with closing(SqlStore(store_url(url))) as store, store.held_by_one_server():
        refused = run("restore", str(backup), database_url=url)
    assert (refused.exit_code, "Another `tollhouse serve` is using" in refused.output) == (2, True)


def test_a_store_that_somebody_writes_to_is_not_restored_into(
    run: Run, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_copies, "LOCK_SECONDS", 0.01)
    (tmp_path / "written").mkdir()
    url = sqlite_copy(migrated_sqlite(), tmp_path / "written")
    with closing(SqlStore(store_url(url))) as store, store.writing_rows():
        refused = run("restore", str(backup), database_url=url)
    assert (refused.exit_code, "cannot be written: database is locked." in refused.output) == (2, True)


def test_a_folder_that_is_not_there_for_the_store_is_a_sentence(run: Run, backup: Path, tmp_path: Path) -> None:
    refused = run("restore", str(backup), database_url=f"sqlite:///{tmp_path}/nowhere/new.db")
    assert refused.exit_code == 2
    assert refused.output == f"tollhouse: {tmp_path}/nowhere/new.db cannot be written: No such file or directory.\n"


# PostgreSQL.


@pytest.fixture
def charged_url(postgres: Postgres) -> str:
    url = postgres.empty()
    with closing(SqlStore(store_url(url))) as store:
        Ledger(store, SystemClock()).execute(record(prepared(store), 5))
    return url


@pytest.mark.parametrize(("what", "program"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_without_the_programs_it_is_said_what_to_install(
    run: Run, charged_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, program: str
) -> None:
    if what == "restore":
        _as_dump(tmp_path / "b.dump")
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = run(what, "b.dump", database_url=charged_url)
    assert refused.exit_code == 2
    assert refused.output.startswith(f"tollhouse: {program} is not installed: install PostgreSQL's client programs")
    assert is_empty_folder(tmp_path, "b.dump" if what == "restore" else "")


def test_a_password_is_on_no_command_line_and_in_no_sentence(
    run: Run, charged_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pg_dump that writes down how it was called, and fails."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "pg_dump"
    program.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/called\necho "$PGPASSWORD $PGUSER $PGAPPNAME" >> {tmp_path}/called\n'
        "echo no such luck >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    url = charged_url.replace("postgres:@", "postgres:pw-secret@") + "&application_name=teller"
    assert "pw-secret" in url
    refused = run("backup", "b.dump", database_url=url)
    assert (refused.exit_code, refused.output) == (2, "tollhouse: pg_dump failed: no such luck\n")
    called, given = (tmp_path / "called").read_text().splitlines()
    assert called == "--format=custom --no-password --file=b.dump.part"
    assert given == "pw-secret postgres teller"
    assert is_empty_folder(tmp_path, "bin", "called")


def test_what_the_programs_cannot_be_told_is_refused_without_its_value(run: Run, charged_url: str) -> None:
    refused = run("backup", "b.dump", database_url=charged_url + "&sslpassword=pw-secret")
    assert refused.exit_code == 2
    assert "cannot be told sslpassword of TOLLHOUSE_DATABASE_URL" in refused.output
    assert "pw-secret" not in refused.output


@pytest.fixture
def dump(run: Run, charged_url: str, tmp_path: Path) -> Path:
    assert run("backup", "b.dump", database_url=charged_url).exit_code == 0
    return tmp_path / "b.dump"


def test_a_dump_that_is_cut_changes_nothing(run: Run, dump: Path, postgres: Postgres) -> None:
    if postgres.is_given:
        pytest.skip("a given server has one database")
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size * 3 // 4])
    url = postgres.new_database("elsewhere")
    refused = run("restore", str(dump), database_url=url)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    with closing(psycopg.connect(url)) as connection:
        (tables,) = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() or ()
    assert tables == 0


def test_a_dump_of_a_later_version_is_refused(run: Run, charged_url: str, postgres: Postgres, tmp_path: Path) -> None:
    if postgres.is_given:
        pytest.skip("a given server has one database")
    with closing(psycopg.connect(charged_url, autocommit=True)) as connection:
        (now,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ()
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        try:
            assert run("backup", "b.dump", database_url=charged_url).exit_code == 0
        finally:
            connection.execute("UPDATE alembic_version SET version_num = %s", [now])
    refused = run("restore", "b.dump", database_url=postgres.new_database("elsewhere"))
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert "The tables are of revision 9999, which this version does not know" in refused.output


def test_a_dump_of_another_database_is_refused(run: Run, postgres: Postgres, tmp_path: Path) -> None:
    if postgres.is_given:
        pytest.skip("a given server has one database")
    other = postgres.new_database("other")
    refused = run("backup", "b.dump", database_url=other)
    assert (refused.exit_code, refused.output) == (2, "tollhouse: The database holds no store of Tollhouse's.\n")
    subprocess.run([PROGRAMS / "pg_dump", "-Fc", "-f", tmp_path / "b.dump", other], check=True)
    refused = run("restore", "b.dump", database_url=postgres.new_database("elsewhere"))
    assert (refused.exit_code, refused.output) == (2, "tollhouse: b.dump holds no store of Tollhouse's.\n")


def test_keys_are_in_a_backup(backup: Path) -> None:
    """What the file's mode is for."""
    with closing(SqlStore(store_url(f"sqlite:///{backup}"))) as store, store.reading(1) as reader:
        assert reader.find(KeyFact)

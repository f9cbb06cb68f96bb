"""Dumps of a PostgreSQL store, by the programs that come with it: `pg_dump` and `pg_restore`.

They are told where the store is by their environment, as libpq is: nothing of it, and above all no password, is on a
command line, which everybody on the machine can read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from psycopg import pq
from sqlalchemy import Connection, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL

from tollhouse.store.backups.whole_file import BackupRefused, Told, written_whole
from tollhouse.store.store import SqlStore

MAGIC: Final = b"PGDMP"
#: How often it is told how far a dump is.
LOOK_SECONDS: Final = 0.2
_COMPLAINT_MAX: Final = 500
_REVISIONS: Final = "alembic_version"


def dump(store: SqlStore, target: Path, part: Path, told: Told, *, is_overwriting: bool = False) -> str:
    """The store as a dump, whole or not at all; the revision of its tables. Raises BackupRefused."""
    with store.reading_rows() as connection:
        revision = _revision(connection)
    with written_whole(target, part, is_overwriting=is_overwriting) as descriptor:
        _run(
            store.url,
            ["pg_dump", "--format=custom", "--no-password", f"--file={part}"],
            lambda: told(part.stat().st_size, 0),
            held=(descriptor,),
        )
    return revision


def revision_of(url: URL, file: Path) -> str:
    """The revision of the tables in a dump. Raises BackupRefused for one that is not of a store, or is damaged."""
    read = _run(url, ["pg_restore", "--data-only", f"--table={_REVISIONS}", "--file=-", str(file)], lambda: None)
    found = re.search(rf"^COPY \S*{_REVISIONS} .*\n(\w+)$", read, re.MULTILINE)
    if found is None:
        raise BackupRefused(f"{file} holds no store of Tollhouse's.")
    return found[1]


def bring_back(store: SqlStore, file: Path, told: Told) -> None:
    """Bring a dump into a database without tables: all of it, or nothing. Raises BackupRefused."""
    with store.reading_rows() as connection:
        if inspect(connection).get_table_names():
            raise BackupRefused(
                "The database is not empty: a backup is restored into one without tables. Make one with createdb."
            )
    into = f"--dbname={_quoted(str(store.url.database))}"
    how = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--no-password"]
    _run(store.url, ["pg_restore", *how, into, str(file)], lambda: told(0, 0))


def _revision(connection: Connection) -> str:
    if connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'citus'")).first() is not None:
        raise BackupRefused("With Citus a dump of one node is not of one moment: back up every node, as Citus says.")
    if not inspect(connection).has_table(_REVISIONS):
        raise BackupRefused("The database holds no store of Tollhouse's.")
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _run(url: URL, command: Sequence[str], look: Callable[[], None], held: tuple[int, ...] = ()) -> str:
    """Run one of the programs to its end, and give what it wrote. `held` are descriptors that live as long as it does.

    Raises BackupRefused with what it complains of.
    """
    environment = _environment(url)
    program = _program(command[0])
    with tempfile.TemporaryFile() as written, tempfile.TemporaryFile() as complaints:
        running = subprocess.Popen(  # noqa: S603 - a program of PostgreSQL's, with arguments of our own
            [program, *command[1:]],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=complaints,
            pass_fds=held,
        )
        try:
            while running.poll() is None:
                look()
                time.sleep(LOOK_SECONDS)
        finally:
            running.kill()
            running.wait()
        if running.returncode:
            complaints.seek(0)
            complaint = " ".join(complaints.read().decode(errors="replace").split())[:_COMPLAINT_MAX]
            raise BackupRefused(f"{command[0]} failed: {complaint}")
        written.seek(0)
        return written.read().decode(errors="replace")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupRefused(
            f"{name} is not installed: install PostgreSQL's client programs, of the server's version or later "
            "(on Debian the package postgresql-client)."
        )
    return found


def _environment(url: URL) -> dict[str, str]:
    """The address as the variables that libpq reads."""
    names = {option.keyword.decode(): option.envvar for option in pq.Conninfo.get_defaults()}
    given = dict(os.environ)  # noqa: TID251 - where the programs are, and libpq's own settings
    dialect: Any = postgresql.psycopg.dialect
    _, options = dialect().create_connect_args(url)
    for keyword, value in options.items():
        variable = names.get(keyword)
        if variable is None:
            raise BackupRefused(f"PostgreSQL's programs cannot be told {keyword} of TOLLHOUSE_DATABASE_URL.")
        given[variable.decode()] = str(value)
    return given


def _quoted(name: str) -> str:
    """A database's name as a connection string, however it is spelled."""
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"dbname='{escaped}'"

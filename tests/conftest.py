"""Fixtures that every folder of tests may use. What they are made of is in harness.py."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hypothesis import settings

from tests.harness import (
    InProcess,
    Postgres,
    Server,
    TestClock,
    empty,
    in_process,
    migrated_sqlite,
    prepared,
    provisioned_sqlite,
    sqlite_copy,
    start_server,
)
from tollhouse.config import Settings
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

ENGINES = ("sqlite", "postgresql")

# Whatever is tried by chance is the same in every run: a change is refused for what it does, not for what was drawn.
# The long tests draw anew each time. No example has to be quick.
settings.register_profile("every run", deadline=None, derandomize=True)
settings.register_profile("for long", deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("for long" if config.option.markexpr == "soak" else "every run")


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector of garbage need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with closing(Postgres()) as server:
        yield server


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The engine under test: whatever asks for `database_url` or `store` runs once on each."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store with tables."""
    if engine == "sqlite":
        return sqlite_copy(migrated_sqlite(), tmp_path)
    server: Postgres = request.getfixturevalue("postgres")
    return server.empty()


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    with closing(SqlStore(store_url(database_url))) as opened:
        yield opened


@pytest.fixture(scope="session")
def kept_sqlite() -> Iterator[SqlStore]:
    with tempfile.TemporaryDirectory(prefix="tollhouse-") as folder:
        url = sqlite_copy(migrated_sqlite(), Path(folder))
        with closing(SqlStore(store_url(url))) as opened:
            yield opened


@pytest.fixture(scope="session")
def kept_postgresql(postgres: Postgres) -> Iterator[SqlStore]:
    with closing(SqlStore(store_url(postgres.url))) as opened:
        yield opened


@pytest.fixture
def kept_store(engine: str, request: pytest.FixtureRequest) -> SqlStore:
    """An empty store that stays open from test to test, as a server's does: opening one takes longer than most tests.

    For tests that use nothing of a store but its rows.
    """
    kept: SqlStore = request.getfixturevalue(f"kept_{engine}")
    empty(kept)
    return kept


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def ledger(store: SqlStore, clock: TestClock) -> Ledger:
    return Ledger(store, clock)


@pytest.fixture
def tenant(store: SqlStore, clock: TestClock) -> TenantFact:
    """The tenant of golden/acme.toml."""
    return prepared(store, clock=clock)


@pytest.fixture
def acme_url(tmp_path: Path) -> str:
    """The address of a SQLite file with the tenants acme and beta."""
    return sqlite_copy(provisioned_sqlite(), tmp_path)


@pytest.fixture
def application(acme_url: str) -> Iterator[InProcess]:
    """The whole application without a network, over SQLite with the tenants acme and beta."""
    with in_process(Settings(database_url=acme_url)) as running:
        yield running


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers as processes of their own (see `start_server`) and ends them after the test."""
    with ExitStack() as running:

        def start(database_url: str, **options: object) -> Server:
            server = start_server(database_url, tmp_path, **options)  # type: ignore[arg-type]
            running.callback(server.kill)
            return server

        yield start

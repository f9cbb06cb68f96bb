"""Real servers for the scenarios: one a deployment, shared by the tests of a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.harness import Postgres, Server, prepared, provisioned_sqlite, sqlite_copy, start_server
from tollhouse.ledger.facts import CustomerFact, SummaryFact, TransactionFact
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

DEPLOYMENTS = {"sqlite": 1, "postgresql": 1, "postgresql, two workers": 2}


class Deployment:
    """A serving server, and its books as they are in the store."""

    def __init__(self, database_url: str, server: Server) -> None:
        self.database_url = database_url
        self.server = server

    def client(self, **options: Any) -> httpx.Client:
        return self.server.client(limits=httpx.Limits(max_connections=100, max_keepalive_connections=100), **options)

    def at_once(self, count: int, *requests: dict[str, Any]) -> list[httpx.Response]:
        """Post the requests in turn, `count` of them, from as many threads (up to 64)."""
        with self.client() as client, ThreadPoolExecutor(min(count, 64)) as pool:
            return list(pool.map(lambda index: client.post(**requests[index % len(requests)]), range(count)))

    def charges_of(self, **who: str) -> list[int]:
        """What the one customer with this name was charged; his summary says the same."""
        with closing(SqlStore(store_url(self.database_url))) as store, store.reading(1) as reader:
            (customer,) = reader.find(CustomerFact, **who)
            amounts = [t.gross_minor for t in reader.find(TransactionFact, customer_number=customer.number)]
            (summary,) = reader.find(SummaryFact, customer_number=customer.number)
            assert (summary.charge_count, summary.sum_minor) == (len(amounts), sum(amounts))
            return amounts

    def differences(self) -> list[str]:
        with closing(SqlStore(store_url(self.database_url))) as store:
            return verify(store).differences

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Nothing is committed meanwhile."""
        if self.database_url.startswith("sqlite"):
            with closing(SqlStore(store_url(self.database_url))) as store, store.writing_rows():
                yield
        else:
            with psycopg.connect(self.database_url) as connection:
                connection.execute("LOCK TABLE tenants IN ACCESS EXCLUSIVE MODE")
                yield


@contextmanager
def deployed(name: str, request: pytest.FixtureRequest, **settings: str) -> Iterator[Deployment]:
    with tempfile.TemporaryDirectory(prefix="tollhouse-") as folder:
        if name == "sqlite":
            url = sqlite_copy(provisioned_sqlite(), Path(folder))
        else:
            postgres: Postgres = request.getfixturevalue("postgres")
            url = postgres.empty()
            with closing(SqlStore(store_url(url))) as store:
                prepared(store)
        server = start_server(url, Path(folder), workers=DEPLOYMENTS[name], **settings)
        try:
            yield Deployment(url, server)
        finally:
            server.kill()


@pytest.fixture(scope="module", params=DEPLOYMENTS)
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    with deployed(request.param, request) as running:
        yield running
        assert running.differences() == []

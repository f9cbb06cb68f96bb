"""Fixtures of the ledger's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness import TestClock
from tests.ledger.telco import Telco
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.verifying import verify
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.store import SqlStore
from tollhouse.workers.runner import Runner


@pytest.fixture
def store(kept_store: SqlStore) -> SqlStore:
    return kept_store


@pytest.fixture
def database_url(store: SqlStore) -> str:
    """The store's address, for a second one beside it."""
    return store.url.render_as_string(hide_password=False)


@pytest.fixture
def telco(store: SqlStore, ledger: Ledger, clock: TestClock) -> Iterator[Telco]:
    """The tenant telco. Whatever the test did to it, its books add up."""
    opened = Telco(store, ledger, clock)
    yield opened
    assert opened.is_cooked or verify(store).differences == []


@pytest.fixture
def everybody(store: SqlStore, ledger: Ledger, clock: TestClock) -> Everybody:
    """Charges everybody on a plan."""
    return Everybody(store, ledger.execute, clock)


@pytest.fixture
def runner(store: SqlStore, ledger: Ledger, clock: TestClock, everybody: Everybody) -> Runner:
    """Charges what falls due."""
    return Runner(SqlDueQueries(store), ledger.execute, everybody, clock)

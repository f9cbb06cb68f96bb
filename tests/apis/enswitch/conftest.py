"""Fixtures of this door's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.apis.enswitch.client import Client
from tests.harness import InProcess
from tollhouse.apis.people import login
from tollhouse.clock import SystemClock
from tollhouse.passwords import password_matches
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore


@pytest.fixture
def acme(application: InProcess) -> Client:
    """Somebody who may do everything in the tenant acme."""
    return Client(application)


@pytest.fixture
def telco(application: InProcess) -> Client:
    """Somebody who may do everything in the tenant telco."""
    return Client(application, "telco")


@pytest.fixture
def beside(acme_url: str) -> Iterator[SqlStore]:
    """The application's store, from beside it."""
    with closing(SqlStore(store_url(acme_url))) as opened:
        yield opened


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that passwords were checked against."""
    seen: list[str] = []

    def check(password_hash: str, password: str) -> bool:
        seen.append(password_hash)
        return password_matches(password_hash, password)

    monkeypatch.setattr(login, "password_matches", check)
    return seen


@pytest.fixture
def pass_seconds(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets time go by at once."""
    passed, now = [0], SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda clock: now(clock) + sum(passed) * 1_000_000)
    return passed.append

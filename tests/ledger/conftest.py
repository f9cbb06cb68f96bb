"""Fixtures of the ledger's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness import TestClock
from tests.ledger.telco import Telco
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.verifying import verify
from tollhouse.store.store import SqlStore


@pytest.fixture
def telco(store: SqlStore, ledger: Ledger, clock: TestClock) -> Iterator[Telco]:
    """The tenant telco. Whatever the test did to it, its books add up."""
    opened = Telco(store, ledger, clock)
    yield opened
    assert opened.is_cooked or verify(store).differences == []

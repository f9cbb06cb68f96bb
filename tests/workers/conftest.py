"""Fixtures of the workers' tests."""

from __future__ import annotations

import pytest

from tollhouse.store.store import SqlStore


@pytest.fixture
def store(kept_store: SqlStore) -> SqlStore:
    return kept_store

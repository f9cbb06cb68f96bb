"""Fixtures of the machines' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness import Postgres, migrated_sqlite, sqlite_copy
from tests.machine.playing import NewStore


@pytest.fixture
def new_store(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> NewStore:
    """The address of an empty store with tables, each time anew; the one before is gone then."""

    def new() -> str:
        if engine == "sqlite":
            for old in tmp_path.iterdir():
                old.unlink()
            return sqlite_copy(migrated_sqlite(), tmp_path)
        postgres: Postgres = request.getfixturevalue("postgres")
        return postgres.empty()

    return new

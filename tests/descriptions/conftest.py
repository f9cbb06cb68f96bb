"""A server for those who ask by descriptions. Those who ask for long are not even put together where they do not run:
working out what may be sent takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import Server, provisioned_sqlite, sqlite_copy, start_server


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if collection_path.name == "test_for_long.py" and config.option.markexpr != "soak" else None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("described")
    running = start_server(sqlite_copy(provisioned_sqlite(), folder), folder)
    yield running
    running.kill()


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, str]:
    """Ids that Beacon's paths may name, by the part of the path before them."""
    body = {"user_id": "known", "events": [{"action": "a"}], "tags": ["a"], "custom_attributes": {"a": 1}}
    with server.client(key="sk_test_acme") as client:
        assert client.post("/track", json=body).status_code == 200
        lists = ("customers", "events", "tags", "traits")
        return {name: client.get(f"/v1/projects/acme/{name}").json()["data"][-1]["id"] for name in lists}

"""A backup that is made while charges are committed: all that was acknowledged before it, and clean books."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.harness import PROGRAMS, Postgres
from tests.scenarios.charging import Charging
from tests.scenarios.conftest import Deployment, deployed
from tollhouse import cli


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_a_backup_beside_a_busy_server(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", f"{PROGRAMS}:{os.environ['PATH']}")

    def run(address: str, *arguments: str) -> None:
        monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", address)
        done = CliRunner().invoke(cli.cli, list(arguments))
        assert done.exit_code == 0, done.output

    file = str(tmp_path / "busy.backup")
    elsewhere = f"sqlite:///{tmp_path}/restored.db"
    with deployed(name, request) as deployment:
        if name == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            if server.is_given:
                pytest.skip("a given server has one database")
            elsewhere = server.new_database("elsewhere")
        with closing(Charging(deployment.client, clients=4)) as charging:
            charging.wait_for_more(25)
            before = set(charging.charged)
            run(deployment.database_url, "backup", file)
            charging.wait_for_more(5)
            charging.end()
        run(elsewhere, "restore", file)
        restored = Deployment(elsewhere, deployment.server).charges_of(reference="steady")
    assert before <= set(restored) <= set(charging.charged)
    assert len(set(restored)) == len(restored)

"""Commands, run here over a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tollhouse import cli
from tollhouse.cli import books
from tollhouse.config import PREFIX, Settings

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command over a store, in the test's folder; `given` is its standard input."""
    for setting in Settings.__dataclass_fields__:
        monkeypatch.delenv(PREFIX + setting.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    # Logs are set up once for a process: not here, where the command's own errors would go on being written to.
    monkeypatch.setattr(books, "configure_logs", lambda _level: None)

    def invoke(*arguments: str, database_url: str | None = None, given: str | bytes | None = None) -> Result:
        if database_url is not None:
            monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", database_url)
        return CliRunner().invoke(cli.cli, list(arguments), input=given)

    return invoke

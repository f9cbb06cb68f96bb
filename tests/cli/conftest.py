"""Commands, run here over a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from tollhouse import cli
from tollhouse.cli import books, showing, status
from tollhouse.config import PREFIX, Settings

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command over a store, in the test's folder; `given` is its standard input."""
    for setting in Settings.__dataclass_fields__:
        monkeypatch.delenv(PREFIX + setting.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    # Logs are set up once for a process: not here, where the command's own errors would go on being written to.
    for module in (books, status):
        monkeypatch.setattr(module, "configure_logs", lambda _level: None)

    def invoke(*arguments: str, database_url: str | None = None, given: str | bytes | None = None) -> Result:
        if database_url is not None:
            monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", database_url)
        return CliRunner().invoke(cli.cli, list(arguments), input=given)

    return invoke


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have commands think that they write to a wide terminal without colours."""
    monkeypatch.setattr(showing, "is_terminal", lambda: True)
    for name, value in {"COLUMNS": "240", "NO_COLOR": "1", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)


def told(result: Result) -> Any:
    """What a command gave with --json, which is all that it wrote to standard output."""
    assert result.exit_code == 0, result.output
    return msgspec.json.decode(result.stdout)


def lines(result: Result) -> list[list[str]]:
    """What a command wrote into a pipe, as `cut` would see it."""
    assert result.exit_code == 0, result.output
    return [line.split("\t") for line in result.stdout.splitlines()]


def refused(result: Result) -> str:
    """The one sentence of a command that was refused, and wrote nothing else."""
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("tollhouse: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("tollhouse: ").removesuffix("\n")


def cannot(result: Result) -> str:
    """The sentence of a command that could not do its work, and wrote nothing else."""
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr.removeprefix("tollhouse: ").removesuffix("\n")

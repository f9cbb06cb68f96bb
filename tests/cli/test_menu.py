"""The menu, completion, and what all commands of nouns have in common."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from tests.cli.conftest import Run
from tests.harness import environment
from tollhouse.cli import cli
from tollhouse.cli.menu import COMMANDS

ROOT = Path(__file__).parent.parent.parent
PROGRAM = Path(sys.executable).with_name("tollhouse")
TOLD = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
WHOLE: Any = typer.main.get_command(cli)
#: Each of the program's commands, with its module loaded.
LOADED: dict[str, Any] = dict(WHOLE.commands)


#: Runs the program, and says at the end which modules were loaded for it.
TELLING = """
import sys, tollhouse.cli
sys.argv[0] = "tollhouse"
try:
    tollhouse.cli.main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def found() -> dict[str, Any]:
    """Commands of nouns, by their whole names."""
    return {
        f"{noun} {name}": command
        for noun, group in LOADED.items()
        for name, command in getattr(group, "commands", {}).items()
    }


FOUND = found()


def imported(*arguments: str, **environ: str) -> tuple[str, set[str]]:
    """What a process says that runs the program with these arguments in this environment, and modules it loads."""
    done = subprocess.run(
        [sys.executable, "-c", TELLING, *arguments],
        env=environment() | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout, set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", ["", "tollhouse customers "])
def test_help_and_completion_of_names_load_none_of_the_commands(words: str) -> None:
    asked = {
        "_TOLLHOUSE_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    said, loaded = imported(**asked) if words else imported("--help")
    assert said.split() == ["list", "show"] if words else "customers" in said
    assert "tollhouse.cli.frame" in loaded
    heavy = {"alembic", "argon2", "httpx", "psycopg", "sqlalchemy", "stripe", "tollhouse.app", "uvicorn"}
    assert loaded.isdisjoint(heavy), sorted(loaded & heavy)


def test_every_command_that_a_module_has_is_in_the_menu() -> None:
    assert list(LOADED) == list(COMMANDS)
    assert set(typer.main.get_command(cli).registered) == set(COMMANDS)  # type: ignore[attr-defined]


@pytest.mark.parametrize("noun", COMMANDS)
def test_the_menu_has_every_command_of_a_noun(noun: str) -> None:
    assert COMMANDS[noun].parts == tuple(getattr(LOADED[noun], "commands", ()))


def test_the_menu_says_of_a_command_what_its_help_says_more_of(run: Run) -> None:
    for name, command in COMMANDS.items():
        assert command.about.endswith("."), name
        assert LOADED[name].help, name
    shown = run("webhooks", "--help")
    assert shown.exit_code == 0
    assert "Usage: " in shown.output


def test_a_slip_is_told_with_what_may_be_meant(run: Run) -> None:
    slip = run("custmers")
    assert slip.exit_code == 2
    assert "customers" in slip.output


@pytest.mark.parametrize("command", FOUND)
def test_every_command_of_a_noun_is_told_with_all_its_options(command: str) -> None:
    section = re.search(rf"^### `tollhouse {command}(?![\w-])(.*?)(?=^##)", TOLD + "\n##", re.MULTILINE | re.DOTALL)
    assert section, command
    options = [option for parameter in FOUND[command].params for option in parameter.opts if option.startswith("--")]
    common = {"--help", "--tenant", "--json", "--limit", "--after"}
    assert [option for option in options if option not in section[1] and option not in common] == []


def test_every_command_of_a_noun_that_is_told_exists() -> None:
    assert sorted(re.findall(r"^### `tollhouse ([\w-]+ [\w-]+)", TOLD, re.MULTILINE)) == sorted(FOUND)


@pytest.mark.parametrize("command", FOUND)
def test_every_command_of_a_noun_takes_a_tenant_and_gives_json(command: str) -> None:
    options = {option for parameter in FOUND[command].params for option in parameter.opts}
    assert {"--tenant", "--json"} <= options


@pytest.mark.skipif(shutil.which("bash") is None or not PROGRAM.exists(), reason="there is no bash, or no program")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tollhouse", ""], set(COMMANDS)),
        (["tollhouse", "webhooks", "re"], {"replay", "replay-failed"}),
        (["tollhouse", "keys", "create", "x", "--kind", "s"], {"secret"}),
    ],
)
def test_bash_completes_nouns_commands_and_options(words: list[str], expected: set[str]) -> None:
    script = """
    eval "$(_TOLLHOUSE_COMPLETE=source_bash "$PROGRAM")"
    function_name=$(complete -p tollhouse | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
    "$function_name" tollhouse
    printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", *words],
        env=environment() | {"PATH": path, "PROGRAM": str(PROGRAM)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert set(done.stdout.split()) == expected, done.stderr

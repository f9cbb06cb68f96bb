"""Every command with what it takes, from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from reference.markdown import code, table
from reference.markdown import page as markdown_page
from tollhouse.cli import cli

_COLUMNS = ("takes", "meaning")


def commands() -> dict[str, Any]:
    """Every command by its whole name, those of groups after their group's."""
    return dict(_leaves(typer.main.get_command(cli), "tollhouse"))


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield name, command
        return
    for part, inner in sorted(command.commands.items()):
        if not inner.hidden:
            yield from _leaves(inner, f"{name} {part}")


def page() -> str:
    return markdown_page(
        "Commands",
        "Every command and what it takes. What they do, and what a script may rely on: [commands.md](../commands.md).",
        *(_section(name, command) for name, command in commands().items()),
    )


def _section(name: str, command: Any) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    usage = " ".join(("tollhouse", *name.split()[1:], *command.collect_usage_pieces(context)))
    rows = [
        (code(record[0]), record[1])
        for parameter in command.params
        if parameter.name != "help" and (record := parameter.get_help_record(context))
    ]
    said = " ".join((command.help or "").split())
    return "\n\n".join(filter(None, (f"## {code(name)}", said, f"```text\n{usage}\n```", table(_COLUMNS, rows))))

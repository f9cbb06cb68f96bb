"""How what was found is shown: tables on a terminal, tab-separated lines in a pipe, one JSON object where asked for.

What others wrote (names, descriptions) is shown as text and as nothing else: no control character, no markup of ours.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from tollhouse.domain.money import major_text
from tollhouse.ledger.clock import SECOND


class Money(NamedTuple):
    minor: int
    currency: str


class Instant(NamedTuple):
    """Microseconds since 1970-01-01 UTC."""

    at: int


Value: TypeAlias = str | int | bool | Money | Instant | Sequence[str] | Sequence[Money] | None


class Rows(NamedTuple):
    """A list: what it is called, its columns, and the rows. `next_after` is where the next page goes on, if there is
    one."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[Sequence[Value]]
    next_after: int | None = None


class Showing:
    """Shows in one way whatever a command found. Times are the tenant's where people read them, UTC in JSON."""

    def __init__(self, timezone: str, *, as_json: bool) -> None:
        self._zone = ZoneInfo(timezone)
        self._as_json = as_json
        self._on_terminal = is_terminal()

    def page(self, rows: Rows) -> None:
        """One page of a list."""
        if self._as_json:
            _echo_json({rows.name: self._objects(rows), "next": rows.next_after})
            return
        self._rows(rows)
        if rows.next_after is not None:
            typer.echo(f"There is more: --after {rows.next_after}", err=True)

    def one(self, fields: Mapping[str, Value], *lists: Rows) -> None:
        """One thing, and lists of what belongs to it."""
        if self._as_json:
            _echo_json({**self._object(fields), **{rows.name: self._objects(rows) for rows in lists}})
            return
        self._fields(fields)
        for rows in lists:
            typer.echo(f"\n{rows.name.replace('_', ' ').capitalize()}" if self._on_terminal else "")
            self._rows(rows)

    def note(self, sentence: str) -> None:
        """Something to read beside the result: it never comes between the lines of a pipe or into JSON."""
        typer.echo(sentence, err=True)

    # As JSON.

    def _objects(self, rows: Rows) -> list[dict[str, Any]]:
        return [self._object(dict(zip(rows.columns, row, strict=True))) for row in rows.rows]

    def _object(self, fields: Mapping[str, Value]) -> dict[str, Any]:
        return {name: _json_value(value) for name, value in fields.items()}

    # As text.

    def _rows(self, rows: Rows) -> None:
        if not self._on_terminal:
            typer.echo("\t".join(rows.columns))
            for row in rows.rows:
                typer.echo("\t".join(map(self._text, row)))
            return
        found = list(rows.rows)
        if not found:
            typer.echo("None.")
            return
        table = RichTable(box=None, pad_edge=False, header_style="bold")
        for place, column in enumerate(rows.columns):
            values = [row[place] for row in found]
            is_whole = place == 0 or _are(values, Money, Instant, int)
            table.add_column(column.replace("_", " "), overflow="fold", no_wrap=is_whole)
            table.columns[-1].justify = "right" if _are(values, Money, int) else "left"
        for row in found:
            table.add_row(*(Text(self._text(value)) for value in row))
        _console().print(table)

    def _fields(self, fields: Mapping[str, Value]) -> None:
        found = [(name, self._text(value)) for name, value in fields.items()]
        if not self._on_terminal:
            for line in found:
                typer.echo("\t".join(line))
            return
        # Never broken into lines: what is copied from here may be a secret that is shown this once.
        width = max(len(name) for name, _ in found)
        for name, text in found:
            said = Text.assemble((name.replace("_", " ").ljust(width), "bold"), "  ", text)
            _console().print(said, soft_wrap=True)

    def _text(self, value: Value) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Instant):
            return self._time(value)
        if isinstance(value, Money):
            return money_text(value)
        if isinstance(value, str | int):
            return plain(str(value))
        return ", ".join(self._text(part) for part in value)

    def _time(self, instant: Instant) -> str:
        """With its zone: as people call it on a terminal, as an offset in a pipe."""
        moment = datetime.fromtimestamp(instant.at // SECOND, self._zone)
        return f"{moment:%Y-%m-%d %H:%M:%S %Z}" if self._on_terminal else moment.isoformat()


def is_terminal() -> bool:
    return sys.stdout.isatty()


def money_text(value: Money) -> str:
    """With as many decimals as the currency has."""
    return f"{major_text(value.minor, value.currency, 0)} {value.currency}"


def plain(text: str) -> str:
    """One line without anything that a terminal, `cut` or `awk` would take for more than a letter."""
    return "".join(character if character.isprintable() else " " for character in text)


def instant_text(instant: Instant) -> str:
    """In UTC, as JSON has it."""
    return datetime.fromtimestamp(instant.at // SECOND, UTC).isoformat().replace("+00:00", "Z")


def _json_value(value: Value) -> Any:
    if isinstance(value, Money):
        return {
            "amount": major_text(value.minor, value.currency, 0),
            "minor": value.minor,
            "currency": value.currency,
        }
    if isinstance(value, Instant):
        return instant_text(value)
    return value if value is None or isinstance(value, str | int) else [_json_value(part) for part in value]


def _echo_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value))


def _are(values: Sequence[Value], *kinds: type) -> bool:
    return all(value is None or isinstance(value, kinds) for value in values)


def _console() -> Console:
    return Console(file=sys.stdout, force_terminal=True, highlight=False, markup=False, emoji=False)

"""The books to take away: `export`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from tollhouse.app.exports import exported
from tollhouse.cli.books import TenantOption, opened, tenant_called
from tollhouse.cli.frame import cli, explained, fail
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.exporting import EVER, Span

#: What a shell says of a program whose reader is gone.
READER_GONE: Final = 141
#: Bytes that are written at once.
WRITTEN_AT_ONCE: Final = 1 << 16


class Exportable(StrEnum):
    CHARGES = "charges"
    CUSTOMERS = "customers"
    TRANSACTIONS = "transactions"


class ExportFormat(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"
    BEANCOUNT = "beancount"


@cli.command(name="export")
def export_file(
    what: Annotated[Exportable, typer.Argument(help="What to write.")],
    *,
    form: Annotated[ExportFormat, typer.Option("--format", help="The form of the file.")] = ExportFormat.CSV,
    output: Annotated[Path | None, typer.Option(help="A file, whole or not at all; default: standard output.")] = None,
    since: Annotated[str, typer.Option("--from", metavar="DAY", help="From this day on, such as 2026-01-31.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="DAY", help="Before this day.")] = "",
    for_spreadsheets: Annotated[
        bool, typer.Option("--for-spreadsheets", help="CSV: keep texts from being taken for formulas.")
    ] = False,
    tenant: TenantOption = "",
) -> None:
    """Write charges, customers or transactions as CSV, JSON lines or a Beancount journal."""
    with explained(), opened() as back:
        if what == Exportable.CUSTOMERS and form == ExportFormat.BEANCOUNT:
            fail("Customers are no journal: export charges or transactions as beancount.")
        if what == Exportable.CUSTOMERS and (since or until):
            fail("--from and --to are for charges and transactions.")
        if for_spreadsheets and form != ExportFormat.CSV:
            fail("--for-spreadsheets is for csv.")
        span = Span(_instant("--from", since), _instant("--to", until)) if since or until else EVER
        found = tenant_called(back, tenant)
        texts = exported(back.store, found, what.value, form.value, span=span, for_spreadsheets=for_spreadsheets)
        if output is None:
            _to_standard_output(texts)
        else:
            _to_file(texts, output)


def _to_standard_output(texts: Iterator[str]) -> None:
    try:
        _write(texts, sys.stdout.buffer)
    except BrokenPipeError:
        # What is still buffered has nowhere to go, and must not complain when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(READER_GONE)


def _to_file(texts: Iterator[str], output: Path) -> None:
    """Write beside the file, and put that in its place when it is whole."""
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            _write(texts, file)
        part.replace(output)
    except OSError as error:
        part.unlink(missing_ok=True)
        fail(f"{output} cannot be written: {error.strerror}.")


def _write(texts: Iterator[str], file: BinaryIO) -> None:
    pieces: list[str] = []
    length = 0
    for text in texts:
        pieces.append(text)
        length += len(text)
        if length >= WRITTEN_AT_ONCE:
            file.write("".join(pieces).encode())
            pieces, length = [], 0
    file.write("".join(pieces).encode())
    file.flush()


def _instant(option: str, day: str) -> int | None:
    """The beginning of a day in UTC."""
    if not day:
        return None
    try:
        first = date.fromisoformat(day)
    except ValueError:
        fail(f"{option} {day}: must be a day such as 2026-01-31.")
    return int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()) * SECOND

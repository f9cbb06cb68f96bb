"""Rows as the text of a file: CSV by RFC 4180, or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from tollhouse.apis.files.rows import Row

#: What a spreadsheet takes for the beginning of a formula.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(columns: Sequence[str], rows: Iterable[Row], *, for_spreadsheets: bool) -> Iterator[str]:
    """The header, then a line for each row, ending with a carriage return and a newline.

    Cells are exact, so that they can be brought in again; for spreadsheets a text that would be a formula there gets an
    apostrophe before it.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(columns)
    yield _taken(written)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row] if for_spreadsheets else row)
        yield _taken(written)


def json_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """An object for each row, with a null for what there is not."""
    for row in rows:
        yield json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n"


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def _taken(written: io.StringIO) -> str:
    text = written.getvalue()
    written.seek(0)
    written.truncate()
    return text

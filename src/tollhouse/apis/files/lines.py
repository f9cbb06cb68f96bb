"""The rows of a file as they stand there, each with the line on which it starts: CSV or JSON lines, in UTF-8.

A row that cannot be read is told and passed over; what is wrong with the file as a whole is raised before the first.
Nothing is held but the row at hand, however long the file or a line of it is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO, Final, NamedTuple

from tollhouse.apis.strict_json import JsonMalformed, parse

CSV: Final = "csv"
JSON_LINES: Final = "jsonl"

#: Bytes of one line.
LINE_MAX: Final = 65_536

_BOM: Final = b"\xef\xbb\xbf"
_OTHER_STARTS: Final = {
    b"\xff\xfe": "The file is UTF-16: save it as UTF-8.",
    b"\xfe\xff": "The file is UTF-16: save it as UTF-8.",
    b"\x1f\x8b": "The file is compressed: give what `zcat` makes of it to `tollhouse import charges -`.",
    b"PK": "The file is a spreadsheet or an archive: export it as CSV.",
}
#: What stands in a row for a line that was passed over: no UTF-8 holds it, and no byte that is none becomes it.
_TOO_LONG: Final = "\udfff"
#: Without exponents: a spreadsheet that writes 1.23457E+11 has lost digits.
_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,20})?")


class FileRefused(ValueError):
    """The file as a whole cannot be read; the sentence says why."""


class Row(NamedTuple):
    """The fields of a row by their names, or why it cannot be read."""

    line: int
    fields: dict[str, Any]
    refusal: str


def format_of(name: str, start: bytes) -> str:
    """The format of a file by its name, else by how it starts."""
    ending = name.lower().rpartition(".")[2]
    if ending in ("jsonl", "ndjson", "json"):
        return JSON_LINES
    if ending in ("csv", "txt"):
        return CSV
    return JSON_LINES if start.removeprefix(_BOM).lstrip()[:1] in (b"{", b"[") else CSV


def rows(stream: BinaryIO, form: str, columns: Sequence[str], required: Sequence[str]) -> Iterator[Row]:
    """The rows of a file. None has another field than these columns; a header must have the required ones. Raises
    FileRefused."""
    start = stream.read(1024)
    for mark, sentence in _OTHER_STARTS.items():
        if start.startswith(mark):
            raise FileRefused(sentence)
    stream.seek(len(_BOM) if start.startswith(_BOM) else 0)
    if form == JSON_LINES:
        if start.removeprefix(_BOM).lstrip().startswith(b"["):
            raise FileRefused("The file is one JSON array: write an object a line, as `jq -c '.[]'` does.")
        return _json_rows(stream, columns)
    reader = csv.reader(_texts(stream), strict=True)
    return _csv_rows(reader, _header(reader, columns, required))


# CSV.


def _csv_rows(reader: Any, header: list[str]) -> Iterator[Row]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, {}, _told(error, line, reader.line_num))
            continue
        if len(cells) == len(header) and cells != header:
            refusal = _unreadable("".join(cells)) if not "".join(cells).isascii() else ""
            yield Row(line, {} if refusal else _fields(header, cells), refusal)
        elif cells:
            yield Row(line, {}, _misshapen(header, cells))


def _header(reader: Any, columns: Sequence[str], required: Sequence[str]) -> list[str]:
    """The names of the columns, from the first line that is not empty."""
    try:
        header: list[str] = next((cells for cells in reader if cells), [])
    except csv.Error as error:
        raise FileRefused(f"The header {_told(error, 1, reader.line_num)}.") from error
    if not header:
        raise FileRefused("The file is empty: its first line names the columns.")
    if unreadable := _unreadable("".join(header)):
        raise FileRefused(f"The header {unreadable}.")
    unknown = [name for name in header if name not in columns]
    if unknown and len(header) == 1 and re.search(r"[;\t|]", header[0]):
        raise FileRefused("The columns must be separated by commas.")
    if unknown:
        raise FileRefused(
            f"The header names the column {unknown[0][:40]!r}, which is none of {', '.join(columns[:5])}: rename it or"
            " leave it out."
        )
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise FileRefused(f"The header names the column {twice[0]} twice.")
    missing = [name for name in required if name not in header]
    if missing:
        raise FileRefused(f"The header does not name the column {missing[0]}; its cells may be empty.")
    if not {"user_id", "email"} & set(header):
        raise FileRefused("The header names neither user_id nor email.")
    return header


def _texts(stream: BinaryIO) -> Iterator[str]:
    """Line by line. Bytes that are no UTF-8 become surrogates, a line that is too long a mark."""
    while line := stream.readline(LINE_MAX):
        if len(line) == LINE_MAX and not line.endswith(b"\n"):
            _pass_over_line(stream)
            yield f"{_TOO_LONG}\n"
        else:
            yield line.decode("utf-8", "surrogateescape")


def _pass_over_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(LINE_MAX)) and not rest.endswith(b"\n"):
        pass


def _fields(header: list[str], cells: list[str]) -> dict[str, Any]:
    """The cells by their columns; an empty one is absent. Numbers may have decimals, as many a program writes them."""
    fields: dict[str, Any] = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
    for name in ("amount", "created_at"):
        cell = fields.get(name, "")
        if not cell.isdigit() and _NUMBER.fullmatch(cell):
            fields[name] = Decimal(cell)
    return fields


def _misshapen(header: list[str], cells: list[str]) -> str:
    if cells == header:
        return "is the header again"
    return _unreadable("".join(cells)) or f"has {len(cells)} cells where the header has {len(header)}"


def _unreadable(text: str) -> str:
    if _TOO_LONG in text:
        return f"is longer than {LINE_MAX} bytes"
    if any("\udc80" <= character <= "\udcff" for character in text):
        return "is not UTF-8"
    return ""


def _told(error: csv.Error, first: int, last: int) -> str:
    """What is wrong with a row, in words of ours where Python's help nobody."""
    told = str(error)
    if "unexpected end of data" in told:
        return f"opens a quotation mark that is not closed before the end of the file; lines {first} to {last} are lost"
    if "field limit" in told:
        return f"opens a quotation mark that is not closed soon; lines {first} to {last} are passed over"
    if "new-line" in told:
        return "ends with a carriage return alone: end lines with a newline"
    return f"is not CSV: {told}"


# JSON lines.


def _json_rows(stream: BinaryIO, columns: Sequence[str]) -> Iterator[Row]:
    known = frozenset(columns)
    line = 0
    while text := stream.readline(LINE_MAX):
        line += 1
        if len(text) == LINE_MAX and not text.endswith(b"\n"):
            _pass_over_line(stream)
            yield Row(line, {}, f"is longer than {LINE_MAX} bytes")
        elif text.strip():
            yield _json_row(line, text, known)


def _json_row(line: int, text: bytes, known: frozenset[str]) -> Row:
    try:
        fields = parse(text)
    except JsonMalformed as error:
        # "The body is not valid JSON.", says what reads requests.
        return Row(line, {}, str(error).removeprefix("The body ").rstrip("."))
    if not isinstance(fields, dict):
        return Row(line, {}, "is not a JSON object")
    unknown = [name for name in fields if name not in known]
    return Row(line, {}, f"has an unknown field {unknown[0][:40]!r}") if unknown else Row(line, fields, "")

"""The rows of a file as they stand there: what is read, what is told and passed over, and on which line."""

from __future__ import annotations

import io
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from tollhouse.apis.files.columns import CHARGES, REQUIRED
from tollhouse.apis.files.lines import CSV, JSON_LINES, LINE_MAX, FileRefused, Row, format_of, rows

HEADER = b"user_id,email,amount,created_at\n"


def read(content: bytes, form: str = CSV) -> list[Row]:
    return list(rows(io.BytesIO(content), form, CHARGES, REQUIRED))


def told(content: bytes, form: str = CSV) -> dict[int, Any]:
    """By line: the fields, or the refusal."""
    return {row.line: row.refusal or row.fields for row in read(content, form)}


@pytest.mark.parametrize(
    ("name", "start", "form"),
    [
        ("a.csv", b"{", CSV),
        ("a.CSV", b"", CSV),
        ("a.jsonl", b"user_id", JSON_LINES),
        ("a.ndjson", b"", JSON_LINES),
        ("", b"user_id,", CSV),
        ("", b'\xef\xbb\xbf \n {"', JSON_LINES),
        ("export", b'{"user_id"', JSON_LINES),
    ],
)
def test_the_format_is_that_of_the_name_else_of_the_beginning(name: str, start: bytes, form: str) -> None:
    assert format_of(name, start) == form


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_lines_end_as_they_will(ending: bytes, bom: bytes) -> None:
    content = bom + HEADER + b"u1,,5,1\nu2,a@b,6,\n\n\nu3,,7,3"
    assert told(content.replace(b"\n", ending)) == {
        2: {"user_id": "u1", "amount": "5", "created_at": "1"},
        3: {"user_id": "u2", "email": "a@b", "amount": "6"},
        6: {"user_id": "u3", "amount": "7", "created_at": "3"},
    }


def test_columns_come_in_any_order_and_quoted_texts_over_several_lines() -> None:
    content = b'created_at,amount,user_id\n1,5,"one\n""two"",\nthree"\n2,6,"u,2"\n'
    assert told(content) == {
        2: {"user_id": 'one\n"two",\nthree', "amount": "5", "created_at": "1"},
        5: {"user_id": "u,2", "amount": "6", "created_at": "2"},
    }


def test_columns_of_an_export_are_passed_over() -> None:
    assert told(b"user_id,amount,created_at,amount_major,door\nu1,5,1,0.05,beacon\n") == {
        2: {"user_id": "u1", "amount": "5", "created_at": "1", "amount_major": "0.05", "door": "beacon"}
    }


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1999", "1999"),
        ("1999.0", Decimal("1999.0")),
        ("1.23457E+11", "1.23457E+11"),
        ("-5", Decimal("-5")),
        ("19.99", Decimal("19.99")),
        ("$5", "$5"),
        (" 5", " 5"),
        ("1_000", "1_000"),
        ("NaN", "NaN"),
        ("\u0663", "\u0663"),
        ("9" * 50, "9" * 50),
    ],
)
def test_numbers_may_have_decimals_but_no_exponents(cell: str, value: str | Decimal) -> None:
    (row,) = read(HEADER + f"u1,,{cell},1\n".encode())
    assert row.fields["amount"] == value
    assert type(row.fields["amount"]) is type(value)


REFUSED_ROWS = {
    b"u1,,5\n": "has 3 cells where the header has 4",
    b"u1,,5,1,9\n": "has 5 cells where the header has 4",
    b"  \n": "has 1 cells where the header has 4",
    HEADER: "is the header again",
    "ü1,,5,1\n".encode("latin-1"): "is not UTF-8",
    "ü1,5\n".encode("latin-1"): "is not UTF-8",
    b'u1,"a"b,5,1\n': "is not CSV: ',' expected after '\"'",
    b"u1,,5\r,1\n": "ends with a carriage return alone: end lines with a newline",
    b"u" * LINE_MAX + b",,5,1\n": f"is longer than {LINE_MAX} bytes",
    b"u" * (3 * LINE_MAX) + b"\n": f"is longer than {LINE_MAX} bytes",
}


@pytest.mark.parametrize("line", REFUSED_ROWS, ids=lambda line: repr(line[:30]) + str(len(line)))
def test_a_row_that_cannot_be_read_is_told_and_passed_over(line: bytes) -> None:
    found = told(HEADER + b"u1,,5,1\n" + line + b"u2,,6,2\n")
    assert found[3] == REFUSED_ROWS[line]
    assert sorted(found) == [2, 3, 4]


def test_a_quotation_mark_that_is_never_closed_is_told_with_what_it_swallows() -> None:
    content = HEADER + b'u1,,5,1\nu2,"oops,6,2\nu3,,7,3\n'
    assert told(content) == {
        2: {"user_id": "u1", "amount": "5", "created_at": "1"},
        3: "opens a quotation mark that is not closed before the end of the file; lines 3 to 4 are lost",
    }
    long = HEADER + b'u2,"oops,6,2\n' + b"u3,,7,3\n" * 20_000
    first, *rest = read(long)
    assert first.line == 2
    assert first.refusal.startswith("opens a quotation mark that is not closed soon; lines 2 to 16")
    assert rest[0].line == int(first.refusal.split()[-4]) + 1
    assert rest[-1].line == 20_002


REFUSED_OBJECTS = {
    b"{": "is not valid JSON",
    b"[1]": "is not a JSON object",
    b'{"amount": 1, "amount": 2}': "A key is given twice in one object",
    b'{"amount": NaN}': "NaN and Infinity are not JSON",
    b'{"amount": 1, "createdAt": 5}': "has an unknown field 'createdAt'",
    b'{"user_id": "\xfc"}': "is not valid UTF-8",
    b'{"user_id": "' + b"x" * LINE_MAX + b'"}': f"is longer than {LINE_MAX} bytes",
    b"[" * 60_000: "is nested too deeply",
}


@pytest.mark.parametrize("line", REFUSED_OBJECTS, ids=lambda line: repr(line[:30]))
def test_json_lines(line: bytes) -> None:
    good = b'{"user_id": 7, "amount": 1.0, "created_at": null}\n'
    assert told(b"\xef\xbb\xbf" + good + b"\n  \n" + line + b"\n" + good, JSON_LINES) == {
        1: {"user_id": 7, "amount": Decimal("1.0"), "created_at": None},
        4: REFUSED_OBJECTS[line],
        5: {"user_id": 7, "amount": Decimal("1.0"), "created_at": None},
    }


def test_a_json_array_is_told() -> None:
    for name in ("charges.json", ""):
        content = b'\xef\xbb\xbf [{"amount": 1}]'
        with pytest.raises(FileRefused, match="one JSON array"):
            read(content, format_of(name, content))


class Endless(io.RawIOBase):
    """A line that never ends, as long as one reads, up to a bound."""

    def __init__(self, length: int) -> None:
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        count = min(len(into), self._left)
        into[:count] = b"x" * count
        self._left -= count
        return count


def test_a_line_without_an_end_needs_no_memory() -> None:
    class Unseekable(io.BufferedReader):
        def seek(self, *_: Any) -> int:
            return 0

    tracemalloc.start()
    with pytest.raises(FileRefused, match="longer than"):
        list(rows(Unseekable(Endless(30_000_000)), CSV, CHARGES, REQUIRED))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000

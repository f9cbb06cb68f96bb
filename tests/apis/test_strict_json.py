"""JSON as money needs it: nothing is said twice, no number becomes a float, nothing is guessed."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.apis.strict_json import DIGITS_MAX, JsonMalformed, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_every_value_comes_back(value: Any, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_malformed(body: bytes) -> None:
    with contextlib.suppress(JsonMalformed):
        parse(body)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**18), max_value=10**18))
def test_decimals_stay_exact(value: Decimal) -> None:
    (parsed,) = parse(f"[{value:f}]".encode())
    assert parsed == value
    assert isinstance(parsed, Decimal)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("1e3", Decimal(1000)),
        ("1E+2", Decimal(100)),
        ("0.1", Decimal("0.1")),
        ("1e999", Decimal("1e999")),
        (" [1 , 2]\n", [1, 2]),
        ('"\\u00e9\\ud83d\\ude42"', "é🙂"),
        ("9" * DIGITS_MAX, int("9" * DIGITS_MAX)),
    ],
)
def test_numbers_and_texts(text: str, value: Any) -> None:
    parsed = parse(text.encode())
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"1 2", "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b"[1,]", "not valid JSON"),
        (b"01", "not valid JSON"),
        (b"+1", "not valid JSON"),
        (b".5", "not valid JSON"),
        (b"tru", "not valid JSON"),
        (b'"\x01"', "not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b"NaN", "NaN and Infinity"),
        (b"[-Infinity]", "NaN and Infinity"),
        (b'"\xff"', "not valid UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not valid UTF-8"),
        (b'{"a": 1, "a": 1}', "given twice"),
        (b'[{"b": {"a": 1, "\\u0061": 2}}]', "given twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"1" * (DIGITS_MAX + 1), "too many digits"),
        (b"-0." + b"1" * DIGITS_MAX, "too many digits"),
        (b"1" * 10_000, "too many digits"),
    ],
    ids=range(22),
)
def test_what_is_malformed_says_why_and_repeats_nothing(body: bytes, sentence: str) -> None:
    with pytest.raises(JsonMalformed, match=sentence) as caught:
        parse(body)
    assert len(str(caught.value)) < 60

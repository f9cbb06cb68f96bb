"""Reading what was sent: whatever it is, it is values or faults, and never anything else."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.apis.enswitch import functions
from tollhouse.apis.enswitch.functions.charges import CREATE_CHARGE, GET_CHARGE, UPDATE_CHARGE
from tollhouse.apis.enswitch.functions.customers import GET_CUSTOMER
from tollhouse.apis.enswitch.functions.parameters import NAME_LENGTH_MAX
from tollhouse.apis.enswitch.sent import NO_ID, Given, Invalid, Sent
from tollhouse.domain.decimals import decimal_text

TYPES = [None, "application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "?;=,"]


def faults(values: Given) -> Sequence[tuple[str, str]]:
    try:
        values.check()
    except Invalid as error:
        return error.faults
    return []


@given(
    query=st.binary() | st.from_regex(rb"(name|customer|amount|end|period)=[^&;]*([&;]?)", fullmatch=True),
    body=st.binary() | st.from_regex(rb"--x\r\n[^x]*--x--", fullmatch=True) | st.from_regex(rb"\{.*\}", fullmatch=True),
    content_type=st.sampled_from(TYPES),
)
def test_anything_is_values_or_faults(query: bytes, body: bytes, content_type: str | None) -> None:
    sent = Sent(query, body, content_type)
    for function in functions.FUNCTIONS:
        names = {"", *(parameter.name for parameter in function.parameters)}
        assert all(
            name in names and sentence.endswith(".") for name, sentence in faults(Given(sent, function.parameters))
        )


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=NAME_LENGTH_MAX))
def test_a_text_survives_both_encodings(text: str) -> None:
    for encoded in (quote(text, safe=""), quote_plus(text)):
        values = Given(Sent(f"name={encoded}".encode(), b"", None), GET_CUSTOMER.parameters)
        values.check()
        assert values.get("name") == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("0", 0), ("-0", 0), ("123", 123), ("00000000000000000000000123", 123), (str(2**53 - 1), 2**53 - 1)],
        *[(str(2**53), NO_ID), ("-1", NO_ID), ("-" + "9" * 99, NO_ID), ("9" * 9999, NO_ID)],
    ],
)
def test_an_id_that_cannot_be_is_nobodys(text: str, value: int) -> None:
    assert Given(Sent(f"id={text}".encode(), b"", None), GET_CHARGE.parameters).get("id") == value


@pytest.mark.parametrize(
    "text",
    [
        *["", "+", "-", "+1", "1.", "1.0", "1e3", "0x1", "1_000", "1 000", "1,000", " 1", "1%20", "1%0A", "--1"],
        *["\u0663", "NaN", "true", "null", "%00"],
    ],
)
def test_other_spellings_are_no_integer(text: str) -> None:
    values = Given(Sent(f"id={text}".encode(), b"", None), GET_CHARGE.parameters)
    assert faults(values) == [("id", "id must be an integer.")]


@pytest.mark.parametrize(
    ("text", "value"), [("10.50", "10.50"), ("-0.000001", "-0.000001"), ("007", "7.00"), ("999999999999999", None)]
)
def test_a_decimal_is_exact(text: str, value: str | None) -> None:
    amount = Given(Sent(f"amount={text}".encode(), b"", None), CREATE_CHARGE.parameters).get("amount")
    assert decimal_text(amount) == (value or f"{text}.00")


@pytest.mark.parametrize(
    "text",
    [
        *["", ".5", "5.", "1,50", "1e3", "%2B1", "1.2.3", "NaN", "Infinity", "-Infinity", "0x10", "1_0", "1 0"],
        *["1" * 16, "0.0000001", "9" * 9999, "\u0663.\u0665"],
    ],
)
def test_other_spellings_are_no_decimal(text: str) -> None:
    values = Given(Sent(f"amount={text}".encode(), b"", None), UPDATE_CHARGE.parameters)
    assert [name for name, _ in faults(values)] == ["id", "amount"]

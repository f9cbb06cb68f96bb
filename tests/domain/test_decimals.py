"""Decimals from text and back: bounded, exact, without echo of what was refused."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.decimals import (
    EXACT,
    DecimalMalformed,
    DecimalOutOfRange,
    decimal_from_text,
    decimal_text,
    fraction_text,
)

HOSTILE = Context(prec=2, rounding=ROUND_FLOOR, Emax=1, Emin=-1, traps=[])

MALFORMED = [
    *["", " ", "-", "+1", ".5", "5.", "1.", "-.5", "--1", "1,5", "1 000", "1_000", "1e3", "1E3", "0x10"],
    *["NaN", "nan", "sNaN", "Infinity", "-inf", " 1", "1 ", "1\n", "\t1", "1.2.3", "1.-2", "1\0"],
    *["\uff11", "٣", "१२", "1.٣", "²", "½", "\u22121", "\ud800"],
]


@pytest.mark.parametrize("text", MALFORMED)
def test_anything_but_ascii_digits_and_one_point_is_malformed(text: str) -> None:
    with pytest.raises(DecimalMalformed):
        decimal_from_text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("10.50", "10.5"),
        ("-10.50", "-10.5"),
        ("007", "7"),
        ("0.000001", "0.000001"),
        ("123456789012345.123456", "123456789012345.123456"),
        ("-999999999999999.999999", "-999999999999999.999999"),
    ],
)
def test_a_number_is_read_exactly_and_in_one_form(text: str, expected: str) -> None:
    value = decimal_from_text(text)
    assert str(value) == expected
    assert not (value.is_zero() and value.is_signed())


@pytest.mark.parametrize("text", ["1000000000000000", "-1234567890123456", "0.0000001", "1.1234567", "9" * 5000])
def test_more_than_fifteen_digits_or_six_decimals_are_out_of_range(text: str) -> None:
    with pytest.raises(DecimalOutOfRange):
        decimal_from_text(text)


def test_zeros_that_say_nothing_do_not_count_towards_the_bounds() -> None:
    assert decimal_from_text("0" * 1000 + "12.34" + "0" * 1000) == Decimal("12.34")


def test_the_bounds_can_be_set() -> None:
    assert decimal_from_text("99.9", integer_digits_max=2, decimals_max=1) == Decimal("99.9")
    with pytest.raises(DecimalOutOfRange):
        decimal_from_text("100", integer_digits_max=2, decimals_max=1)
    with pytest.raises(DecimalOutOfRange):
        decimal_from_text("1.25", integer_digits_max=2, decimals_max=1)
    assert decimal_from_text("123456789012345678.123456", integer_digits_max=18) == Decimal("123456789012345678.123456")


@pytest.mark.parametrize("text", ["secret-token", "4242424242424242", "0.12345678"])
def test_a_refusal_does_not_repeat_what_was_sent(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as refused:
        decimal_from_text(text)
    assert text not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "places_min", "expected"),
    [
        ("49", 2, "49.00"),
        ("49.5", 2, "49.50"),
        ("1.2340", 2, "1.234"),
        ("1.2340", 0, "1.234"),
        ("500", 0, "500"),
        ("500.00", 0, "500"),
        ("0", 2, "0.00"),
        ("-0.000", 2, "0.00"),
        ("-0.01", 2, "-0.01"),
        ("1E+3", 2, "1000.00"),
        ("-1E-7", 2, "-0.0000001"),
        ("123456789012345678.123456", 2, "123456789012345678.123456"),
    ],
)
def test_a_number_is_written_plainly_with_at_least_so_many_decimals(value: str, places_min: int, expected: str) -> None:
    with localcontext(HOSTILE):
        assert decimal_text(Decimal(value), places_min) == expected


def test_two_decimals_are_written_unless_told_otherwise() -> None:
    assert decimal_text(Decimal(9)) == "9.00"


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_a_number_is_not_written(value: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        decimal_text(Decimal(value))


@given(millionths=st.integers(-(10**21) + 1, 10**21 - 1), places_min=st.integers(0, 8))
def test_text_survives_the_way_there_and_back_in_any_context(millionths: int, places_min: int) -> None:
    sign, digits = ("-" if millionths < 0 else ""), str(abs(millionths)).rjust(7, "0")
    with localcontext(HOSTILE):
        value = decimal_from_text(f"{sign}{digits[:-6]}.{digits[-6:]}")
        written = decimal_text(value, places_min)
        read_again = decimal_from_text(written, decimals_max=8)
    assert value.as_integer_ratio() == Decimal(f"{millionths}E-6").as_integer_ratio()
    assert read_again.as_tuple() == value.as_tuple()
    decimals = written.partition(".")[2]
    assert len(decimals) >= places_min
    assert len(decimals) == places_min or not decimals.endswith("0")


@given(coefficient=st.integers(), exponent=st.integers(-20, 20), times=st.integers())
def test_exact_arithmetic_does_not_depend_on_the_context(coefficient: int, exponent: int, times: int) -> None:
    value = Decimal(f"{coefficient}E{exponent}")
    with localcontext(HOSTILE):
        product = EXACT.multiply(value, Decimal(times))
    assert product.as_integer_ratio() == Decimal(f"{coefficient * times}E{exponent}").as_integer_ratio()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[("0", "0"), ("1", "1"), ("100", "100"), ("-7", "-7"), ("11/10", "1.1"), ("3/25", "0.12"), ("-1/8", "-0.125")],
        *[("1/16", "0.0625"), ("10/11", "10/11"), ("-7/3", "-7/3"), ("1/1000000007", "1/1000000007")],
    ],
)
def test_a_fraction_is_written_as_decimals_where_they_come_to_an_end(value: str, text: str) -> None:
    assert fraction_text(Fraction(value)) == text


@given(value=st.fractions())
def test_a_fraction_survives_being_written(value: Fraction) -> None:
    with localcontext(HOSTILE):
        text = fraction_text(value)
    assert Fraction(text) == value

"""Money: exponents, exactness, and the one way to round."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Context, Decimal, Inexact, Rounded, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain import money

HOSTILE = Context(prec=1, rounding=ROUND_FLOOR, Emax=1, Emin=-1, traps=[Inexact, Rounded])
"""A context in which any operation that depends on it fails or goes wrong."""

EXPONENTS = {"JPY": 0, "CLP": 0, "USD": 2, "EUR": 2, "KWD": 3, "BHD": 3, "CLF": 4}
currencies = st.sampled_from(sorted(EXPONENTS))


def test_amounts_fit_javascript_and_sums_fit_64_bits() -> None:
    assert money.AMOUNT_MINOR_MAX == 9_007_199_254_740_991
    assert money.SUM_MINOR_MAX == 9_223_372_036_854_775_807


def nearest_away_from_zero(numerator: int, denominator: int) -> int:
    """By the definition: of all integers near, the nearest, and of two equally near the greater magnitude."""
    floor = numerator // denominator
    near = [floor - 1, floor, floor + 1, floor + 2]
    return min(near, key=lambda n: (abs(n * denominator - numerator), -abs(n)))


@pytest.mark.parametrize(("currency", "places"), EXPONENTS.items())
def test_a_currency_has_its_iso_4217_exponent(currency: str, places: int) -> None:
    assert money.is_currency(currency)
    assert money.exponent(currency) == places


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "XAG", "XPT", "XPD", "XDR", "XBA", "XSU", "XUA"])
def test_metals_and_test_codes_are_no_currencies(code: str) -> None:
    assert not money.is_currency(code)
    with pytest.raises(money.UnknownCurrency):
        money.exponent(code)


@pytest.mark.parametrize("code", ["", "usd", "Usd", "USD ", "US", "USDT", "DEM", "ABC", "840", "\u212aWD"])
def test_other_spellings_and_old_money_are_no_currencies(code: str) -> None:
    assert not money.is_currency(code)
    with pytest.raises(money.UnknownCurrency) as refused:
        money.exponent(code)
    assert refused.value.currency == code


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2.5", 3), ("-2.5", -3), ("0.5", 1), ("-0.5", -1), ("0.49999999", 0), ("-0.49999999", 0), ("1.5", 2)],
)
def test_the_middle_goes_away_from_zero(value: str, expected: int) -> None:
    with localcontext(HOSTILE):
        assert money.round_half_away(Decimal(value)) == expected
        assert money.round_half_away(Fraction(value)) == expected


@given(numerator=st.integers(), denominator=st.integers(1, 10**9))
def test_a_fraction_goes_to_the_nearest_integer(numerator: int, denominator: int) -> None:
    expected = nearest_away_from_zero(numerator, denominator)
    assert money.round_half_away(Fraction(numerator, denominator)) == expected


@given(coefficient=st.integers(-(10**40), 10**40), decimals=st.integers(0, 40))
def test_a_decimal_goes_to_the_nearest_integer_in_any_context(coefficient: int, decimals: int) -> None:
    value = Decimal(f"{coefficient}E-{decimals}")
    with localcontext(HOSTILE):
        rounded = money.round_half_away(value)
    assert rounded == nearest_away_from_zero(coefficient, 10**decimals)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1E+60", "1E+999999", "-1E+999999999"])
def test_what_cannot_be_an_amount_is_out_of_range_at_once(value: str) -> None:
    with pytest.raises(money.OutOfRange):
        money.round_half_away(Decimal(value))
    with pytest.raises(money.OutOfRange):
        money.rounded_minor(Decimal(value), "USD")
    with pytest.raises(money.OutOfRange):
        money.minor_from_major(Decimal(value), "USD")


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("49.00", "USD", 4900),
        ("49", "USD", 4900),
        ("49.0000", "USD", 4900),
        ("-0.01", "USD", -1),
        ("-0", "USD", 0),
        ("0E+999999", "USD", 0),
        ("500", "JPY", 500),
        ("5E+2", "JPY", 500),
        ("1.234", "KWD", 1234),
        ("0.0001", "CLF", 1),
        ("90071992547409.91", "USD", 2**53 - 1),
        ("-9007199254740991", "JPY", -(2**53 - 1)),
    ],
)
def test_major_units_become_minor_units_exactly(amount: str, currency: str, expected: int) -> None:
    with localcontext(HOSTILE):
        assert money.minor_from_major(Decimal(amount), currency) == expected


@pytest.mark.parametrize(
    ("amount", "currency", "decimals_max"),
    [("0.001", "USD", 2), ("500.5", "JPY", 0), ("1.2345", "KWD", 3), ("1E-999999", "CLF", 4)],
)
def test_more_decimals_than_the_currency_has_are_refused_not_cut(amount: str, currency: str, decimals_max: int) -> None:
    with pytest.raises(money.TooPrecise) as refused:
        money.minor_from_major(Decimal(amount), currency)
    assert (refused.value.currency, refused.value.decimals_max) == (currency, decimals_max)


@pytest.mark.parametrize(("amount", "currency"), [("90071992547409.92", "USD"), ("-9007199254740992", "JPY")])
def test_one_minor_unit_beyond_the_bound_is_out_of_range(amount: str, currency: str) -> None:
    with pytest.raises(money.OutOfRange):
        money.minor_from_major(Decimal(amount), currency)
    with pytest.raises(money.OutOfRange):
        money.rounded_minor(Decimal(amount), currency)


def test_the_bound_holds_after_rounding() -> None:
    assert money.rounded_minor(Decimal("90071992547409.914"), "USD") == money.AMOUNT_MINOR_MAX
    with pytest.raises(money.OutOfRange):
        money.rounded_minor(Decimal("90071992547409.915"), "USD")


@pytest.mark.parametrize("currency", ["usd", "XXX", ""])
def test_no_amount_is_converted_in_an_unknown_currency(currency: str) -> None:
    with pytest.raises(money.UnknownCurrency):
        money.minor_from_major(Decimal(1), currency)
    with pytest.raises(money.UnknownCurrency):
        money.rounded_minor(Decimal(1), currency)
    with pytest.raises(money.UnknownCurrency):
        money.major_from_minor(1, currency)
    with pytest.raises(money.UnknownCurrency):
        money.major_text(1, currency)


@given(coefficient=st.integers(-(10**16), 10**16), decimals=st.integers(0, 12), currency=currencies)
def test_rounding_an_amount_rounds_it_once(coefficient: int, decimals: int, currency: str) -> None:
    expected = nearest_away_from_zero(coefficient * 10 ** EXPONENTS[currency], 10**decimals)
    for amount in (Decimal(f"{coefficient}E-{decimals}"), Fraction(coefficient, 10**decimals)):
        with localcontext(HOSTILE):
            if abs(expected) <= 2**53 - 1:
                assert money.rounded_minor(amount, currency) == expected
            else:
                with pytest.raises(money.OutOfRange):
                    money.rounded_minor(amount, currency)


@given(amount_minor=st.integers(-(2**63), 2**63), currency=currencies)
def test_minor_units_survive_the_way_to_major_units_and_back(amount_minor: int, currency: str) -> None:
    with localcontext(HOSTILE):
        major = money.major_from_minor(amount_minor, currency)
        text = money.major_text(amount_minor, currency)
        if abs(amount_minor) <= money.AMOUNT_MINOR_MAX:
            assert money.minor_from_major(major, currency) == amount_minor
    assert major.as_integer_ratio() == Fraction(amount_minor, 10 ** EXPONENTS[currency]).as_integer_ratio()
    assert major.as_tuple().exponent == -EXPONENTS[currency]
    assert Fraction(text) == Fraction(amount_minor, 10 ** EXPONENTS[currency])
    assert len(text.partition(".")[2]) == max(2, EXPONENTS[currency])


@pytest.mark.parametrize(
    ("amount_minor", "currency", "places_min", "expected"),
    [
        (4900, "USD", 2, "49.00"),
        (5, "USD", 2, "0.05"),
        (-5, "USD", 2, "-0.05"),
        (0, "USD", 2, "0.00"),
        (500, "JPY", 2, "500.00"),
        (500, "JPY", 0, "500"),
        (-500, "JPY", 2, "-500.00"),
        (1234, "KWD", 2, "1.234"),
        (1200, "KWD", 2, "1.200"),
        (1, "CLF", 2, "0.0001"),
        (4900, "USD", 4, "49.0000"),
        (9007199254740991, "USD", 2, "90071992547409.91"),
    ],
)
def test_text_has_at_least_two_decimals_and_all_of_the_currency(
    amount_minor: int, currency: str, places_min: int, expected: str
) -> None:
    assert money.major_text(amount_minor, currency, places_min) == expected


def test_a_long_amount_is_exact_under_a_short_context() -> None:
    amount = Decimal("123456789012345678.123456")
    with localcontext(HOSTILE):
        with pytest.raises(money.OutOfRange):
            money.rounded_minor(amount, "USD")
        assert money.round_half_away(amount) == 123456789012345678
        assert str(money.major_from_minor(123456789012345678, "KWD")) == "123456789012345.678"


@pytest.mark.parametrize(
    ("sum_minor", "count", "expected"),
    [(0, 0, None), (-500, 0, None), (5, 2, 3), (-5, 2, -3), (1, 3, 0), (0, 4, 0), (2**63 - 1, 2, 2**62)],
)
def test_an_average_rounds_half_away_and_is_none_of_nothing(sum_minor: int, count: int, expected: int | None) -> None:
    assert money.average_minor(sum_minor, count) == expected


@given(sum_minor=st.integers(-(2**63), 2**63), count=st.integers(1, 10**9))
def test_an_average_is_the_nearest_integer(sum_minor: int, count: int) -> None:
    assert money.average_minor(sum_minor, count) == nearest_away_from_zero(sum_minor, count)


def test_a_negative_count_has_no_average() -> None:
    with pytest.raises(ValueError, match="not negative"):
        money.average_minor(1, -1)

"""Exchange: which rate decides, and that it is exact."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.exchange import UNCHANGED, Conversion, Rate, conversion

RATES = st.decimals(min_value=Decimal("0.000001"), max_value=10**12, allow_nan=False, allow_infinity=False)


def rate(from_currency: str, to_currency: str, figure: str, effective_at: int = 0) -> Rate:
    return Rate(from_currency, to_currency, Decimal(figure), effective_at)


def test_a_currency_is_itself_without_a_rate() -> None:
    assert conversion([], "EUR", "EUR", 0) == UNCHANGED == Conversion(Fraction(1), None)


def test_a_rate_serves_both_ways() -> None:
    rates = [rate("EUR", "USD", "1.10", 5)]
    assert conversion(rates, "EUR", "USD", 9) == Conversion(Fraction(11, 10), 5)
    assert conversion(rates, "USD", "EUR", 9) == Conversion(Fraction(10, 11), 5)


def test_without_a_rate_there_is_no_conversion() -> None:
    rates = [rate("EUR", "USD", "1.10"), rate("USD", "JPY", "150"), rate("EUR", "EUR", "2")]
    assert conversion(rates, "EUR", "JPY", 9) is None
    assert conversion([], "EUR", "USD", 9) is None


@pytest.mark.parametrize(("now", "wanted"), [(0, None), (1, 2), (4, 2), (5, Fraction(1, 4)), (9, Fraction(1, 4))])
def test_the_latest_rate_that_counts_decides_whichever_way_round(now: int, wanted: Fraction | int | None) -> None:
    rates = [rate("USD", "EUR", "4", 5), rate("EUR", "USD", "2", 1), rate("EUR", "USD", "9", 10)]
    found = conversion(rates, "EUR", "USD", now)
    assert (found and found.rate) == wanted


def test_of_two_of_one_instant_the_direct_one_decides() -> None:
    rates = [rate("EUR", "USD", "2", 1), rate("USD", "EUR", "4", 1)]
    assert conversion(rates, "EUR", "USD", 1) == Conversion(Fraction(2), 1)
    assert conversion(rates, "USD", "EUR", 1) == Conversion(Fraction(4), 1)


@pytest.mark.parametrize("figure", ["0", "-1", "-0.0", "NaN", "Infinity"])
def test_a_rate_is_above_zero(figure: str) -> None:
    with pytest.raises(ValueError, match="above 0"):
        rate("EUR", "USD", figure)


@given(figure=RATES, amount=st.fractions())
def test_there_and_back_is_the_same_amount(figure: Decimal, amount: Fraction) -> None:
    rates = [Rate("EUR", "USD", figure, 0)]
    there, back = conversion(rates, "EUR", "USD", 0), conversion(rates, "USD", "EUR", 0)
    assert there is not None
    assert back is not None
    assert amount * there.rate * back.rate == amount

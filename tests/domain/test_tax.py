"""Taxes: who owes one, how much it is, and how an inclusive one is split off."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_FLOOR, Context, Decimal, Inexact, Rounded, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.money import OutOfRange, UnknownCurrency
from tollhouse.domain.tax import FlatInOtherCurrency, Tax, TaxLine, assess, is_liable, split_inclusive

HOSTILE = Context(prec=1, rounding=ROUND_FLOOR, Emax=1, Emin=-1, traps=[Inexact, Rounded])
EXPONENTS = {"JPY": 0, "USD": 2, "KWD": 3, "CLF": 4}
NETS = st.integers(-(10**12), 10**12)


def tax(rate: str = "20", flat: str = "0", flat_currency: str = "USD", tax_id: int = 1) -> Tax:
    return Tax(tax_id, "VAT", Decimal(rate), Decimal(flat), flat_currency, True, 2)


def amounts(net_minor: int, currency: str, *taxes: Tax) -> list[int]:
    return [line.amount_minor for line in assess(net_minor, currency, taxes)]


def nearest_away_from_zero(numerator: int, denominator: int) -> int:
    magnitude, rest = divmod(abs(numerator), denominator)
    if 2 * rest >= denominator:
        magnitude += 1
    return magnitude if numerator >= 0 else -magnitude


def test_the_flat_amount_is_added_after_the_percentage() -> None:
    (line,) = assess(100_00, "USD", [tax("20", "0.50")])
    assert line == TaxLine(1, "VAT", Decimal(20), Decimal("0.50"), 20_50)


def test_each_tax_is_on_the_net_and_rounded_by_itself() -> None:
    assert amounts(10, "USD", tax("5"), tax("5"), tax("20", "1")) == [1, 1, 102]


def test_percentage_and_flat_amount_are_rounded_together_once() -> None:
    assert amounts(1, "USD", tax("40", "0.004")) == [1]


def test_a_credit_gives_the_tax_back() -> None:
    (line,) = assess(-100_00, "USD", [tax("20", "0.50")])
    assert (line.flat, line.amount_minor) == (Decimal("-0.50"), -20_50)


def test_nothing_is_owed_on_nothing_not_even_the_flat_amount() -> None:
    (line,) = assess(0, "USD", [tax("20", "0.50")])
    assert (line.flat, line.amount_minor) == (Decimal(0), 0)


@pytest.mark.parametrize(
    ("currency", "net_minor", "flat", "expected"),
    [("JPY", 333, "10", 77), ("KWD", 1005, "0.010", 211), ("CLF", 2, "0.0001", 1), ("CLF", 3, "0", 1)],
)
def test_minor_units_follow_the_currency(currency: str, net_minor: int, flat: str, expected: int) -> None:
    assert amounts(net_minor, currency, tax("20", flat, currency)) == [expected]


def test_a_flat_amount_in_another_currency_is_never_added_as_it_is() -> None:
    with pytest.raises(FlatInOtherCurrency) as refused:
        assess(100, "EUR", [tax("20", "0.50", "USD", tax_id=9)])
    assert (refused.value.tax_id, refused.value.flat_currency, refused.value.currency) == (9, "USD", "EUR")
    assert amounts(100, "EUR", tax("20", "0", "USD")) == [20]


def test_no_taxes_no_lines() -> None:
    assert assess(100, "USD", []) == ()


def test_lines_keep_the_order_and_the_names_of_the_taxes() -> None:
    taxes = [tax(tax_id=3), replace(tax("7.25"), tax_id=2, name="City")]
    assert [(line.tax_id, line.name, line.rate) for line in assess(100, "USD", taxes)] == [
        (3, "VAT", Decimal(20)),
        (2, "City", Decimal("7.25")),
    ]


def test_a_tax_beyond_the_bound_is_refused() -> None:
    with pytest.raises(OutOfRange):
        assess(2**53 - 1, "USD", [tax("100.1")])


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(UnknownCurrency):
        assess(1, "XXX", [tax()])
    with pytest.raises(UnknownCurrency):
        split_inclusive(1, "XXX", Decimal(20))


@given(
    net_minor=NETS,
    currency=st.sampled_from(sorted(EXPONENTS)),
    rate_millionths=st.integers(0, 10**8),
    flat_millionths=st.integers(0, 10**9),
)
def test_a_tax_is_its_formula_in_any_context_and_turns_with_the_sign(
    net_minor: int, currency: str, rate_millionths: int, flat_millionths: int
) -> None:
    owed = tax(f"{rate_millionths}E-6", f"{flat_millionths}E-6", currency)
    with localcontext(HOSTILE):
        forth, back = amounts(net_minor, currency, owed), amounts(-net_minor, currency, owed)
    sign = (net_minor > 0) - (net_minor < 0)
    millionths = net_minor * rate_millionths + sign * flat_millionths * 100 * 10 ** EXPONENTS[currency]
    assert forth == [nearest_away_from_zero(millionths, 10**8)]
    assert back == [-forth[0]]


@pytest.mark.parametrize(
    ("gross_minor", "rate", "expected"),
    [
        (120_00, "20", (100_00, 20_00)),
        (49_00, "19", (41_18, 7_82)),
        (-49_00, "19", (-41_18, -7_82)),
        (1, "100", (0, 1)),
        (0, "20", (0, 0)),
        (100, "0", (100, 0)),
    ],
)
def test_an_inclusive_tax_is_rounded_and_the_net_is_the_rest(
    gross_minor: int, rate: str, expected: tuple[int, int]
) -> None:
    assert split_inclusive(gross_minor, "USD", Decimal(rate)) == expected


def test_a_negative_inclusive_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        split_inclusive(100, "USD", Decimal(-1))


@given(gross_minor=NETS, rate_millionths=st.integers(0, 10**9))
def test_net_and_inclusive_tax_add_up_to_the_gross(gross_minor: int, rate_millionths: int) -> None:
    with localcontext(HOSTILE):
        net_minor, tax_minor = split_inclusive(gross_minor, "USD", Decimal(f"{rate_millionths}E-6"))
    assert net_minor + tax_minor == gross_minor
    assert tax_minor == nearest_away_from_zero(gross_minor * rate_millionths, 10**8 + rate_millionths)


BEFORE, MADE, AFTER = 999, 1000, 1001


@pytest.mark.parametrize(
    ("liable_default", "created_at", "expected"),
    [
        (0, BEFORE, False),
        (0, AFTER, False),
        (1, BEFORE, False),
        (1, MADE, False),
        (1, AFTER, True),
        (2, BEFORE, True),
        (2, AFTER, True),
    ],
)
def test_without_a_setting_the_default_of_the_tax_decides(liable_default: int, created_at: int, expected: bool) -> None:
    owed = replace(tax(), liable_default=liable_default)
    assert is_liable(owed, None, None, customer_created_at=created_at, tax_created_at=MADE) is expected


@pytest.mark.parametrize("applies", [True, False])
@pytest.mark.parametrize("liable_default", [0, 2])
@pytest.mark.parametrize("charge_setting", [None, True, False])
@pytest.mark.parametrize("customer_setting", [None, True, False])
def test_charge_and_customer_must_both_agree_and_a_setting_overrides_its_own_side(
    applies: bool, liable_default: int, charge_setting: bool | None, customer_setting: bool | None
) -> None:
    owed = replace(tax(), applies_to_charges=applies, liable_default=liable_default)
    charge_side = {None: applies, True: True, False: False}[charge_setting]
    customer_side = {None: liable_default == 2, True: True, False: False}[customer_setting]
    expected = charge_side and customer_side
    assert is_liable(owed, charge_setting, customer_setting, BEFORE, MADE) is expected


@pytest.mark.parametrize("liable_default", [-1, 3])
def test_there_is_no_fourth_default(liable_default: int) -> None:
    with pytest.raises(ValueError, match="0, 1 or 2"):
        replace(tax(), liable_default=liable_default)

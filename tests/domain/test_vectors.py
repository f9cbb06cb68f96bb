"""The published vectors are what the code computes, and in every currency the parts add up to the whole."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iso4217 import Currency

from tollhouse.domain import money
from tollhouse.domain.decimals import decimal_from_text
from tollhouse.domain.exchange import UNCHANGED, Rate, conversion
from tollhouse.domain.schedule import RECURRING, end_day, local_day, period_containing, remaining_share
from tollhouse.domain.tax import Tax, assess

PAGE = Path(__file__).parent.parent.parent / "docs" / "vectors.md"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = dict[str, str]


def table(heading: str) -> list[Row]:
    """The rows of the one table under a heading of the page, by the names of their columns."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    names, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(names, row, strict=True)) for row in rows]


PRORATIONS, TAXES, CONVERSIONS = table("Proration"), table("Taxes"), table("Conversion")


def row_name(row: Row) -> str:
    return " ".join(row.values())


def instant(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def major(amount_minor: int, currency: str) -> str:
    return money.major_text(amount_minor, currency, places_min=0)


def taxes_of(row: Row) -> list[Tax]:
    if row["taxes"] == "none":
        return []
    return [tax(text, row["currency"]) for text in row["taxes"].split("; ")]


def tax(text: str, currency: str) -> Tax:
    written = re.fullmatch(r"(\S+) %(?: \+ (\S+))?", text)
    assert written, text
    rate, flat = (decimal_from_text(figure or "0") for figure in written.groups())
    return Tax(1, text, rate, flat, currency, applies_to_charges=True, liable_default=2)


def test_the_page_has_vectors_of_every_kind() -> None:
    assert min(len(PRORATIONS), len(TAXES), len(CONVERSIONS)) > 20
    assert {row["period"] for row in PRORATIONS} == set(RECURRING)
    for rows, column in ((PRORATIONS, "currency"), (TAXES, "currency"), (CONVERSIONS, "from"), (CONVERSIONS, "to")):
        assert {money.exponent(row[column]) for row in rows} == {0, 2, 3, 4}
    assert {row["way"] for row in CONVERSIONS} == {"same", "direct", "inverse"}
    assert any(row["tax"].startswith("-") for row in TAXES)


@pytest.mark.parametrize("row", PRORATIONS, ids=row_name)
def test_a_published_proration_is_what_the_code_computes(row: Row) -> None:
    timezone = row["time zone"]
    today = local_day(instant(row["now"]), timezone)
    assert today == date.fromisoformat(row["local day"])
    end = end_day(0 if row["end"] == "none" else instant(row["end"]), timezone)
    period = period_containing(row["period"], date.fromisoformat(row["anchor"]), today)
    share = remaining_share(period, today, end)
    left, days = (int(figure) for figure in row["left"].split("/"))
    assert (share * period.days, period.days) == (left, days)
    net_minor = money.rounded_minor(Fraction(decimal_from_text(row["amount"])) * share, row["currency"])
    assert (major(net_minor, row["currency"]), str(net_minor)) == (row["net"], row["minor units"])


@pytest.mark.parametrize("row", TAXES, ids=row_name)
def test_published_taxes_are_what_the_code_computes(row: Row) -> None:
    currency = row["currency"]
    net_minor = money.minor_from_major(decimal_from_text(row["net"]), currency)
    amounts_minor = [line.amount_minor for line in assess(net_minor, currency, taxes_of(row))]
    told = "; ".join(major(amount_minor, currency) for amount_minor in amounts_minor) or "none"
    assert (major(net_minor, currency), told) == (row["net"], row["tax amounts"])
    assert major(sum(amounts_minor), currency) == row["tax"]
    assert major(net_minor + sum(amounts_minor), currency) == row["gross"]


@pytest.mark.parametrize("row", CONVERSIONS, ids=row_name)
def test_a_published_conversion_is_what_the_code_computes(row: Row) -> None:
    found = conversion(rates_of(row), row["from"], row["to"], now=0)
    assert found
    amount = Fraction(decimal_from_text(row["amount"]))
    expected = {"same": amount, "direct": amount * rate_of(row), "inverse": amount / rate_of(row)}[row["way"]]
    assert amount * found.rate == expected == Fraction(row["exact"])
    amount_minor = money.rounded_minor(amount * found.rate, row["to"])
    assert (major(amount_minor, row["to"]), str(amount_minor)) == (row["rounded"], row["minor units"])


def rates_of(row: Row) -> list[Rate]:
    if row["rate"] == "none":
        return []
    written = re.fullmatch(r"1 (\S+) = (\S+) (\S+)", row["rate"])
    assert written
    from_currency, figure, to_currency = written.groups()
    assert (row["from"] == from_currency) == (row["way"] == "direct")
    return [Rate(from_currency, to_currency, decimal_from_text(figure), effective_at=0)]


def rate_of(row: Row) -> Fraction:
    return Fraction(rates_of(row)[0].rate) if row["way"] != "same" else Fraction(1)


# ------------------------------------------------------------------------------------- in every currency

EXPONENTS = {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}
OTHER = "XOF"

figures = st.integers(-(10**9), 10**9).map(lambda ten_thousandths: Decimal(f"{ten_thousandths}E-4"))
shares = st.integers(1, 366).flatmap(lambda days: st.integers(0, days).map(lambda left: Fraction(left, days)))
rates = st.integers(1, 10**9).map(lambda millionths: Decimal(f"{millionths}E-6"))
owed = st.lists(st.tuples(st.integers(0, 5 * 10**7), st.integers(0, 10**7)), max_size=3)
"""Up to three taxes: rate and flat amount, in millionths."""


def nearest_away_from_zero(value: Fraction) -> int:
    whole, rest = divmod(abs(value.numerator), value.denominator)
    magnitude = whole + (2 * rest >= value.denominator)
    return magnitude if value > 0 else -magnitude


def check_adds_up(
    currency: str, amount: Decimal, share: Fraction, rate: Decimal, is_direct: bool, owed: list[tuple[int, int]]
) -> None:
    pair = (OTHER, currency) if is_direct else (currency, OTHER)
    found = conversion([Rate(*pair, rate, effective_at=0)], OTHER, currency, now=0)
    back = conversion([Rate(*pair, rate, effective_at=0)], currency, OTHER, now=0)
    if currency == OTHER:
        assert found == back == UNCHANGED
    assert found
    assert back
    assert found.rate * back.rate == 1

    units = 10 ** EXPONENTS[currency]
    exact = Fraction(amount) * share * found.rate
    net_minor = money.rounded_minor(exact, currency)
    assert net_minor == nearest_away_from_zero(exact * units)

    taxes = [
        Tax(number, "", Decimal(f"{percent}E-6"), Fraction(flat, 10**6) * found.rate, currency, True, 2)
        for number, (percent, flat) in enumerate(owed)
    ]
    lines = assess(net_minor, currency, taxes)
    sign = (net_minor > 0) - (net_minor < 0)
    for line, (percent, flat) in zip(lines, owed, strict=True):
        tax_exact = Fraction(net_minor * percent, 10**8) + sign * Fraction(flat, 10**6) * found.rate * units
        assert line.amount_minor == nearest_away_from_zero(tax_exact)

    gross_minor = net_minor + sum(line.amount_minor for line in lines)
    parts = [net_minor, *(line.amount_minor for line in lines)]
    assert sum(Fraction(major(part, currency)) for part in parts) == Fraction(major(gross_minor, currency))
    credit_minor = money.rounded_minor(-exact, currency)
    credited = [line.amount_minor for line in assess(credit_minor, currency, taxes)]
    assert gross_minor + credit_minor + sum(credited) == 0


def test_every_currency_is_looked_at() -> None:
    assert len(EXPONENTS) > 150
    assert {code for code in EXPONENTS if money.is_currency(code)} == set(EXPONENTS)
    assert OTHER in EXPONENTS


@settings(max_examples=40, deadline=None)
@given(amount=figures, share=shares, rate=rates, is_direct=st.booleans(), owed=owed)
def test_in_every_currency_net_and_taxes_add_up_to_the_gross(
    amount: Decimal, share: Fraction, rate: Decimal, is_direct: bool, owed: list[tuple[int, int]]
) -> None:
    for currency in EXPONENTS:
        check_adds_up(currency, amount, share, rate, is_direct, owed)


@pytest.mark.soak
@settings(max_examples=5000, deadline=None)
@given(amount=figures, share=shares, rate=rates, is_direct=st.booleans(), owed=owed)
def test_in_every_currency_net_and_taxes_add_up_to_the_gross_for_long(
    amount: Decimal, share: Fraction, rate: Decimal, is_direct: bool, owed: list[tuple[int, int]]
) -> None:
    for currency in EXPONENTS:
        check_adds_up(currency, amount, share, rate, is_direct, owed)

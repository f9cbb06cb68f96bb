"""Money: integers of minor units, and the only place that rounds.

Rounding is half away from zero. Nothing here depends on the decimal context of the caller.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

from iso4217 import Currency

from tollhouse.domain.decimals import EXACT

AMOUNT_MINOR_MAX: Final = 2**53 - 1
"""Largest magnitude of one amount, in minor units: what JavaScript reads back exactly."""

SUM_MINOR_MAX: Final = 2**63 - 1
"""Largest magnitude of a sum of amounts, in minor units: what 64 bits hold."""

_INTEGER_DIGITS_MAX: Final = 60

_EXPONENTS: Final[dict[str, int]] = {
    currency.code: currency.exponent for currency in Currency if currency.exponent is not None
}


class UnknownCurrency(ValueError):
    """Not the upper-case ISO 4217 code of a currency that one can be charged in."""

    def __init__(self, currency: str) -> None:
        super().__init__("This is not the code of a currency that one can be charged in.")
        self.currency = currency


class TooPrecise(ValueError):
    """An amount with more decimals than its currency has."""

    def __init__(self, currency: str, decimals_max: int) -> None:
        super().__init__(f"An amount in {currency} may have at most {decimals_max} decimals.")
        self.currency = currency
        self.decimals_max = decimals_max


class OutOfRange(ValueError):
    """An amount or a sum that would leave the range in which it is kept exactly."""


def is_currency(code: str) -> bool:
    """Whether `code` is an upper-case ISO 4217 code with minor units: so CLF, but not XAU, XTS or XXX."""
    return code in _EXPONENTS


def exponent(currency: str) -> int:
    """How many decimals `currency` has: 0 (JPY) to 4 (CLF). Refuses with UnknownCurrency."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def minor_from_major(amount: Decimal, currency: str) -> int:
    """Major units to minor units, exactly: 49.00 USD is 4900.

    Refuses with UnknownCurrency, TooPrecise (nothing is rounded away) or OutOfRange (AMOUNT_MINOR_MAX).
    """
    minor = _minor_units(amount, currency)
    amount_minor = _within_amount(round_half_away(minor))
    if amount_minor != minor:
        raise TooPrecise(currency, exponent(currency))
    return amount_minor


def rounded_minor(amount: Decimal | Fraction, currency: str) -> int:
    """Major units to minor units, rounded once, half away from zero.

    Refuses with UnknownCurrency or OutOfRange (AMOUNT_MINOR_MAX, after rounding).
    """
    return _within_amount(round_half_away(_minor_units(amount, currency)))


def round_half_away(value: Decimal | Fraction) -> int:
    """The nearest integer; from the middle, away from zero: 2.5 is 3 and -2.5 is -3.

    Refuses with OutOfRange what is not a finite number, and decimals of more than 60 digits before the point.
    """
    if isinstance(value, Fraction):
        magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
        return magnitude if value > 0 else -magnitude
    if value.is_zero():
        return 0
    if not value.is_finite() or value.adjusted() >= _INTEGER_DIGITS_MAX:
        raise OutOfRange("The amount is too large.")
    return int(value.to_integral_value(ROUND_HALF_UP))


def major_from_minor(amount_minor: int, currency: str) -> Decimal:
    """Minor units to major units, with as many decimals as the currency has: 4900 USD is 49.00."""
    return EXACT.scaleb(Decimal(amount_minor), Decimal(-exponent(currency)))


def major_text(amount_minor: int, currency: str, places_min: int = 2) -> str:
    """Minor units as text in major units, with at least `places_min` decimals and all that the currency has.

    4900 USD is "49.00", 500 JPY "500.00", 1200 KWD "1.200".
    """
    places = exponent(currency)
    sign = "-" if amount_minor < 0 else ""
    digits = str(abs(amount_minor)).rjust(places + 1, "0")
    integer_digits, decimals = digits[: len(digits) - places], digits[len(digits) - places :]
    decimals = decimals.ljust(places_min, "0")
    return f"{sign}{integer_digits}.{decimals}" if decimals else f"{sign}{integer_digits}"


def average_minor(sum_minor: int, count: int) -> int | None:
    """`sum_minor / count` rounded half away from zero, in minor units; None when `count` is 0.

    Refuses a negative count with ValueError.
    """
    if count < 0:
        raise ValueError("A count is not negative.")
    return round_half_away(Fraction(sum_minor, count)) if count else None


def _minor_units(amount: Decimal | Fraction, currency: str) -> Decimal | Fraction:
    """`amount` of major units as an exact, perhaps fractional, number of minor units."""
    places = exponent(currency)
    if isinstance(amount, Fraction):
        return amount * int(10**places)
    return EXACT.scaleb(amount, Decimal(places)) if amount.is_finite() else amount


def _within_amount(amount_minor: int) -> int:
    if abs(amount_minor) > AMOUNT_MINOR_MAX:
        raise OutOfRange("The amount is too large.")
    return amount_minor

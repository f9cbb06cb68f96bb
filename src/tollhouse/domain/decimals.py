"""Decimals between text and value: bounded, exact, and independent of the decimal context that is active."""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation, Overflow
from fractions import Fraction

EXACT = Context(
    prec=MAX_PREC,
    Emin=MIN_EMIN,
    Emax=MAX_EMAX,
    traps=[Inexact, InvalidOperation, Overflow],
)
"""Arithmetic that is exact or fails loudly: call its methods (`EXACT.multiply`)."""

_SYNTAX = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


class DecimalMalformed(ValueError):
    """The text is not an optional minus sign, digits, and optionally a point and more digits."""


class DecimalOutOfRange(ValueError):
    """The number has more digits before or after the point than are kept."""


def decimal_from_text(text: str, *, integer_digits_max: int = 15, decimals_max: int = 6) -> Decimal:
    """The number that `text` spells, e.g. "-10.50"; ASCII digits only, no exponent, plus sign or blanks.

    Digits that say nothing (zeros in front, zeros at the end of the decimals) do not count towards the bounds
    and are dropped, so that equal numbers become identical values; minus zero becomes zero. Refuses with
    DecimalMalformed or DecimalOutOfRange, whose sentences do not repeat the text.
    """
    matched = _SYNTAX.fullmatch(text)
    if matched is None:
        raise DecimalMalformed("A decimal number is digits, with a point before any decimals, such as 10.50.")
    sign, integer_digits, decimals = matched.group(1), matched.group(2).lstrip("0"), matched.group(3) or ""
    decimals = decimals.rstrip("0")
    if len(integer_digits) > integer_digits_max:
        raise DecimalOutOfRange(f"The number may have at most {integer_digits_max} digits before the point.")
    if len(decimals) > decimals_max:
        raise DecimalOutOfRange(f"The number may have at most {decimals_max} decimals.")
    if not integer_digits and not decimals:
        return Decimal(0)
    return Decimal(f"{sign}{integer_digits or '0'}.{decimals}")


def decimal_text(value: Decimal, places_min: int = 2) -> str:
    """`value` in plain notation with at least `places_min` decimals; zeros beyond those are dropped.

    Exact: nothing is rounded. Zero has no sign. Refuses NaN and infinities with ValueError.
    """
    if not value.is_finite():
        raise ValueError("Only a finite number can be written out.")
    sign = "-" if value < 0 else ""
    integer_digits, _, decimals = format(value.copy_abs(), "f").partition(".")
    decimals = decimals.rstrip("0").ljust(places_min, "0")
    return f"{sign}{integer_digits}.{decimals}" if decimals else f"{sign}{integer_digits}"


def fraction_text(value: Fraction) -> str:
    """`value` exactly: as plain decimals where they come to an end ("1.1"), else as a fraction ("10/11")."""
    places, denominator = 0, value.denominator
    for prime in (2, 5):
        power = 0
        while denominator % prime == 0:
            denominator //= prime
            power += 1
        places = max(places, power)
    if denominator != 1:
        return str(value)
    return decimal_text(EXACT.scaleb(Decimal(int(value * 10**places)), Decimal(-places)), places_min=0)

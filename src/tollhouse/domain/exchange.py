"""Exchange: turning amounts of one currency into another, at an exact rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of `from_currency` is `rate` units of `to_currency` from `effective_at` (microseconds UTC) on.

    Refuses a rate that is not above 0 with ValueError.
    """

    from_currency: str
    to_currency: str
    rate: Decimal
    effective_at: int

    def __post_init__(self) -> None:
        if not self.rate.is_finite() or self.rate <= 0:
            raise ValueError("A rate of exchange is above 0.")


@dataclass(frozen=True, slots=True)
class Conversion:
    """Major units times `rate` are major units of the other currency, exactly.

    `effective_at` is the instant from which the rate counts; None where nothing has to be converted.
    """

    rate: Fraction
    effective_at: int | None


UNCHANGED: Final = Conversion(Fraction(1), None)


def conversion(rates: Iterable[Rate], from_currency: str, to_currency: str, now: int) -> Conversion | None:
    """How `from_currency` becomes `to_currency` at `now`; None where no rate says so, never 1 to 1.

    The latest rate of the pair decides, whichever way round it is written; of two that count from the same
    instant the direct one.
    """
    if from_currency == to_currency:
        return UNCHANGED
    pair = {from_currency, to_currency}
    usable = [r for r in rates if {r.from_currency, r.to_currency} == pair and r.effective_at <= now]
    if not usable:
        return None
    latest = max(usable, key=lambda r: (r.effective_at, r.from_currency == from_currency))
    rate = Fraction(latest.rate)
    return Conversion(rate if latest.from_currency == from_currency else 1 / rate, latest.effective_at)

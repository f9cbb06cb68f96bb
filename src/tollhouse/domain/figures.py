"""Names and parts of the tenant's figures, and how an amount that may leave 64 bits is kept."""

from __future__ import annotations

from typing import Final

CUSTOMERS: Final = "customers"
"""How many live customers there are, the root not among them."""

CHARGES: Final = "charges:"
"""Before a currency: how many charges in it those customers have, and what these come to less what was refunded."""

LANES: Final = 64
"""Among so many parts of the charges' figures each process chooses the one that it adds to."""

NUMBERS_A_PART: Final = 1024
"""So many successive numbers of customers are counted in one part."""

_LOW: Final = 2**32


def part_of(number: int) -> int:
    """The part in which the customer with this number is counted."""
    return number // NUMBERS_A_PART


def halves(amount_minor: int) -> tuple[int, int]:
    """An amount in minor units as high and low half: the high one counts 2^32 each.

    Both have the sign of the amount, so that what goes up and down by the same stays where it is.
    """
    high, low = divmod(abs(amount_minor), _LOW)
    return (-high, -low) if amount_minor < 0 else (high, low)


def whole(high: int, low: int) -> int:
    """The amount in minor units of two halves, or of sums of them."""
    return high * _LOW + low

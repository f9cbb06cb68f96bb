"""The charge summary: a customer's count, sum, first and last charge in one currency."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from tollhouse.domain import money


@dataclass(frozen=True, slots=True)
class ChargeSummary:
    """Of one customer in one currency. `first_at` and `last_at` are microseconds UTC, None before any charge.

    `count` and the instants tell of charges that are not negative; `sum_minor` is the gross of them all,
    `refunded_minor` what was paid back of it. All three are minor units or counts; `last_amount_minor` is the
    amount at `last_at`. A charge that was voided never was.
    """

    count: int
    sum_minor: int
    refunded_minor: int
    first_at: int | None
    last_at: int | None
    last_amount_minor: int | None

    @property
    def remaining_minor(self) -> int:
        """What the charges come to, less what was paid back of them."""
        return self.sum_minor - self.refunded_minor

    @property
    def average_minor(self) -> int | None:
        """What remains by count, in minor units, rounded half away from zero; None when nothing was counted."""
        return money.average_minor(self.remaining_minor, self.count)


@dataclass(frozen=True, slots=True)
class Remaining:
    """First and last of some charges that are not negative, as a summary has them; all None where there are none."""

    first_at: int | None
    last_at: int | None
    last_amount_minor: int | None


EMPTY: Final = ChargeSummary(
    count=0, sum_minor=0, refunded_minor=0, first_at=None, last_at=None, last_amount_minor=None
)


def after_charge(summary: ChargeSummary, amount_minor: int, effective_at: int) -> ChargeSummary:
    """The summary with one more charge of `amount_minor`, effective at `effective_at` (microseconds UTC).

    A negative charge, which is a credit, lowers the sum and nothing else. Of charges at one instant the later
    stored is the last one. A recomputation folds this over the charges in stored order. Refuses with OutOfRange
    when the sum leaves -SUM_MINOR_MAX to SUM_MINOR_MAX.
    """
    sum_minor = summary.sum_minor + amount_minor
    if abs(sum_minor) > money.SUM_MINOR_MAX:
        raise money.OutOfRange("The sum of the charges would become too large to be kept exactly.")
    if amount_minor < 0:
        return replace(summary, sum_minor=sum_minor)
    is_first = summary.first_at is None or effective_at < summary.first_at
    is_last = summary.last_at is None or effective_at >= summary.last_at
    return ChargeSummary(
        count=summary.count + 1,
        sum_minor=sum_minor,
        refunded_minor=summary.refunded_minor,
        first_at=effective_at if is_first else summary.first_at,
        last_at=effective_at if is_last else summary.last_at,
        last_amount_minor=amount_minor if is_last else summary.last_amount_minor,
    )


def after_refund(summary: ChargeSummary, amount_minor: int) -> ChargeSummary:
    """The summary with `amount_minor` of its charges paid back; their sum stays. Refuses with OutOfRange."""
    refunded_minor = summary.refunded_minor + amount_minor
    if refunded_minor > money.SUM_MINOR_MAX:
        raise money.OutOfRange("The sum of the refunds would become too large to be kept exactly.")
    return replace(summary, refunded_minor=refunded_minor)


def after_void(summary: ChargeSummary, amount_minor: int, remaining: Remaining) -> ChargeSummary:
    """The summary without one charge of `amount_minor`, which was not negative. Refuses with OutOfRange.

    `remaining` is of the charges without it, and is their latest by the rule of `after_charge`.
    """
    sum_minor = summary.sum_minor - amount_minor
    if abs(sum_minor) > money.SUM_MINOR_MAX:
        raise money.OutOfRange("The sum of the charges would become too large to be kept exactly.")
    return replace(
        summary,
        count=summary.count - 1,
        sum_minor=sum_minor,
        first_at=remaining.first_at,
        last_at=remaining.last_at,
        last_amount_minor=remaining.last_amount_minor,
    )

"""What customers may use: what each purchase gave them of each feature, and how much of it is used."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace as with_values

from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.domain.resets import window
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands.usage import ReportUsage
from tollhouse.ledger.facts import EntitlementFact
from tollhouse.ledger.refusals import CustomerUnknown, MeterUnknown, UsageRefused

METER = "METER"
#: The most that can be used: no reader of JSON takes it for another number.
USED_MAX = AMOUNT_MINOR_MAX


class UsageReported(msgspec.Struct, frozen=True):
    """How much of a meter is used in all, and when that was written."""

    used: int
    at: int


def used_of(entitlement: EntitlementFact, now: int) -> int:
    """How much is used of a meter since it last started again."""
    since, _ = window(entitlement.reset, entitlement.granted_at, now)
    return entitlement.used if entitlement.used_at is not None and entitlement.used_at >= since else 0


def report_usage(book: Book, command: ReportUsage) -> UsageReported:
    """Spread what is used over the customer's meters, the oldest first. Beyond their limits it goes to the newest that
    is not held to its own; where all are, it is refused."""
    customer = book.customer_by_reference(command.customer_reference)
    if customer is None or customer.deleted_at is not None:
        raise CustomerUnknown
    meters = book.find(
        EntitlementFact,
        customer_number=customer.number,
        identifier=command.feature,
        feature_type=METER,
        revoked_at=None,
    )
    if not meters:
        raise MeterUnknown
    # Payments of several processes are not numbered in the order of time.
    meters.sort(key=lambda meter: (meter.granted_at, meter.payment_id, meter.position))
    before = sum(used_of(meter, book.now) for meter in meters)
    used = before + command.value if command.is_delta else command.value
    if used < 0:
        raise UsageRefused(f"Only {before} is used; less than nothing cannot be.")
    if used > USED_MAX:
        raise UsageRefused(f"More than {USED_MAX} cannot be told of as used.")
    for meter, share in zip(meters, _shares(meters, used), strict=True):
        book.put(with_values(meter, used=share, used_at=book.now))
    return UsageReported(used, book.now)


def _shares(meters: Sequence[EntitlementFact], used: int) -> list[int]:
    shares: list[int] = []
    left = used
    for meter in meters:
        shares.append(left if meter.usage_limit is None else min(left, meter.usage_limit))
        left -= shares[-1]
    if not left:
        return shares
    for index in reversed(range(len(meters))):
        if not meters[index].hard_limit:
            shares[index] += left
            return shares
    raise UsageRefused(f"The limit is {used - left}, and it is a hard one.")

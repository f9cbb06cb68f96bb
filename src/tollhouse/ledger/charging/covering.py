"""Which piece of a charge is owed: the whole of it, a whole period, or what is left of one; and what that covers."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import msgspec
from msgspec.structs import replace

from tollhouse.domain import periods, schedule
from tollhouse.ledger.charging.tariffs import WHOLE
from tollhouse.ledger.facts import ChargeFact, CustomerFact, OccurrenceFact, ScheduleFact
from tollhouse.ledger.facts.schedules import DONE
from tollhouse.ledger.refusals import AlreadyCharged, OutsideWindow
from tollhouse.ledger.scheduling import ONCE, due_after, due_from, is_recurring, period_of, scheduled, zone_of
from tollhouse.ledger.sight import Sight


class Piece(msgspec.Struct, frozen=True):
    """`key` is the occurrence's; `share` the part of the amount; `covered_until` goes into the schedule."""

    key: str
    share: Fraction
    covered_until: str


def piece_by_hand(sight: Sight, charge: ChargeFact, customer: CustomerFact, times: int, covered_until: str) -> Piece:
    """What charging it now covers, for a customer who was charged `times` before.

    Raises OutsideWindow, or AlreadyCharged: its number is used up, or today lies in a period that was charged, or in
    one that begins with a shorter one that was.
    """
    if not periods.is_within(charge.start_at, charge.end_at, sight.now):
        raise OutsideWindow
    if is_used_up(charge, times):
        raise AlreadyCharged
    if not is_recurring(charge):
        return Piece(f"#{times + 1}", WHOLE, ONCE)
    zone = zone_of(sight.tenant, customer)
    today = schedule.local_day(sight.now, zone)
    period = period_of(sight.tenant, charge, today)
    key = period.first.isoformat()
    if covered_until > today.isoformat() or (covered_until > key and _is_charged(sight, charge, customer, key)):
        raise AlreadyCharged
    share = schedule.remaining_share(period, today, schedule.end_day(charge.end_at, zone))
    return Piece(key, share, period.until.isoformat())


def _is_charged(sight: Sight, charge: ChargeFact, customer: CustomerFact, key: str) -> bool:
    number = customer.number
    return bool(sight.find(OccurrenceFact, charge_id=charge.charge_id, customer_number=number, occurrence_key=key))


def piece_due(sight: Sight, charge: ChargeFact, key: str) -> Piece:
    """What falls due under this key."""
    if not is_recurring(charge):
        return Piece(key, WHOLE, ONCE)
    return Piece(key, WHOLE, period_of(sight.tenant, charge, date.fromisoformat(key)).until.isoformat())


def is_used_up(charge: ChargeFact, times: int) -> bool:
    number_max = charge.number_max or (0 if is_recurring(charge) else 1)
    return bool(number_max) and times >= number_max


def schedule_after(
    sight: Sight, charge: ChargeFact, row: ScheduleFact | None, piece: Piece, *, customer_number: int, zone: str
) -> ScheduleFact:
    """The schedule once a piece is charged: what it covers is never due again, what was due before it stays due."""
    covered = piece.covered_until
    if not is_recurring(charge):
        return scheduled(charge, customer_number, None, sight.now, covered)
    if row is not None and (row.state == DONE or not piece.key <= row.next_key < covered):
        return replace(row, covered_until=covered, changed_at=sight.now)
    return scheduled(charge, customer_number, due_from(sight.tenant, charge, zone, covered), sight.now, covered)


def schedule_next(sight: Sight, charge: ChargeFact, row: ScheduleFact, zone: str, covered_until: str) -> ScheduleFact:
    """The schedule once its occurrence is dealt with."""
    due = due_after(sight.tenant, charge, zone, row.next_key)
    return scheduled(charge, row.customer_number, due, sight.now, covered_until)

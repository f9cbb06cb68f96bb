"""When a charge falls due next: the calendar's rules, applied to charges and their schedules.

The scheduled run charges whole periods, from the next boundary on; what is left of the period in which a charge was
made is charged by hand or not at all. An instant that lies ahead when the charge is made is kept to the microsecond;
what would have been due already waits for the tenant's grace, so that taxes can be set in peace.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from tollhouse.domain import schedule
from tollhouse.ledger.clock import MINUTE
from tollhouse.ledger.facts import ChargeFact, CustomerFact, ScheduleFact, TenantFact
from tollhouse.ledger.facts.schedules import ACTIVE, DONE, PARKED

ONCE: Final = "#1"
"""The key of the one occurrence that a charge without periods has by itself."""

EVERYBODY: Final = 0
"""Stands for the customer where a plan's charge without periods falls due: for everybody on the plan at once."""

_OPEN: Final = (ACTIVE, PARKED)


class Due(msgspec.Struct, frozen=True):
    """The occurrence that comes next, and when it falls due."""

    key: str
    due_at: int


def zone_of(tenant: TenantFact, customer: CustomerFact | None) -> str:
    """The customer's time zone, else the tenant's."""
    return (customer.timezone if customer is not None else "") or tenant.timezone


def is_recurring(charge: ChargeFact) -> bool:
    return charge.period in schedule.RECURRING


def anchor_on(anchor: str, start_at: int, now: int, zone: str) -> date:
    """The day from which the periods of a new charge count."""
    return schedule.local_day(start_at or now, zone) if anchor == "start" else schedule.CALENDAR_ANCHOR


def anchor_of(charge: ChargeFact, tenant: TenantFact) -> date:
    if charge.anchor_on:
        return date.fromisoformat(charge.anchor_on)
    return anchor_on(charge.anchor, charge.start_at, charge.created_at, tenant.timezone)


def first_due(tenant: TenantFact, charge: ChargeFact, zone: str, joined_at: int) -> Due | None:
    """What falls due first for a customer who is charged from `joined_at` on; None when nothing ever does."""
    if not is_recurring(charge):
        return _due_once(tenant, charge, zone, joined_at)
    return _due_on(tenant, charge, zone, _first_boundary(tenant, charge, zone, joined_at))


def due_after(tenant: TenantFact, charge: ChargeFact, zone: str, key: str) -> Due | None:
    """What falls due after the occurrence with this key."""
    if not is_recurring(charge):
        return None
    day = schedule.boundary_after(charge.period, anchor_of(charge, tenant), date.fromisoformat(key))
    return _due_on(tenant, charge, zone, day)


def due_from(tenant: TenantFact, charge: ChargeFact, zone: str, covered_until: str) -> Due | None:
    """What falls due for the first period that begins where all before is charged, or later."""
    day = schedule.boundary_from(charge.period, anchor_of(charge, tenant), date.fromisoformat(covered_until))
    return _due_on(tenant, charge, zone, day)


def period_of(tenant: TenantFact, charge: ChargeFact, day: date) -> schedule.Period:
    """The period of a recurring charge that has this local day."""
    return schedule.period_containing(charge.period, anchor_of(charge, tenant), day)


def scheduled(
    charge: ChargeFact, customer_number: int, due: Due | None, now: int, covered_until: str = ""
) -> ScheduleFact:
    """The schedule of a customer, new."""
    return ScheduleFact(
        tenant_id=charge.tenant_id,
        charge_id=charge.charge_id,
        customer_number=customer_number,
        state=DONE if due is None else ACTIVE,
        next_key="" if due is None else due.key,
        due_at=0 if due is None else due.due_at,
        covered_until=covered_until,
        reason="",
        tries=0,
        changed_at=now,
    )


def rescheduled(tenant: TenantFact, charge: ChargeFact, row: ScheduleFact, zone: str, now: int) -> ScheduleFact:
    """The schedule after its charge or its customer changed.

    What is charged stays charged: no period that was covered is due again. What was due already stays due, where it is
    still the first day of a period and inside the window; what was to come is left out by no change of time zone.
    """
    if is_recurring(charge):
        due = _due_on(tenant, charge, zone, _boundary_after_change(tenant, charge, row, zone, now))
    else:
        is_awaited = row.state in _OPEN and row.next_key == ONCE
        due = None if row.covered_until else _due_once(tenant, charge, zone, 0 if is_awaited else now)
    after = scheduled(charge, row.customer_number, due, now, row.covered_until)
    if row.state == PARKED and after.state == ACTIVE and after.next_key == row.next_key:
        after.state, after.reason, after.tries = PARKED, row.reason, row.tries
    return after


def _boundary_after_change(tenant: TenantFact, charge: ChargeFact, row: ScheduleFact, zone: str, now: int) -> date:
    """The first boundary since the change, and after what is covered; an earlier one that was awaited stays."""
    day = _first_boundary(tenant, charge, zone, now)
    covered_until = date.min if row.covered_until in ("", ONCE) else date.fromisoformat(row.covered_until)
    if row.state in _OPEN and row.due_at >= charge.start_at and _is_boundary(tenant, charge, row):
        next_on = date.fromisoformat(row.next_key)
        day, covered_until = min(day, next_on), min(covered_until, next_on)
    return max(day, schedule.boundary_from(charge.period, anchor_of(charge, tenant), covered_until))


def _is_boundary(tenant: TenantFact, charge: ChargeFact, row: ScheduleFact) -> bool:
    if not row.next_key or row.next_key.startswith("#"):
        return False
    day = date.fromisoformat(row.next_key)
    return schedule.boundary_from(charge.period, anchor_of(charge, tenant), day) == day


def _first_boundary(tenant: TenantFact, charge: ChargeFact, zone: str, joined_at: int) -> date:
    """Counted from the start, the first period begins with the start itself, in whatever time zone it is read."""
    is_from_start = charge.anchor == "start" and (charge.start_at == 0 or charge.start_at >= charge.created_at)
    if is_from_start and joined_at <= max(charge.start_at, charge.created_at):
        return anchor_of(charge, tenant)
    return _next_boundary(tenant, charge, zone, max(charge.start_at, joined_at))


def _next_boundary(tenant: TenantFact, charge: ChargeFact, zone: str, since: int) -> date:
    """The first day of a period that does not begin before an instant."""
    anchor = anchor_of(charge, tenant)
    day = schedule.boundary_from(charge.period, anchor, schedule.local_day(since, zone))
    if schedule.start_of_day(day, zone) < since:
        day = schedule.boundary_after(charge.period, anchor, day)
    return day


def _due_on(tenant: TenantFact, charge: ChargeFact, zone: str, day: date) -> Due | None:
    """The period that begins on a day, if it begins before the charge's end."""
    begins_at = schedule.start_of_day(day, zone)
    if day == date.max or (charge.end_at and begins_at >= charge.end_at):
        return None
    return Due(day.isoformat(), _not_at_once(tenant, charge, max(begins_at, charge.start_at)))


def _due_once(tenant: TenantFact, charge: ChargeFact, zone: str, since: int) -> Due | None:
    """Once: at the start, or without one at the start of the next calendar month. Immediately: after the grace.

    Not before the instant since which it is owed.
    """
    if charge.period == "":
        due_at = max(_after_grace(tenant, charge), charge.start_at)
    elif charge.start_at:
        due_at = _not_at_once(tenant, charge, charge.start_at)
    else:
        today = schedule.local_day(charge.created_at, zone)
        month = schedule.period_containing("monthly", schedule.CALENDAR_ANCHOR, today)
        due_at = schedule.start_of_day(month.until, zone)
    due_at = max(due_at, since)
    return None if charge.end_at and due_at >= charge.end_at else Due(ONCE, due_at)


def _not_at_once(tenant: TenantFact, charge: ChargeFact, due_at: int) -> int:
    return due_at if due_at > charge.created_at else _after_grace(tenant, charge)


def _after_grace(tenant: TenantFact, charge: ChargeFact) -> int:
    return charge.created_at + tenant.empty_period_grace_minutes * MINUTE

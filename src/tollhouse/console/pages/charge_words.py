"""When a charge falls due, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Final

from tollhouse.domain import schedule
from tollhouse.ledger.facts import ChargeFact, TenantFact
from tollhouse.ledger.scheduling import Due, anchor_of, due_after, first_due, is_recurring

_DAYS_ALL_MONTHS_HAVE: Final = 28
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def schedule_in_words(charge: ChargeFact, tenant: TenantFact, zone: str) -> str:
    """Such as: monthly on the 31st, or the last day of a shorter month, counted from 2026-01-31, in Europe/Berlin."""
    how = _recurring(charge, anchor_of(charge, tenant)) if is_recurring(charge) else _once(charge, tenant)
    if charge.number_max:
        how += f", at most {charge.number_max:,} times"
    return f"{how}, in {zone}" if is_recurring(charge) else how


def _recurring(charge: ChargeFact, anchor: date) -> str:
    day = f"the {_ordinal(anchor.day)}"
    if charge.period == "annually":
        when = f"annually on {day} of {_MONTHS[anchor.month - 1]}"
    elif charge.period == "quarterly":
        months = sorted((anchor.month - 1 + 3 * quarter) % 12 for quarter in range(4))
        *some, last = (_MONTHS[month] for month in months)
        when = f"quarterly on {day} of {', '.join(some)} and {last}"
    else:
        when = f"monthly on {day}"
    if anchor.day > _DAYS_ALL_MONTHS_HAVE:
        when += ", or the last day of a shorter month"
    return when if anchor == schedule.CALENDAR_ANCHOR else f"{when}, counted from {anchor.isoformat()}"


def _once(charge: ChargeFact, tenant: TenantFact) -> str:
    if charge.period == "":
        minutes = tenant.empty_period_grace_minutes
        return f"once, {minutes} minutes after it was made" + (", and not before its start" if charge.start_at else "")
    return "once, at its start" if charge.start_at else "once, on the first day of the month after it was made"


def dates_ahead(charge: ChargeFact, tenant: TenantFact, zone: str, now: int, count: int) -> list[Due]:
    """When a charge on everybody on a plan falls due next for whoever joins now."""
    if charge.deleted_at is not None:
        return []
    return list(islice(_ahead(charge, tenant, zone, now), count))


def _ahead(charge: ChargeFact, tenant: TenantFact, zone: str, now: int) -> Iterator[Due]:
    due = first_due(tenant, charge, zone, now)
    while due is not None:
        if due.due_at >= now:
            yield due
        due = due_after(tenant, charge, zone, due.key)


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"

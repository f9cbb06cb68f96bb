"""When a meter starts again: the windows in which its usage counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from tollhouse.domain.schedule import local_day, period_containing, start_of_day

NEVER: Final = "NEVER"

_DAYS: Final = {"EVERY_DAY": 1, "EVERY_28_DAYS": 28}
_PERIODS: Final = {"EVERY_MONTH": "monthly", "EVERY_QUARTER": "quarterly", "EVERY_YEAR": "annually"}


def window(reset: str, granted_at: int, now: int) -> tuple[int, int | None]:
    """The instant from which usage counts now, and the one at which it starts again; None is never.

    Windows count in days of UTC from the day on which the meter was given; the first begins with it.
    """
    anchor, today = local_day(granted_at, "UTC"), local_day(now, "UTC")
    if reset in _DAYS:
        first, until = _of_days(_DAYS[reset], anchor, today)
    elif reset in _PERIODS:
        period = period_containing(_PERIODS[reset], anchor, today)
        first, until = period.first, period.until
    else:
        return granted_at, None
    return max(granted_at, start_of_day(first, "UTC")), start_of_day(until, "UTC")


def _of_days(count: int, anchor: date, today: date) -> tuple[date, date]:
    first = anchor + timedelta(days=(today - anchor).days // count * count)
    return first, first + timedelta(days=count)

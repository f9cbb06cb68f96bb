"""Schedules: the periods of a recurring charge, and where their days begin and end in a time zone.

A period is counted in local days. The calendar kept here is that of `datetime.date`, years 1 to 9999, and both of
its ends hold fast: `date.min` stands for whatever comes before and `date.max` for whatever comes after, so that a
boundary, day or end of `date.max` reads as "never". Nothing overflows, however far an instant is.

Instants are microseconds since 1970-01-01 UTC. A `timezone` is a name that zoneinfo knows; its rules are read at the
first use and kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

RECURRING: Final = ("monthly", "quarterly", "annually")
"""The periods that come again; `periods.PERIODS` has these and others."""

CALENDAR_ANCHOR: Final = date(2000, 1, 1)
"""Anchor of calendar periods: months; quarters from 1 January, April, July and October; years from 1 January."""

_MONTHS: Final = {"monthly": 1, "quarterly": 3, "annually": 12}

_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_INSTANT_MIN: Final = (datetime(1, 1, 2, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_INSTANT_MAX: Final = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""Between these two any offset leads to a day of the calendar: a day's length away from both of its ends."""

_TIMEZONES_MAX: Final = 1024
_STARTS_MAX: Final = 16384
_PERIODS_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class Period:
    """The local days from `first` on, before `until`; at least one. `until` is the first day of the next period."""

    first: date
    until: date

    @property
    def days(self) -> int:
        """How many calendar days the period has, one that its time zone leaves out included."""
        return (self.until - self.first).days


@lru_cache(_PERIODS_MAX)
def period_containing(period: str, anchor: date, day: date) -> Period:
    """The period of `day`, before the anchor too; `date.max` counts to the last, which ends there.

    Boundaries count from the anchor, each by itself: its day of the month, or the last day of a month that has no
    such day, so 31 January, 28 or 29 February, 31 March. Refuses a `period` that is not in RECURRING with ValueError.
    """
    months = _months(period)
    day = min(day, date.max - _DAY)
    count = _month_index(day) - _month_index(anchor)
    count -= count % months
    if _months_after(anchor, count) > day:
        count -= months
    return Period(_months_after(anchor, count), _months_after(anchor, count + months))


def boundary_from(period: str, anchor: date, day: date) -> date:
    """The first boundary (first day of a period) on or after `day`. Refuses as `period_containing` does."""
    containing = period_containing(period, anchor, day)
    return day if day == containing.first else containing.until


def boundary_after(period: str, anchor: date, boundary: date) -> date:
    """The first boundary after `boundary`: later by a day at least, and `date.max` after `date.max`.

    Refuses as `period_containing` does.
    """
    return period_containing(period, anchor, boundary).until


def local_day(instant: int, timezone: str) -> date:
    """The day that `instant` belongs to; the ends of the calendar for what lies within a day of them or beyond."""
    if instant < _INSTANT_MIN:
        return date.min
    if instant >= _INSTANT_MAX:
        return date.max
    return (_EPOCH + instant * _MICROSECOND).astimezone(_zone(timezone)).date()


@lru_cache(_STARTS_MAX)
def start_of_day(day: date, timezone: str) -> int:
    """The first instant that belongs to `day`, or to a later one where the time zone leaves `day` out.

    So: `local_day` of it is `day` or later, and of the microsecond before it earlier (`date.min` has nothing before).
    Where midnight comes twice it is the first of the two; where it is skipped, the instant of the skip.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=_zone(timezone))
    start, by_offset_after = ((midnight.replace(fold=fold) - _EPOCH) // _MICROSECOND for fold in (0, 1))
    if by_offset_after < start:
        start = _first_instant(day, timezone, by_offset_after, start)
    return min(max(start, _INSTANT_MIN), _INSTANT_MAX)


def end_day(end_at: int, timezone: str) -> date | None:
    """The first local day that does not begin before `end_at`; None for an `end_at` of 0, which is no end.

    So `day < end_day(end_at, timezone)` says the same as `start_of_day(day, timezone) < end_at`, for any day before
    `date.max`. An end at local midnight of a day is that day, and any later one within it the day after.
    """
    if end_at == 0:
        return None
    day = local_day(end_at, timezone)
    while day < date.max and start_of_day(day, timezone) < end_at:
        day += _DAY
    while day > date.min and start_of_day(day - _DAY, timezone) >= end_at:
        day -= _DAY
    return day


def remaining_share(period: Period, today: date, end: date | None) -> Fraction:
    """The part of `period` that is left: its days from `today` (included) on, before `end`, of all its days.

    From 0 (ended by today) to 1 (on the first day, with no end inside). Refuses a `today` outside the period with
    ValueError.
    """
    if not period.first <= today < period.until:
        raise ValueError("A share is of the period that today is in.")
    until = period.until if end is None else min(period.until, end)
    return Fraction(max((until - today).days, 0), period.days)


def _months(period: str) -> int:
    try:
        return _MONTHS[period]
    except KeyError:
        raise ValueError("A recurring period is monthly, quarterly or annually.") from None


def _months_after(anchor: date, count: int) -> date:
    """`count` months after `anchor` (before it, when negative), held at the ends of the calendar."""
    year, month_less_1 = divmod(_month_index(anchor) + count, 12)
    if year < date.min.year:
        return date.min
    if year > date.max.year:
        return date.max
    return date(year, month_less_1 + 1, min(anchor.day, _days_in_month(year, month_less_1 + 1)))


def _month_index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _days_in_month(year: int, month: int) -> int:
    return 31 if month == 12 else (date(year, month + 1, 1) - date(year, month, 1)).days


def _first_instant(day: date, timezone: str, before: int, after: int) -> int:
    """Of the instants later than `before` up to `after`, the first that belongs to `day` or a later one."""
    while after - before > 1:
        middle = (before + after) // 2
        if local_day(middle, timezone) < day:
            before = middle
        else:
            after = middle
    return after


@lru_cache(_TIMEZONES_MAX)
def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)

"""Schedules: boundaries that do not drift, days that begin where they do, and shares that count days.

Beside worked figures stand two plain models, which know nothing of how the module works: one walks a calendar day by
day, the other a time zone minute by minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollhouse.domain import money
from tollhouse.domain.periods import PERIODS
from tollhouse.domain.schedule import (
    CALENDAR_ANCHOR,
    RECURRING,
    Period,
    boundary_after,
    boundary_from,
    end_day,
    local_day,
    period_containing,
    remaining_share,
    start_of_day,
)

DAY = timedelta(days=1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

TIMEZONES = (
    *("UTC", "Europe/Berlin", "America/Havana", "America/Sao_Paulo", "America/St_Johns", "Atlantic/Azores"),
    *("Africa/Cairo", "Asia/Tehran", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati"),
)
FIRST, UNTIL = date(1994, 1, 1), date(2024, 1, 1)
"""Thirty years: seven leap days, two zones that leave a day out, every turn of daylight saving time."""

AMOUNTS = ("30.00", "-0.01", "99.99", "365", "1234567.891")
EXPONENTS = {"JPY": 0, "USD": 2, "KWD": 3, "CLF": 4}

periods = st.sampled_from(RECURRING)
timezones = st.sampled_from(TIMEZONES)
any_day = st.dates()
some_day = st.dates(date(1980, 1, 1), date(2060, 12, 31))


def instant(text: str) -> int:
    """The instant that an ISO 8601 text without an offset says, in UTC."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def on(text: str) -> date:
    return date.fromisoformat(text)


# ------------------------------------------------------------------------------------------- worked figures


@pytest.mark.parametrize(
    ("amount", "period", "today", "share", "expected_minor"),
    [
        ("30.00", "monthly", "2026-06-16", Fraction(15, 30), 15_00),
        ("90.00", "quarterly", "2026-05-16", Fraction(46, 91), 45_49),
        ("365.00", "annually", "2026-12-01", Fraction(31, 365), 31_00),
    ],
)
def test_what_is_left_of_a_calendar_period_is_owed_today_included(
    amount: str, period: str, today: str, share: Fraction, expected_minor: int
) -> None:
    found = remaining_share(period_containing(period, CALENDAR_ANCHOR, on(today)), on(today), None)
    assert found == share
    assert money.rounded_minor(Fraction(amount) * found, "USD") == expected_minor


def test_every_recurring_period_is_a_period() -> None:
    assert set(RECURRING) < set(PERIODS)


@pytest.mark.parametrize(
    ("period", "first", "until", "days"),
    [
        ("monthly", "2026-05-01", "2026-06-01", 31),
        ("quarterly", "2026-04-01", "2026-07-01", 91),
        ("annually", "2026-01-01", "2027-01-01", 365),
    ],
)
def test_calendar_periods_are_months_quarters_and_years(period: str, first: str, until: str, days: int) -> None:
    for day in ("2026-05-01", "2026-05-16", "2026-05-31"):
        found = period_containing(period, CALENDAR_ANCHOR, on(day))
        assert found == Period(on(first), on(until))
        assert found.days == days


@pytest.mark.parametrize(
    ("period", "anchor", "boundaries"),
    [
        ("monthly", "2026-01-31", "2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31"),
        ("monthly", "2028-01-31", "2028-01-31 2028-02-29 2028-03-31"),
        ("monthly", "2026-01-30", "2026-01-30 2026-02-28 2026-03-30"),
        ("monthly", "2026-01-15", "2025-11-15 2025-12-15 2026-01-15 2026-02-15"),
        ("monthly", "2030-12-31", "2027-12-31 2028-01-31 2028-02-29 2028-03-31"),
        ("quarterly", "2025-11-30", "2025-11-30 2026-02-28 2026-05-30 2026-08-30"),
        ("quarterly", "2026-08-31", "2026-02-28 2026-05-31 2026-08-31 2026-11-30"),
        ("annually", "2024-02-29", "2023-02-28 2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29"),
        ("annually", "2023-02-28", "2023-02-28 2024-02-28 2025-02-28"),
    ],
)
def test_boundaries_count_from_the_anchor_both_ways_and_never_drift(period: str, anchor: str, boundaries: str) -> None:
    expected = [on(text) for text in boundaries.split()]
    for before, after in pairwise(expected):
        assert boundary_after(period, on(anchor), before) == after
        assert boundary_from(period, on(anchor), before) == before
        assert boundary_from(period, on(anchor), before + DAY) == after
        assert period_containing(period, on(anchor), before) == Period(before, after)
        assert period_containing(period, on(anchor), after - DAY) == Period(before, after)


@pytest.mark.parametrize("period", ["once", "", "weekly", "Monthly"])
def test_what_does_not_come_again_has_no_boundaries(period: str) -> None:
    for boundary in (period_containing, boundary_from, boundary_after):
        with pytest.raises(ValueError, match="monthly, quarterly or annually"):
            boundary(period, CALENDAR_ANCHOR, on("2026-06-16"))


JUNE = Period(on("2026-06-01"), on("2026-07-01"))


@pytest.mark.parametrize(
    ("today", "end", "share"),
    [
        ("2026-06-01", None, Fraction(1)),
        ("2026-06-01", "2026-07-01", Fraction(1)),
        ("2026-06-01", "2030-01-01", Fraction(1)),
        ("2026-06-01", "2026-06-30", Fraction(29, 30)),
        ("2026-06-16", "2026-06-17", Fraction(1, 30)),
        ("2026-06-16", "2026-06-16", Fraction(0)),
        ("2026-06-16", "2020-01-01", Fraction(0)),
        ("2026-06-30", None, Fraction(1, 30)),
    ],
)
def test_only_days_before_the_end_are_counted_and_never_less_than_none(
    today: str, end: str | None, share: Fraction
) -> None:
    assert remaining_share(JUNE, on(today), end and on(end)) == share


@pytest.mark.parametrize("today", ["2026-05-31", "2026-07-01"])
def test_there_is_no_share_of_another_days_period(today: str) -> None:
    with pytest.raises(ValueError, match="today is in"):
        remaining_share(JUNE, on(today), None)


@pytest.mark.parametrize(
    ("timezone", "day", "start"),
    [
        ("UTC", "2026-06-16", "2026-06-16T00:00"),
        ("Asia/Kathmandu", "2026-06-16", "2026-06-15T18:15"),
        ("Australia/Lord_Howe", "2026-06-16", "2026-06-15T13:30"),
        ("Australia/Lord_Howe", "2026-12-16", "2026-12-15T13:00"),
        ("Pacific/Kiritimati", "2026-06-16", "2026-06-15T10:00"),
        # Midnight is skipped: the day begins at 01:00, or at 00:30 where the clock went from 23:30 to 00:30.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00"),
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00"),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30"),
        # Midnight comes twice: the first counts, a minute before the clock goes back too.
        ("America/Havana", "2018-11-04", "2018-11-04T04:00"),
        ("Atlantic/Azores", "2018-10-28", "2018-10-28T00:00"),
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:30"),
        # 23:00 comes twice: midnight once.
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00"),
        # The whole day is left out: the first instant after it.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
        ("Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00"),
        ("Pacific/Kiritimati", "1994-12-31", "1994-12-31T10:00"),
    ],
)
def test_a_day_begins_with_its_first_instant(timezone: str, day: str, start: str) -> None:
    assert start_of_day(on(day), timezone) == instant(start)


@pytest.mark.parametrize(
    ("timezone", "at", "day"),
    [
        ("UTC", "2026-06-16T00:00", "2026-06-16"),
        ("UTC", "2026-06-15T23:59:59.999999", "2026-06-15"),
        ("UTC", "1969-12-31T23:59:59.999999", "1969-12-31"),
        ("Pacific/Apia", "2011-12-30T09:59:59.999999", "2011-12-29"),
        ("Pacific/Apia", "2011-12-30T10:00", "2011-12-31"),
        ("America/St_Johns", "2010-11-07T02:30", "2010-11-07"),
        ("America/St_Johns", "2010-11-07T02:31", "2010-11-06"),
    ],
)
def test_an_instant_belongs_to_its_local_day(timezone: str, at: str, day: str) -> None:
    assert local_day(instant(at), timezone) == on(day)


@pytest.mark.parametrize(
    ("timezone", "end_at", "day"),
    [
        ("UTC", "2026-06-16T00:00", "2026-06-16"),
        ("UTC", "2026-06-16T00:00:00.000001", "2026-06-17"),
        ("UTC", "2026-06-16T15:00", "2026-06-17"),
        ("Europe/Berlin", "2026-06-15T22:00", "2026-06-16"),
        ("Europe/Berlin", "2026-06-16T13:00", "2026-06-17"),
        # The day whose midnight came twice had begun before the second one.
        ("America/Havana", "2018-11-04T04:00", "2018-11-04"),
        ("America/Havana", "2018-11-04T05:00", "2018-11-05"),
        ("America/St_Johns", "2010-11-07T03:00", "2010-11-08"),
        # A day that is left out begins together with the next.
        ("Pacific/Apia", "2011-12-30T01:00", "2011-12-30"),
        ("Pacific/Apia", "2011-12-30T10:00", "2011-12-30"),
        ("Pacific/Apia", "2011-12-30T10:00:00.000001", "2012-01-01"),
    ],
)
def test_an_end_excludes_the_first_day_that_does_not_begin_before_it(timezone: str, end_at: str, day: str) -> None:
    assert end_day(instant(end_at), timezone) == on(day)


@pytest.mark.parametrize("timezone", TIMEZONES)
def test_an_end_of_0_is_none(timezone: str) -> None:
    assert end_day(0, timezone) is None
    assert end_day(1, timezone) is not None


# ------------------------------------------------------------------------------------ the ends of the calendar


@pytest.mark.parametrize("timezone", TIMEZONES)
@pytest.mark.parametrize("seconds", [10**11, 253_402_214_400, 253_402_300_800, 10**12, 2**63])
def test_an_instant_however_far_has_a_day(timezone: str, seconds: int) -> None:
    day = local_day(seconds * SECOND, timezone)
    assert day == (date.max if seconds > 10**11 else on("5138-11-16"))
    assert end_day(seconds * SECOND, timezone) == (date.max if seconds > 10**11 else on("5138-11-17"))
    assert local_day(-seconds * SECOND, timezone) == date.min
    assert end_day(-seconds * SECOND, timezone) == date.min


@pytest.mark.parametrize("timezone", TIMEZONES)
def test_every_day_of_the_calendar_has_a_start(timezone: str) -> None:
    days = [date.min, date.min + DAY, date.min + 2 * DAY, date.max - 2 * DAY, date.max - DAY, date.max]
    starts = [start_of_day(day, timezone) for day in days]
    assert starts == sorted(starts)
    for day, start in zip(days, starts, strict=True):
        assert local_day(start, timezone) >= day
        assert day == date.min or local_day(start - 1, timezone) < day


@pytest.mark.parametrize("period", RECURRING)
@pytest.mark.parametrize("anchor", [CALENDAR_ANCHOR, on("2000-01-31"), on("2000-12-31"), date.min, date.max])
def test_after_the_calendar_there_is_no_boundary(period: str, anchor: date) -> None:
    last = period_containing(period, anchor, date.max)
    assert last.until == date.max
    assert last == period_containing(period, anchor, date.max - DAY)
    assert boundary_from(period, anchor, date.max) == boundary_after(period, anchor, date.max) == date.max
    assert boundary_after(period, anchor, last.first) == date.max


@pytest.mark.parametrize("period", RECURRING)
@pytest.mark.parametrize("anchor", [CALENDAR_ANCHOR, on("2000-01-31"), on("2000-12-31"), date.min, date.max])
def test_before_the_calendar_there_is_no_boundary(period: str, anchor: date) -> None:
    earliest = period_containing(period, anchor, date.min)
    assert earliest.first == boundary_from(period, anchor, date.min) == date.min
    assert boundary_after(period, anchor, date.min) == earliest.until > date.min


@given(period=periods, anchor=any_day, day=any_day)
def test_any_day_is_in_one_period_that_its_boundaries_enclose(period: str, anchor: date, day: date) -> None:
    found = period_containing(period, anchor, day)
    assert found.first <= day < found.until or (day == found.until == date.max)
    assert boundary_from(period, anchor, found.first) == found.first
    assert boundary_after(period, anchor, found.first) == found.until
    assert period_containing(period, anchor, found.until - DAY) == found
    if day < date.max:
        assert 0 < remaining_share(found, day, None) <= 1


@given(at=st.integers(-(2**63), 2**63 - 1).filter(bool), timezone=timezones, days=st.integers(-3, 3))
def test_a_day_is_before_the_end_day_when_it_begins_before_the_end(at: int, timezone: str, days: int) -> None:
    end = end_day(at, timezone)
    assert end is not None
    if date.min + 3 * DAY <= end <= date.max - 4 * DAY:
        day = end + days * DAY
        assert (day < end) == (start_of_day(day, timezone) < at)


# -------------------------------------------------------------------------- a calendar, walked day by day


def walked_periods(period: str, anchor: date, first: date, until: date) -> Iterator[list[date]]:
    """The days of each whole period between two days, by nothing but looking at one day after the other.

    A day is a boundary when it is in a month that counts and is the anchor's day of the month, or the last day of a
    month that is too short to have that.
    """
    months = {"monthly": 1, "quarterly": 3, "annually": 12}[period]
    days: list[date] = []
    is_whole = False
    day = first
    while day < until:
        counts = ((day.year - anchor.year) * 12 + day.month - anchor.month) % months == 0
        is_last = (day + DAY).month != day.month
        if counts and (day.day == anchor.day or (is_last and day.day < anchor.day)):
            if is_whole:
                yield days
            days, is_whole = [], True
        days.append(day)
        day += DAY


def nearest_away_from_zero(value: Fraction) -> int:
    floor = value.numerator // value.denominator
    return min((floor, floor + 1), key=lambda n: (abs(n - value), -abs(n)))


def check_walk(period: str, anchor: date, first: date, until: date, ends: Iterable[date]) -> set[Fraction]:
    """Compares the module with the walk on every day, and returns the shares that were met."""
    shares = set()
    due = None
    for days in walked_periods(period, anchor, first, until):
        expected = Period(days[0], days[-1] + DAY)
        due = boundary_from(period, anchor, days[0]) if due is None else boundary_after(period, anchor, due)
        assert due == days[0]
        share = Fraction(0)
        for day in reversed(days):
            share += Fraction(1, len(days))
            shares.add(share)
            assert period_containing(period, anchor, day) == expected
            assert remaining_share(expected, day, None) == share
            assert boundary_from(period, anchor, day) == (day if day == days[0] else expected.until)
        assert share == 1
        for end in ends:
            check_end(expected, days, end)
    return shares


def check_end(period: Period, days: list[date], end: date) -> None:
    if end < days[0] or end > days[-1]:
        return
    counted = 0
    for day in reversed(days):
        counted += day < end
        assert remaining_share(period, day, end) == Fraction(counted, len(days))


def check_amounts(shares: Iterable[Fraction]) -> None:
    for share in shares:
        for amount in AMOUNTS:
            owed = Fraction(amount) * share
            for currency, places in EXPONENTS.items():
                assert money.rounded_minor(owed, currency) == nearest_away_from_zero(owed * 10**places)


@settings(max_examples=12, deadline=None)
@given(period=periods, anchor=some_day, ends=st.lists(some_day, max_size=5))
def test_thirty_years_are_what_a_walk_day_by_day_finds(period: str, anchor: date, ends: list[date]) -> None:
    check_walk(period, anchor, FIRST, UNTIL, ends)


@settings(max_examples=50, deadline=None)
@given(period=periods, anchor=any_day, day=st.dates(date(3, 1, 1), date(9997, 1, 1)))
def test_any_two_years_are_what_a_walk_day_by_day_finds(period: str, anchor: date, day: date) -> None:
    check_walk(period, anchor, day, day + 2 * 366 * DAY, [day + 500 * DAY])


@pytest.mark.parametrize("period", RECURRING)
def test_every_prorated_amount_is_rounded_once_from_the_days_that_are_left(period: str) -> None:
    check_amounts(check_walk(period, on("2000-01-31"), on("2022-01-01"), on("2025-06-01"), []))


@pytest.mark.soak
@pytest.mark.parametrize("period", RECURRING)
def test_thirty_years_from_every_anchor_are_what_a_walk_day_by_day_finds(period: str) -> None:
    anchors = [on("2000-01-01") + days * DAY for days in range(366)]
    shares = set()
    for anchor in anchors:
        ends = [FIRST + (anchor - anchors[0]) + days * DAY for days in range(0, 30 * 365, 97)]
        shares |= check_walk(period, anchor, FIRST, UNTIL, ends)
    check_amounts(shares)


# ----------------------------------------------------------------------- a time zone, walked minute by minute


def walked_starts(timezone: str, first: date, until: date) -> dict[date, int]:
    """The first instant of each day from `first` on before `until`, by looking at one minute after the other.

    A day that never comes begins with the one that comes instead. No rule of these zones in these years turns the
    clock within a minute.
    """
    zone = ZoneInfo(timezone)
    seconds = instant(first.isoformat()) // SECOND - 2 * 86400
    starts: dict[date, int] = {}
    coming = datetime.fromtimestamp(seconds, zone).date() + DAY
    while coming < until:
        if datetime.fromtimestamp(seconds, zone).date() >= coming:
            starts[coming] = seconds * SECOND
            coming += DAY
        else:
            seconds += 60
    return {day: start for day, start in starts.items() if day >= first}


def check_zone(timezone: str, starts: dict[date, int]) -> None:
    """Compares the module with the walk: the start of every day, and ends around each."""
    days = sorted(starts)
    for day in days:
        start = starts[day]
        assert start_of_day(day, timezone) == start
        assert local_day(start, timezone) >= day > local_day(start - 1, timezone)
    for before, day, after in zip(days, days[1:], days[2:], strict=False):
        ends = [starts[day], starts[day] + 1, (starts[day] + starts[after]) // 2, starts[after] - 1]
        for end_at in ends:
            expected = next((d for d in (before, day, after) if starts[d] >= end_at), after + DAY)
            assert end_day(end_at, timezone) == expected


def check_occurrences(period: str, anchor: date, timezone: str, starts: dict[date, int]) -> None:
    """Compares when each period begins, as the module counts on from one to the next, with the two walks."""
    days = sorted(starts)
    walked = [starts[period_days[0]] for period_days in walked_periods(period, anchor, days[0], days[-1])]
    counted = []
    due = boundary_from(period, anchor, days[0])
    for _ in walked:
        counted.append(start_of_day(due, timezone))
        due = boundary_after(period, anchor, due)
    assert counted == walked


@settings(max_examples=60, deadline=None)
@given(timezone=timezones, day=some_day)
def test_days_begin_where_a_walk_minute_by_minute_finds_them(timezone: str, day: date) -> None:
    check_zone(timezone, walked_starts(timezone, day, day + 4 * DAY))


@pytest.mark.parametrize(
    ("timezone", "day"),
    [
        *[("America/Sao_Paulo", "2018-11-03"), ("America/Sao_Paulo", "2018-02-17"), ("Asia/Beirut", "2026-03-28")],
        *[("America/Havana", "2018-11-03"), ("Atlantic/Azores", "2018-10-27"), ("America/St_Johns", "2010-11-06")],
        *[("Pacific/Apia", "2011-12-28"), ("Pacific/Kiritimati", "1994-12-29"), ("Asia/Tehran", "2022-03-21")],
        *[("Africa/Cairo", "2024-04-25"), ("Africa/Cairo", "2024-10-31"), ("Australia/Lord_Howe", "2026-04-04")],
    ],
)
def test_days_whose_clock_turns_begin_where_a_walk_minute_by_minute_finds_them(timezone: str, day: str) -> None:
    check_zone(timezone, walked_starts(timezone, on(day), on(day) + 6 * DAY))


@pytest.mark.parametrize(("timezone", "anchor"), [("Pacific/Apia", "2000-01-30"), ("Africa/Cairo", "2000-01-31")])
def test_every_occurrence_of_a_year_is_due_at_the_start_of_its_day(timezone: str, anchor: str) -> None:
    starts = walked_starts(timezone, on("2011-09-01"), on("2012-06-02"))
    for period in RECURRING:
        check_occurrences(period, on(anchor), timezone, starts)


@pytest.mark.soak
@pytest.mark.parametrize("timezone", TIMEZONES)
def test_every_occurrence_of_thirty_years_is_due_at_the_start_of_its_day(timezone: str) -> None:
    starts = walked_starts(timezone, FIRST, UNTIL)
    check_zone(timezone, starts)
    for anchor in [on("2000-01-01") + days * DAY for days in range(366)]:
        for period in RECURRING:
            check_occurrences(period, anchor, timezone, starts)

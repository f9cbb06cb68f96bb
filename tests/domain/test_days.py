"""The day of an instant is the one that `local_day` says, however it is remembered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollhouse.domain import days
from tollhouse.domain.days import Days, days_in
from tollhouse.domain.schedule import local_day

SECOND = 1_000_000
HOUR = 3600 * SECOND

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Havana",
    "Africa/Monrovia",
    "Europe/Amsterdam",
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "Africa/Casablanca",
)


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


#: Changes of the clock: over midnight by an hour at a minute past it, by half an hour, at midnight, a day left out, by
#: a quarter of an hour, by less than a minute.
EVENTS = (
    "2010-11-07 02:31:00",
    "2026-04-04 15:00:00",
    "2018-11-04 03:00:00",
    "2011-12-30 10:00:00",
    "1985-12-31 18:30:00",
    "1972-01-07 00:44:30",
    "2026-03-29 01:00:00",
    "2026-10-25 01:00:00",
)


@pytest.mark.parametrize("zone", ZONES)
def test_around_changes_of_the_clock(zone: str) -> None:
    """Asked from far and near, forwards and back, so that what is remembered of one is used for the next."""
    known = Days(zone)
    steps = [n * 7 * 60 * SECOND + n % 3 - 1 for n in range(-400, 401)]
    for at in map(instant, EVENTS):
        for step in (*steps, *reversed(steps), -1, 0, 1):
            assert known.day_of(at + step) == local_day(at + step, zone).isoformat(), (zone, at + step)


@settings(max_examples=300)
@given(st.sampled_from(ZONES), st.lists(st.integers(-(2**56), 2**58), min_size=1, max_size=20))
def test_at_any_instant(zone: str, instants: list[int]) -> None:
    for at in instants:
        assert days_in(zone).day_of(at) == local_day(at, zone).isoformat()


def test_beyond_the_calendar_are_its_ends() -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        assert days_in(zone).day_of(-(2**62)) == "0001-01-01"
        assert days_in(zone).day_of(2**62) == "9999-12-31"


def test_a_zone_that_nobody_knows_is_taken_for_utc() -> None:
    for name in ("Mars/Olympus", "../etc", "", "Europe", "a\0b"):
        assert Days(name).day_of(instant("2026-03-01 23:59:59")) == "2026-03-01"


def test_a_long_history_takes_no_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "_KNOWN_MAX", 10)
    known = Days("Europe/Berlin")
    for n in range(100):
        known.day_of(n * 24 * HOUR)
    assert 0 < len(known._known) <= 10

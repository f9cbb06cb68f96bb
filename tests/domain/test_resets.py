"""Meters start again on days of UTC, counted from the day on which they were given."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.resets import window

RESETS = ("EVERY_DAY", "EVERY_28_DAYS", "EVERY_MONTH", "EVERY_QUARTER", "EVERY_YEAR")


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("reset", "granted", "now", "since", "until"),
    [
        ("NEVER", "2026-01-31 10:00", "2030-01-01", "2026-01-31 10:00", None),
        ("EVERY_DAY", "2026-01-31 10:00", "2026-01-31 23:59", "2026-01-31 10:00", "2026-02-01"),
        ("EVERY_DAY", "2026-01-31 10:00", "2026-02-03 00:00", "2026-02-03", "2026-02-04"),
        ("EVERY_28_DAYS", "2026-01-01 10:00", "2026-01-28 23:59", "2026-01-01 10:00", "2026-01-29"),
        ("EVERY_28_DAYS", "2026-01-01 10:00", "2026-01-29 00:00", "2026-01-29", "2026-02-26"),
        ("EVERY_MONTH", "2026-01-31 10:00", "2026-02-27 23:59", "2026-01-31 10:00", "2026-02-28"),
        ("EVERY_MONTH", "2026-01-31 10:00", "2026-03-30 12:00", "2026-02-28", "2026-03-31"),
        ("EVERY_QUARTER", "2026-01-31 10:00", "2026-05-01 12:00", "2026-04-30", "2026-07-31"),
        ("EVERY_YEAR", "2024-02-29 10:00", "2026-01-01 12:00", "2025-02-28", "2026-02-28"),
    ],
)
def test_worked_windows(reset: str, granted: str, now: str, since: str, until: str | None) -> None:
    expected = (instant(since), None if until is None else instant(until))
    assert window(reset, instant(granted), instant(now)) == expected


@given(
    st.sampled_from(RESETS),
    st.integers(instant("2020-01-01"), instant("2040-01-01")),
    st.integers(0, instant("1990-01-01")),
)
def test_now_is_always_within(reset: str, granted_at: int, later: int) -> None:
    now = granted_at + later
    since, until = window(reset, granted_at, now)
    assert until is not None
    assert granted_at <= since <= now < until
    assert window(reset, granted_at, until)[0] == until

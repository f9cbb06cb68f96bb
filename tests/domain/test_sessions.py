"""Sessions: more than the window of silence begins one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.sessions import touched

MINUTE = 60_000_000
WINDOW = 30 * MINUTE
NOW = 1_585_775_554_000_000


def test_the_first_sight_begins_the_first_session() -> None:
    assert touched(0, None, NOW, WINDOW) == (1, NOW)


@pytest.mark.parametrize(
    ("silence_us", "begun"), [(0, 0), (1, 0), (WINDOW - 1, 0), (WINDOW, 0), (WINDOW + 1, 1), (9 * WINDOW, 1)]
)
def test_only_more_than_the_window_of_silence_begins_a_session(silence_us: int, begun: int) -> None:
    assert touched(4, NOW - silence_us, NOW, WINDOW) == (4 + begun, NOW)


def test_a_clock_that_went_back_changes_nothing() -> None:
    assert touched(4, NOW, NOW - 90 * MINUTE, WINDOW) == (4, NOW)


@given(st.lists(st.integers(0, 40 * MINUTE), max_size=40), st.integers(0, 40 * MINUTE))
def test_sessions_are_one_more_than_the_long_silences(silences_us: list[int], window_us: int) -> None:
    now = NOW
    seen = touched(0, None, now, window_us)
    for silence_us in silences_us:
        now += silence_us
        seen = touched(*seen, now, window_us)
    assert seen == (1 + len([silence for silence in silences_us if silence > window_us]), now)


@given(st.lists(st.integers(0, 10**9), min_size=1), st.integers(0, 10**9))
def test_last_seen_is_the_latest_instant_and_sessions_never_fall(instants: list[int], window_us: int) -> None:
    sessions, last_seen_at = touched(0, None, instants[0], window_us)
    for now in instants[1:]:
        before = sessions
        sessions, last_seen_at = touched(sessions, last_seen_at, now, window_us)
        assert sessions in (before, before + 1)
    assert last_seen_at == max(instants)

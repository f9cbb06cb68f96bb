"""Periods: a closed list, letter for letter; and the window in which a charge may be charged."""

from __future__ import annotations

import pytest

from tollhouse.domain.periods import PERIODS, is_window, is_within


def test_there_are_five_periods() -> None:
    assert PERIODS == ("once", "monthly", "quarterly", "annually", "")


@pytest.mark.parametrize(
    ("start_at", "end_at", "is_one"), [(0, 0, True), (9, 0, True), (9, 10, True), (9, 9, False), (9, 8, False)]
)
def test_a_window_ends_after_its_start_or_never(start_at: int, end_at: int, is_one: bool) -> None:
    assert is_window(start_at, end_at) == is_one


@pytest.mark.parametrize(
    ("start_at", "end_at", "nows"), [(0, 0, [0, 1, 2, 3]), (1, 0, [1, 2, 3]), (0, 2, [0, 1]), (1, 2, [1])]
)
def test_a_window_includes_its_start_and_not_its_end(start_at: int, end_at: int, nows: list[int]) -> None:
    assert [now for now in range(4) if is_within(start_at, end_at, now)] == nows

"""Periods: a closed list, letter for letter."""

from __future__ import annotations

import pytest

from tollhouse.domain.periods import PERIODS, is_period


def test_there_are_five_periods() -> None:
    assert PERIODS == ("once", "monthly", "quarterly", "annually", "")


@pytest.mark.parametrize("text", PERIODS)
def test_each_of_them_is_one(text: str) -> None:
    assert is_period(text)


@pytest.mark.parametrize("text", ["Monthly", "ONCE", " ", "once ", "month", "weekly", "yearly", "0"])
def test_nothing_else_is_one(text: str) -> None:
    assert not is_period(text)

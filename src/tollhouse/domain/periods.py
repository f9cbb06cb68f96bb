"""How often a charge falls due, and when it may."""

from __future__ import annotations

from typing import Final

PERIODS: Final = ("once", "monthly", "quarterly", "annually", "")
"""Exact spellings; the empty one is "immediately"."""


def is_window(start_at: int, end_at: int) -> bool:
    """Whether the end comes after the start. An end of 0 is none."""
    return end_at == 0 or end_at > start_at


def is_within(start_at: int, end_at: int, now: int) -> bool:
    """Whether `now` is in the window: from the start on, before the end. An end of 0 is none."""
    return start_at <= now and (end_at == 0 or now < end_at)

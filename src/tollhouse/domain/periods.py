"""How often a charge falls due."""

from __future__ import annotations

from typing import Final

PERIODS: Final = ("once", "monthly", "quarterly", "annually", "")
"""Exact spellings; the empty one is "immediately"."""


def is_period(text: str) -> bool:
    """Whether `text` is one of PERIODS, letter for letter."""
    return text in PERIODS

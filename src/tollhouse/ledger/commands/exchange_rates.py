"""Rates of exchange."""

from __future__ import annotations

from typing import ClassVar

from tollhouse.ledger.commands.command import Command


class PutExchangeRate(Command, frozen=True, kw_only=True):
    """One unit of `from_currency` is `rate` units (decimal text) of `to_currency` from an instant on, until a later
    one's comes. With the instant 0 it counts for all time before the first.

    Over the rate of the same two and the same instant, where there is one.
    """

    from_currency: str
    to_currency: str
    rate: str
    effective_at: int = 0

    alone: ClassVar[bool] = True

"""Corrections of charges that were collected elsewhere."""

from __future__ import annotations

from typing import ClassVar

from tollhouse.ledger.commands.command import Command


class RefundCharge(Command, frozen=True, kw_only=True):
    """Record that a charge was paid back: `amount_minor` of it, 1 or more, or all that remains of it.

    `charge_transaction_id` is the transaction that the charge is.
    """

    charge_transaction_id: int
    amount_minor: int | None
    reason: str

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)
    alone: ClassVar[bool] = True


class VoidCharge(Command, frozen=True, kw_only=True):
    """Take back a charge that was recorded by mistake, as if it never was."""

    charge_transaction_id: int
    reason: str

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)
    alone: ClassVar[bool] = True

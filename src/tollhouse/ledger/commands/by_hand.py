"""What people charge one customer by hand, at once."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from tollhouse.ledger.commands.command import Caller, CheckableCommand


class ChargeOnce(CheckableCommand, frozen=True, kw_only=True):
    """Create a charge on one customer and charge it, in one commit: with its taxes, on account.

    Without a currency it is the tenant's. With a `digest` only if it comes to exactly what was rehearsed.
    `self_charges` is as in CreateCharge.
    """

    caller: Caller
    customer_number: int
    name: str
    amount: Decimal
    buy: Decimal = Decimal(0)
    currency: str | None = None
    description: str = ""
    digest: str = ""
    self_charges: bool = True

    numbers: ClassVar[tuple[str, ...]] = ("charge", "transaction")


class RecordByHand(CheckableCommand, frozen=True, kw_only=True):
    """Record a charge that was collected elsewhere, in the tenant's currency: its amount is final and carries no tax.

    `effective_at` None is the moment of recording.
    """

    caller: Caller
    customer_number: int
    amount_minor: int
    effective_at: int | None = None
    description: str = ""

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)

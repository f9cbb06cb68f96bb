"""Transactions that people make by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from tollhouse.ledger.commands.command import Caller, CheckableCommand


class AddToBalance(CheckableCommand, frozen=True, kw_only=True):
    """Raise a balance, or lower it by a negative amount. An amount of 0 has no effect.

    `kind` is credit, topup or adjustment; the last is not shown to the customer. Without a currency it is the
    customer's. With `agreed_minor` only if it moves the balance by exactly so much.
    """

    caller: Caller
    customer_number: int
    amount: Decimal
    kind: str
    currency: str | None = None
    description: str = ""
    agreed_minor: int | None = None

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)


class CreateTransaction(CheckableCommand, frozen=True, kw_only=True):
    """Write a transaction: a positive amount raises the balance, a negative one lowers it. Taxes come on top.

    A negative amount for a charge (`charge_id` not 0) is one more charging of it. Without a currency it is the
    tenant's; without `effective_at` it counts from now. Where `moves_balance` is false it is only recorded.
    """

    caller: Caller
    customer_number: int
    amount: Decimal = Decimal(0)
    currency: str | None = None
    description: str = ""
    charge_id: int = 0
    invoice_id: int = 0
    tax_ids: tuple[int, ...] = ()
    effective_at: int | None = None
    moves_balance: bool = True
    moves_invoices: bool = True

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)

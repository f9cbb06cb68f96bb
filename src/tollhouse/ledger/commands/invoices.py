"""Invoices."""

from __future__ import annotations

from typing import ClassVar

from tollhouse.ledger.commands.command import Caller, CheckableCommand


class CreateInvoice(CheckableCommand, frozen=True, kw_only=True):
    """Keep an invoice of what a customer was charged on account from `start_at` on and before `end_at`.

    None as the end is now. `resets_balance` moves what the invoice covers off the balance.
    """

    caller: Caller
    customer_number: int
    start_at: int
    end_at: int | None
    resets_balance: bool

    numbers: ClassVar[tuple[str, ...]] = ("invoice", "transaction")

"""Charges that are made first and charged later."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from tollhouse.ledger.commands.command import Caller, CheckableCommand, Command


class CreateCharge(CheckableCommand, frozen=True, kw_only=True):
    """Create a charge on one customer (`plan_number` 0) or on everybody on a plan (`customer_number` 0).

    Moves no money. Without a currency it is the tenant's. `self_charges` says whether a customer's own people may
    create charges on it.
    """

    caller: Caller
    customer_number: int
    plan_number: int
    name: str
    amount: Decimal = Decimal(0)
    buy: Decimal = Decimal(0)
    currency: str | None = None
    description: str = ""
    period: str = ""
    start_at: int = 0
    end_at: int = 0
    number_max: int = 0
    self_charges: bool = True

    numbers: ClassVar[tuple[str, ...]] = ("charge",)


class UpdateCharge(CheckableCommand, frozen=True, kw_only=True):
    """Change a charge; None leaves a field as it is. Affects later events only."""

    caller: Caller
    charge_id: int
    name: str | None = None
    amount: Decimal | None = None
    buy: Decimal | None = None
    currency: str | None = None
    description: str | None = None
    period: str | None = None
    start_at: int | None = None
    end_at: int | None = None
    number_max: int | None = None


class DeleteCharge(Command, frozen=True, kw_only=True):
    """Stop a charge. Its transactions stay and keep its id."""

    caller: Caller
    charge_id: int


class ChargeNow(Command, frozen=True, kw_only=True):
    """Charge an existing charge of one customer now: a transaction with its taxes, and the balance, in one commit.

    With a `digest` only if it comes to exactly what was rehearsed.
    """

    caller: Caller
    charge_id: int
    digest: str = ""

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)

    def content(self) -> Any:
        return ["ChargeNow", self.charge_id, *([self.digest] if self.digest else [])]

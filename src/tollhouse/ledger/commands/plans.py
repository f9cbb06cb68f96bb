"""Rate plans, what they ask for features, and what they ask for products."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from tollhouse.ledger.commands.command import Caller, CheckableCommand, Command


class CreatePlan(CheckableCommand, frozen=True, kw_only=True):
    """Make a plan of a customer; without an owner of the caller's. Without a currency it is the tenant's.

    `settings` are those that are only kept and shown, by name.
    """

    caller: Caller
    owner_number: int | None
    name: str
    currency: str | None
    description: str = ""
    shared: int = 0
    inheritable: bool = False
    inherit_number: int = 0
    invoice_due_days: int = 0
    invoice_overdue_days: int = 0
    settings: dict[str, str | int]

    numbers: ClassVar[tuple[str, ...]] = ("plan",)


class UpdatePlan(CheckableCommand, frozen=True, kw_only=True):
    """Change a plan; None and settings that are not given leave things as they are."""

    caller: Caller
    plan_number: int
    name: str | None = None
    currency: str | None = None
    description: str | None = None
    shared: int | None = None
    inheritable: bool | None = None
    inherit_number: int | None = None
    invoice_due_days: int | None = None
    invoice_overdue_days: int | None = None
    settings: dict[str, str | int]


class SetPlanFee(Command, frozen=True, kw_only=True):
    """Say what a plan asks for a feature at an occasion, in the plan's currency."""

    caller: Caller
    plan_number: int
    feature: str
    occurs: str
    fee: Decimal


class SetPlanProduct(CheckableCommand, frozen=True, kw_only=True):
    """Say what a product costs customers on one plan: fees of its own, or a percentage and then a margin on top of the
    product's. Without a currency the fees and margins are in the tenant's."""

    caller: Caller
    plan_number: int
    product_id: int
    currency: str | None
    use_markups: bool
    create_fee: Decimal
    create_markup: Decimal
    create_margin: Decimal
    period_fee: Decimal
    period_markup: Decimal
    period_margin: Decimal

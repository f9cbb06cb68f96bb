"""Products that customers purchase on account."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from tollhouse.ledger.commands.command import Caller, CheckableCommand

PRODUCT_TYPES = (
    "product",
    "call_time",
    "calls_in",
    "calls_in_out",
    "calls_in_out_total",
    "calls_in_total",
    "calls_out",
    "calls_out_total",
    "calls_total",
)


class CreateProduct(CheckableCommand, frozen=True, kw_only=True):
    """Make a product of a customer; without an owner of the caller's. Without a currency it is the tenant's.

    Fees are what the customer pays, buys what a piece costs the seller, at the purchase and in each period. `allow`
    says who may buy it: 0 nobody, 1 the owner's direct customers, -1 all below the owner.
    """

    caller: Caller
    owner_number: int | None
    name: str
    description: str = ""
    information: str = ""
    product_type: str = "product"
    amount: int = 0
    allow: int = 1
    shared: bool = False
    currency: str | None = None
    create_fee: Decimal = Decimal(0)
    create_buy: Decimal = Decimal(0)
    period: str = ""
    period_fee: Decimal = Decimal(0)
    period_buy: Decimal = Decimal(0)

    numbers: ClassVar[tuple[str, ...]] = ("product",)


class UpdateProduct(CheckableCommand, frozen=True, kw_only=True):
    """Change a product; None leaves a field as it is. What was purchased stays as it is."""

    caller: Caller
    product_id: int
    name: str | None = None
    description: str | None = None
    information: str | None = None
    product_type: str | None = None
    amount: int | None = None
    allow: int | None = None
    shared: bool | None = None
    currency: str | None = None
    create_fee: Decimal | None = None
    create_buy: Decimal | None = None
    period: str | None = None
    period_fee: Decimal | None = None
    period_buy: Decimal | None = None


class PurchaseProduct(CheckableCommand, frozen=True, kw_only=True):
    """Buy pieces of a product for a customer: the fee at once, and a recurring charge of the fee for each period."""

    caller: Caller
    customer_number: int
    product_id: int
    quantity: int

    numbers: ClassVar[tuple[str, ...]] = ("charge", "charge", "transaction")

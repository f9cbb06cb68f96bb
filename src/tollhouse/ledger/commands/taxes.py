"""Taxes."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from tollhouse.ledger.commands.command import Caller, CheckableCommand, Command

TAXABLE = ("accounts", "calls", "cardgroups", "charges", "features", "messages", "numbers", "products")


class CreateTax(CheckableCommand, frozen=True, kw_only=True):
    """Create a tax held by a customer (the seller); without an owner by the caller's.

    `rate` is percent, `flat` major units of `currency`, which without one is the tenant's. `covers` are the kinds of
    transactions (TAXABLE) to which it applies by default; `liable` says which customers are: 0 none, 1 new ones, 2 all.
    """

    caller: Caller
    owner_number: int | None
    name: str
    description: str
    rate: Decimal
    flat: Decimal
    currency: str | None
    covers: frozenset[str]
    liable: int
    shared: bool

    numbers: ClassVar[tuple[str, ...]] = ("tax",)


class UpdateTax(CheckableCommand, frozen=True, kw_only=True):
    """Change a tax; None leaves a field as it is, and so do kinds that `covers` does not name. Affects later events
    only."""

    caller: Caller
    tax_id: int
    name: str | None = None
    description: str | None = None
    rate: Decimal | None = None
    flat: Decimal | None = None
    currency: str | None = None
    covers: dict[str, bool]
    liable: int | None = None
    shared: bool | None = None


class SetLiability(Command, frozen=True, kw_only=True):
    """Say whether one object is liable to a tax, whatever the tax's own default.

    `object_type` is charge, customer, product or cardgroup.
    """

    caller: Caller
    tax_id: int
    object_type: str
    object_id: int
    liable: bool

"""Customers as resellers keep them: made, changed, moved, deleted; and what they ask of their parent."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from tollhouse.ledger.commands.command import Caller, CheckableCommand, Command

#: Pairs of a name and its value: what is given of a customer's details.
Details = tuple[tuple[str, str | int], ...]


class CreateCustomer(CheckableCommand, frozen=True, kw_only=True):
    """Create a customer below a parent, by default the caller's own customer, on a plan that the parent may give.

    `balance` is the opening balance, in the customer's currency; that is the plan's unless one is given.
    """

    caller: Caller
    parent_number: int | None
    name: str
    plan_number: int
    email: str
    reference: str = ""
    currency: str | None = None
    balance: Decimal = Decimal(0)
    bill_type: str = "postpaid"
    timezone: str | None = None
    country: str = ""
    details: Details = ()

    numbers: ClassVar[tuple[str, ...]] = ("customer",)


class UpdateCustomer(CheckableCommand, frozen=True, kw_only=True):
    """Change a customer; None leaves a field as it is, and so does a detail that is not given.

    A `balance` is reached by a transaction of the difference.
    """

    caller: Caller
    customer_number: int
    name: str | None = None
    plan_number: int | None = None
    email: str | None = None
    reference: str | None = None
    currency: str | None = None
    balance: Decimal | None = None
    bill_type: str | None = None
    timezone: str | None = None
    country: str | None = None
    details: Details = ()

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)
    alone: ClassVar[bool] = True


class DeleteCustomer(Command, frozen=True, kw_only=True):
    """Delete a customer; its transactions stay, and it can be undeleted."""

    caller: Caller
    customer_number: int

    alone: ClassVar[bool] = True


class UndeleteCustomer(Command, frozen=True, kw_only=True):
    caller: Caller
    customer_number: int

    alone: ClassVar[bool] = True


class MoveCustomer(Command, frozen=True, kw_only=True):
    """Put a customer, with all that is below it, under another parent and on a plan that this one may give."""

    caller: Caller
    customer_number: int
    parent_number: int
    plan_number: int

    alone: ClassVar[bool] = True


class RequestTopup(Command, frozen=True, kw_only=True):
    """Ask the parent to add money to the balance: an amount in the customer's currency, tax included."""

    caller: Caller
    customer_number: int
    amount: Decimal
    invoice_id: int = 0

    numbers: ClassVar[tuple[str, ...]] = ("topup_request",)

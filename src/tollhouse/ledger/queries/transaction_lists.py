"""Transactions and payments as lists for people, as ports: the newest first, a page at a time by the place where the
last one ended.

What no index serves is looked for among so many rows a page, and the page says how far it looked.
"""

from __future__ import annotations

from typing import Final, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, PaymentFact, RefundFact, TransactionFact

R = TypeVar("R")

#: Rows a page.
ROWS: Final = 50
#: Rows looked at a page, where not all of them may be shown.
LOOKED_AT: Final = 2000

CHARGED: Final = "charged"
PART_REFUNDED: Final = "part refunded"
REFUNDED: Final = "refunded"
VOID: Final = "void"
#: What has become of a charge.
STATES: Final = (CHARGED, PART_REFUNDED, REFUNDED, VOID)


def sees_all(caller: Caller) -> bool:
    """Whether the caller's branch is the whole tenant."""
    return caller.customer_number == ROOT_NUMBER and caller.may_reach_below


class Place(NamedTuple):
    """Where a row stands in its list: the instant that the list is ordered by, and the row's number."""

    at: int
    number: int


class TransactionsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which transactions of those that the caller sees: 0, "" and None are any.

    They count from `start_at` on and before `end_at`. The gross amount lies between `least_minor` and `most_minor`,
    whichever sign it has. `plan_number` is of the plan that was bought or whose charge it is. With `before` those that
    stand behind this place. Where no index serves it, `looked_at` are looked at.
    """

    caller: Caller
    customer_number: int = 0
    kind: str = ""
    state: str = ""
    origin: str = ""
    currency: str = ""
    start_at: int | None = None
    end_at: int | None = None
    least_minor: int | None = None
    most_minor: int | None = None
    plan_number: int = 0
    charge_id: int = 0
    before: Place | None = None
    looked_at: int = LOOKED_AT

    @property
    def is_filtered(self) -> bool:
        """Whether rows are left out that no index leaves out."""
        amounts = (self.least_minor, self.most_minor)
        chosen = (self.kind, self.state, self.origin, self.currency, self.plan_number, self.charge_id)
        return any(chosen) or any(amount is not None for amount in amounts)


class TransactionRow(msgspec.Struct, frozen=True):
    """A transaction with its customer, and of a charge what was given back of it."""

    transaction: TransactionFact
    customer: CustomerFact
    refunded_minor: int
    is_void: bool

    @property
    def state(self) -> str:
        """What has become of a charge; empty for what is none."""
        if self.transaction.kind != "charge":
            return ""
        if self.is_void:
            return VOID
        if not self.refunded_minor:
            return CHARGED
        return REFUNDED if self.refunded_minor >= self.transaction.gross_minor else PART_REFUNDED


class Found(msgspec.Struct, Generic[R], frozen=True):
    """A page of a list: `older` is the place behind which it goes on, None at its end.

    Where not all of the list could be looked at for this page, `looked_until` is how far that went.
    """

    rows: list[R]
    older: Place | None = None
    looked_until: Place | None = None


class PaymentRow(msgspec.Struct, frozen=True):
    payment: PaymentFact
    customer: CustomerFact


class RefundRow(msgspec.Struct, frozen=True):
    refund: RefundFact
    payment: PaymentFact
    customer: CustomerFact


class TransactionLists(Protocol):
    def transactions(self, tenant_id: int, wanted: TransactionsWanted) -> Found[TransactionRow]:
        """Transactions, those that count latest first."""
        ...

    def payments(self, tenant_id: int, caller: Caller, state: str, before: Place | None) -> Found[PaymentRow]:
        """Payments in this state, of customers that the caller sees, the last begun first; of pending ones those
        first whose gateway is asked next."""
        ...

    def open_refunds(self, tenant_id: int, caller: Caller) -> list[RefundRow]:
        """Refunds whose outcome is not known, those first whose gateway is asked next; as many as a page has."""
        ...

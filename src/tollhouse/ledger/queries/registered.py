"""Customers that have a reference, what they pay with, and what they began to buy, as ports. A query changes
nothing."""

from __future__ import annotations

from typing import Protocol

import msgspec

from tollhouse.ledger.facts import (
    CheckoutSessionFact,
    CustomerFact,
    CustomerProfileFact,
    PaymentFact,
    PaymentMethodDetailsFact,
    PaymentMethodFact,
    PlanFact,
    ProductFact,
)
from tollhouse.ledger.queries.pages import Found, Page


class RegisteredWanted(msgspec.Struct, frozen=True):
    """Which of the live customers that have a reference: those where name, e-mail or reference has `search` in it,
    without regard to case, and the one with exactly this `reference`; empty texts ask for nothing."""

    search: str = ""
    reference: str = ""


class MethodsWanted(msgspec.Struct, frozen=True):
    """Which usable payment methods: those of the customer with this reference, and of customers with this e-mail; empty
    texts ask for nothing."""

    reference: str = ""
    email: str = ""


class ListedMethod(msgspec.Struct, frozen=True):
    """A payment method and whose it is, each with what is kept besides where there is such a row."""

    method: PaymentMethodFact
    details: PaymentMethodDetailsFact | None
    customer: CustomerFact
    profile: CustomerProfileFact | None


class SessionsWanted(msgspec.Struct, frozen=True):
    """Which checkout sessions: made from one instant on and before another, None being no bound, in this `state`.

    `search` is a part of the session's uid, of the customer's name, e-mail or reference, or of the product's name,
    without regard to case. `uid` asks for one alone. Empty texts ask for nothing.
    """

    search: str = ""
    state: str = ""
    start_at: int | None = None
    end_at: int | None = None
    uid: str = ""


class ListedSession(msgspec.Struct, frozen=True):
    """A checkout session, whose it is, what for, and its latest payment if there is one."""

    session: CheckoutSessionFact
    customer: CustomerFact
    profile: CustomerProfileFact | None
    plan: PlanFact
    product: ProductFact | None
    payment: PaymentFact | None


class CheckoutQueries(Protocol):
    def sessions(self, tenant_id: int, wanted: SessionsWanted, now: int, page: Page) -> Found[ListedSession]:
        """Checkout sessions, the newest first; `now` is the moment by the tenant's clock."""
        ...


class RegisteredQueries(Protocol):
    def customers(
        self, tenant_id: int, wanted: RegisteredWanted, page: Page
    ) -> Found[tuple[CustomerFact, CustomerProfileFact | None]]:
        """Customers with their profiles, the newest first."""
        ...

    def payment_methods(self, tenant_id: int, wanted: MethodsWanted, page: Page) -> Found[ListedMethod]:
        """Usable payment methods of customers that have a reference, the newest first."""
        ...

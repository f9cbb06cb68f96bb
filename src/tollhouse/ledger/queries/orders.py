"""What may be read of orders and of the money that moved for them, as a port. A query never changes anything."""

from __future__ import annotations

from typing import Protocol

import msgspec

from tollhouse.ledger.facts import PaymentFact, RefundFact
from tollhouse.ledger.queries import Found, Page


class OrdersWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders: with this status, where None is any but PENDING; settled (PENDING ones: begun) from `start_at` on
    and before `end_at`, None being no bound; and with `search` in their id, or in name, e-mail or reference of their
    customer, or as their charge's id."""

    status: str | None = None
    search: str = ""
    start_at: int | None = None
    end_at: int | None = None


class MovementsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which movements of money: of payments and refunds in this state, where "" is any; begun from `start_at` on and
    before `end_at`; with `search` in what orders are searched by, in the name of their product, or as the gateway's
    reference or the kind of their payment method."""

    state: str = ""
    search: str = ""
    start_at: int | None = None
    end_at: int | None = None


class RefundsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which refunds: in this state, where "" is any; begun from `start_at` on and before `end_at`; with `search` in
    what orders are searched by, or as their id."""

    state: str = ""
    search: str = ""
    start_at: int | None = None
    end_at: int | None = None


class SubscriptionsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which purchases: in force, revoked, or both; of one customer by its reference, where None is anybody; begun and
    last changed from an instant on and before another, None being no bound."""

    active: bool
    revoked: bool
    reference: str | None = None
    begun_from: int | None = None
    begun_before: int | None = None
    changed_from: int | None = None
    changed_before: int | None = None


class Movement(msgspec.Struct, frozen=True):
    """Money that a payment took or, where there is a refund, that this gave back of it."""

    payment: PaymentFact
    refund: RefundFact | None


class OrderQueries(Protocol):
    def orders(self, tenant_id: int, wanted: OrdersWanted, page: Page) -> Found[PaymentFact]:
        """The payments of orders, the last settled first."""
        ...

    def movements(self, tenant_id: int, wanted: MovementsWanted, page: Page) -> Found[Movement]:
        """Payments and refunds, the newest first."""
        ...

    def refunds(self, tenant_id: int, wanted: RefundsWanted, page: Page) -> Found[tuple[RefundFact, PaymentFact]]:
        """Refunds and their payments, the newest first."""
        ...

    def subscriptions(self, tenant_id: int, wanted: SubscriptionsWanted, page: Page) -> Found[PaymentFact]:
        """Succeeded payments, the last settled first."""
        ...

"""What is read of Stripe's objects; the rest of them stays unread."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from tollhouse.gateways.stripe_declines import declined, declined_by
from tollhouse.ledger.commands import GatewayAnswer, GatewayMethod
from tollhouse.shapes import Shape

#: Under this name our key is in the metadata of all that we make at Stripe.
KEY = "tollhouse_key"

T = TypeVar("T")


class Complaint(msgspec.Struct):
    code: str | None = None
    decline_code: str | None = None

    @property
    def answer(self) -> GatewayAnswer:
        return declined_by(self.decline_code, self.code)


class Intent(msgspec.Struct):
    id: str
    status: str
    amount: int
    currency: str
    metadata: dict[str, str] | None = None
    last_payment_error: Complaint | None = None

    @property
    def key(self) -> str:
        return (self.metadata or {}).get(KEY, "")


class PaidBack(msgspec.Struct):
    id: str
    status: str | None = None
    metadata: dict[str, str] | None = None
    failure_reason: str | None = None

    @property
    def key(self) -> str:
        return (self.metadata or {}).get(KEY, "")

    @property
    def answer(self) -> GatewayAnswer:
        """What is not final is unknown: an event or a look-up tells the end of it."""
        if self.status == "succeeded":
            return GatewayAnswer("succeeded", reference=self.id)
        if self.status in ("failed", "canceled"):
            return declined(self.failure_reason or "refund_refused")
        return GatewayAnswer("unknown")


class Details(msgspec.Struct):
    """Of a card or of an account at a bank."""

    brand: str | None = None
    last4: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    funding: str | None = None
    country: str | None = None

    def shown(self, method_type: str) -> GatewayMethod:
        return GatewayMethod(
            method_type,
            brand=self.brand or "",
            last4=self.last4 or "",
            exp_month=self.exp_month or 0,
            exp_year=self.exp_year or 0,
            funding=self.funding or "",
            country=self.country or "",
        )


class Card(msgspec.Struct):
    """A payment method that is a card."""

    id: str
    card: Details
    customer: str | None = None


class CardSetup(msgspec.Struct):
    """A SetupIntent. `payment_method` is there once a card was typed in."""

    id: str
    status: str
    client_secret: str
    customer: str | None = None
    payment_method: Card | str | None = None
    metadata: dict[str, str] | None = None


INTENT = Shape(Intent)
PAID_BACK = Shape(PaidBack)
DETAILS = Shape(Details)
CARD = Shape(Card)
CARD_SETUP = Shape(CardSetup)


def read(answer: Any, shape: Shape[T]) -> T:
    """An object of the library's; raises msgspec.ValidationError for one that is not as it should be."""
    return shape.from_value(answer.to_dict())

"""What a checkout session was made with, as it is kept with the session."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tollhouse.ledger.facts import CheckoutSessionFact
from tollhouse.shapes import Shape


class CheckoutAsked(msgspec.Struct, frozen=True, kw_only=True):
    """`custom_amount` is decimal text in major units. `metadata` is JSON as it was sent, to the byte."""

    plan_identifier: str
    success_url: str
    quantities: tuple[tuple[str, int], ...] = ()
    currency: str | None = None
    ip_address: str | None = None
    country_of_ip: str | None = None
    custom_amount: str | None = None
    tax_behavior: str | None = None
    cancel_url: str = ""
    email: str = ""
    locks_email: bool = False
    country: str = ""
    metadata: msgspec.Raw = msgspec.Raw(b"{}")

    @property
    def exact_custom_amount(self) -> Decimal | None:
        return None if self.custom_amount is None else Decimal(self.custom_amount)


_ASKED = Shape(CheckoutAsked)


def asked_of(session: CheckoutSessionFact) -> CheckoutAsked:
    return _ASKED.from_json(session.asked)

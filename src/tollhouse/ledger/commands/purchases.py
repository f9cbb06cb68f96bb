"""Money taken through a gateway."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from tollhouse.domain.decimals import decimal_text
from tollhouse.ledger.commands.command import Command


class StartPurchase(Command, frozen=True, kw_only=True):
    """Buy a plan once with one of the customer's payment methods: price it, check it, write the intent.

    `quantities` are pairs of feature identifier and count, in the order sent. `country_of_ip` is the country of the
    buyer's address or None where there is none. `gateways` are those that can be called; `call_seconds` is how long
    one may take, and `resolve_after_seconds` how long after that an open outcome is looked up. `shows_features` says
    whether the answer lists what was bought. `payment_method_id` is 0 for the default one; `made_by` is how the
    purchase is made. On a checkout page it is the `attempt` of this number on the session, 0 being the first, and
    `agreed` is the currency and minor units that were shown.
    """

    plan_identifier: str
    customer_reference: str
    quantities: tuple[tuple[str, int], ...]
    currency: str | None
    ip_address: str | None
    country_of_ip: str | None
    custom_amount: Decimal | None
    tax_behavior: str | None
    gateways: frozenset[str]
    call_seconds: int
    resolve_after_seconds: int
    shows_features: bool
    payment_method_id: int = 0
    made_by: str = "charge"
    session_uid: str = ""
    attempt: int = 0
    agreed: tuple[str, int] | None = None

    numbers: ClassVar[tuple[str, ...]] = ("payment", "transaction")

    def content(self) -> Any:
        return [
            "purchase",
            self.plan_identifier,
            self.customer_reference,
            self.quantities,
            self.currency,
            self.ip_address,
            None if self.custom_amount is None else decimal_text(self.custom_amount),
            self.tax_behavior,
        ]


class StartFree(StartPurchase, frozen=True, kw_only=True):
    """Subscribe to a plan that costs nothing, once: a purchase of 0 that no gateway hears of."""

    made_by: str = "subscription"

    def content(self) -> Any:
        return ["subscription", self.plan_identifier, self.customer_reference, self.quantities, self.ip_address]


class GatewayCharge(msgspec.Struct, frozen=True, kw_only=True):
    """Money to take: once under `key`, whatever is asked again. `order_id` is what people know it by; `call_until_at`
    is the end of the first call's time, 0 where that is not known."""

    tenant_id: int
    key: str
    token: str
    currency: str
    amount_minor: int
    order_id: str
    description: str
    call_until_at: int = 0


class GatewayRefund(msgspec.Struct, frozen=True, kw_only=True):
    """Money to give back: once under `key`, of the payment that was taken under `payment_key`, which the gateway itself
    knows by `payment_reference`."""

    tenant_id: int
    key: str
    payment_key: str
    payment_reference: str
    token: str
    currency: str
    amount_minor: int
    reason: str


class GatewayAnswer(msgspec.Struct, frozen=True):
    """What a gateway said, in our words: `outcome` is succeeded, declined, absent or unknown.

    absent: the gateway knows for certain that it moved nothing under this key and never will.
    unknown: no answer, or one we do not understand; never to be read as a decline.
    """

    outcome: str
    decline_code: str = ""
    decline_text: str = ""
    reference: str = ""


class GatewayMethod(msgspec.Struct, frozen=True):
    """What may be shown of a payment method; empty or 0 is unknown."""

    method_type: str
    brand: str = ""
    last4: str = ""
    exp_month: int = 0
    exp_year: int = 0
    funding: str = ""
    country: str = ""


class GatewayEvent(msgspec.Struct, frozen=True):
    """What a gateway tells by itself: what became of a payment or refund, by the key that it was called with.

    `event_id` is the gateway's own; the same one may come many times.
    """

    event_id: str
    key: str
    is_refund: bool
    answer: GatewayAnswer


#: Numbers of attempts from here on are of events; no payment is looked up this often.
EVENTS_FROM = 2**40


def event_attempt_no(event_id: str) -> int:
    """The attempt's number of an event: always the same of one event, and never that of a call or another event."""
    digest = hashlib.sha256(event_id.encode("utf-8", "surrogatepass")).digest()
    return EVENTS_FROM + int.from_bytes(digest[:8], "big") % (2**53 - EVENTS_FROM)


class SettlePurchase(Command, frozen=True, kw_only=True):
    """Write down what the gateway answered about a pending payment. Settles it at most once.

    `kind` is charge, look_up or event; `attempt_no` counts the calls about this payment, the charge being the first,
    and of an event it is `event_attempt_no`. A repeat with the same number writes the same.
    """

    payment_id: int
    customer_number: int
    kind: str
    attempt_no: int
    answer: GatewayAnswer
    started_at: int
    ended_at: int
    resolve_after_seconds: int

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)


class ClaimUnresolved(Command, frozen=True, kw_only=True):
    """Take up to `count` pending payments whose look-up is due; nobody else gets them for `lease_seconds`."""

    count: int
    lease_seconds: int
    resolve_after_seconds: int

    alone: ClassVar[bool] = True

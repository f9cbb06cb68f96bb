"""Money taken through a gateway."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from tollhouse.domain.decimals import decimal_text
from tollhouse.ledger.commands.command import Command


class StartPurchase(Command, frozen=True, kw_only=True):
    """Buy a plan once with the customer's default payment method: price it, check it, write the intent.

    `quantities` are pairs of feature identifier and count, in the order sent. `country_of_ip` is the country of the
    buyer's address or None where there is none. `gateways` are those that can be called; `call_seconds` is how long
    one may take, and `resolve_after_seconds` how long after that an open outcome is looked up. `shows_features` says
    whether the answer lists what was bought.
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


class GatewayCharge(msgspec.Struct, frozen=True, kw_only=True):
    """Money to take: once under `key`, whatever is asked again. `order_id` is what people know it by."""

    tenant_id: int
    key: str
    token: str
    currency: str
    amount_minor: int
    order_id: str
    description: str


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


class SettlePurchase(Command, frozen=True, kw_only=True):
    """Write down what the gateway answered about a pending payment. Settles it at most once.

    `kind` is charge or look_up; `attempt_no` counts the calls about this payment, the charge being the first. A repeat
    with the same number writes the same.
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

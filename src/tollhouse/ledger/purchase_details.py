"""What a payment keeps besides its columns: all that an answer prints, and how its price came about."""

from __future__ import annotations

from typing import Final

import msgspec

from tollhouse.ledger.commands import GatewayCharge
from tollhouse.ledger.facts import PaymentFact
from tollhouse.shapes import Shape

ORIGIN: Final = "kelviq"
PENDING: Final = "pending"
SUCCEEDED: Final = "succeeded"
DECLINED: Final = "declined"

#: How a purchase was made: by `POST /charges/`, on a checkout page, or by `POST /subscriptions/create/` as a free plan.
BY_CHARGE: Final = "charge"
BY_CHECKOUT: Final = "checkout"
BY_SUBSCRIPTION: Final = "subscription"


class BoughtFeature(msgspec.Struct, frozen=True):
    uid: str
    identifier: str
    name: str
    feature_type: str
    quantity: int


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What the purchase gives access to, of one feature. `usage_limit` None is unlimited, or a BOOLEAN's."""

    feature_uid: str
    identifier: str
    feature_type: str
    has_access: bool
    usage_limit: int | None
    hard_limit: bool = False
    reset: str = "NEVER"


class MethodShown(msgspec.Struct, frozen=True):
    """What may be shown of the payment method that was charged."""

    method_type: str = ""
    brand: str = ""
    last4: str = ""


class PriceChosen(msgspec.Struct, frozen=True, kw_only=True):
    """What the choice of a price went by. Codes are upper case; None or empty is unknown."""

    price_uid: str = ""
    price_type: str = "PAID"
    countries: tuple[str, ...] = ()
    currency_asked: str | None = None
    currency_locked: str | None = None
    ip_address: str | None = None
    country_of_ip: str | None = None
    country_of_billing: str = ""
    custom_amount: str | None = None


class PriceStep(msgspec.Struct, frozen=True):
    """What one bracket of a price added to a line: `line` is that line's label, `label` what the bracket is for."""

    line: str
    label: str
    quantity: int
    unit_amount: str
    flat_amount: str


class PurchaseDetail(msgspec.Struct, frozen=True, kw_only=True):
    """`lines` are label, quantity and exact amount in major units; `exact` is their sum before it was rounded, empty in
    payments of before it was kept. `steps` are the brackets that lines with a price in brackets come from."""

    customer_reference: str
    plan_identifier: str
    plan_name: str
    product_uid: str
    product_identifier: str
    product_name: str
    features: tuple[BoughtFeature, ...]
    shows_features: bool
    tax_behavior: str
    price_reason: str
    lines: tuple[tuple[str, int, str], ...]
    steps: tuple[PriceStep, ...] = ()
    exact: str = ""
    plan_version: int = 1
    grants: tuple[Grant, ...] = ()
    method: MethodShown = MethodShown()
    chosen: PriceChosen = PriceChosen()
    made_by: str = BY_CHARGE
    session_uid: str = ""


_DETAIL = Shape(PurchaseDetail)


def detail_of(payment: PaymentFact) -> PurchaseDetail:
    return _DETAIL.from_json(payment.detail)


def order_status(payment: PaymentFact) -> str:
    """What an order is called by what became of its payment."""
    if payment.state == DECLINED:
        return "FAILED"
    if payment.state == PENDING:
        return "PENDING"
    if not payment.refunded_minor:
        return "COMPLETE"
    return "REFUNDED" if payment.refunded_minor == payment.amount_minor else "PARTIAL_REFUND"


def is_contradicted(state: str, outcome: str) -> bool:
    """Whether a gateway says of a payment or refund other than what was settled: that money moved, or that none did."""
    return state != PENDING and outcome != "unknown" and (outcome == "succeeded") != (state == SUCCEEDED)


def gateway_charge(payment: PaymentFact) -> GatewayCharge:
    """What the payment's gateway is asked for, the first time and whenever it is asked again."""
    return GatewayCharge(
        tenant_id=payment.tenant_id,
        key=payment.gateway_key,
        token=payment.token,
        currency=payment.currency,
        amount_minor=payment.amount_minor,
        order_id=payment.order_id,
        description=detail_of(payment).plan_name,
        call_until_at=payment.call_until_at,
    )

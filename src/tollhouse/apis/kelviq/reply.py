"""From payments, refusals and troubles to Kelviq's wire.

A 2xx is only ever the whole charge: Kelviq's SDKs take any other as a charge of nothing. Every error has a readable
`detail`; beside it the faults of each field, or a `code` that stays as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from tollhouse.domain.money import major_text
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import PaymentFact
from tollhouse.ledger.purchasing import DECLINED, SUCCEEDED, BoughtFeature, detail_of
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    CountryNotServed,
    CurrencyMismatch,
    CustomAmountRefused,
    CustomerUnknown,
    FeatureUnknown,
    GatewayNotConfigured,
    IdempotencyKeyReused,
    NoPriceInCurrency,
    PaymentMethodMissing,
    PlanHasNoOneTimePrice,
    PlanIsFree,
    PlanUnknown,
    PlanWantsCustomAmount,
    QuantityRefused,
    Refusal,
    SumTooLarge,
    TenantBlocked,
)
from tollhouse.web import JSON, RETRY_AFTER, Headers, Reply, Trouble

NOT_FOUND = Reply(404, b'{"detail":"Not found."}')
REPLAYED = (b"idempotency-replayed", b"true")

#: Every refusal of a purchase: its status and its code.
REFUSALS: dict[type[Refusal], tuple[int, str]] = {
    IdempotencyKeyReused: (409, "idempotency_key_reused"),
    TenantBlocked: (400, "organization_blocked"),
    CustomerUnknown: (400, "customer_not_found"),
    PlanUnknown: (400, "plan_not_found"),
    PlanHasNoOneTimePrice: (400, "no_one_time_price"),
    PlanIsFree: (400, "plan_is_free"),
    PlanWantsCustomAmount: (400, "custom_amount_required"),
    FeatureUnknown: (400, "feature_not_found"),
    QuantityRefused: (400, "quantity_invalid"),
    CurrencyMismatch: (400, "currency_mismatch"),
    NoPriceInCurrency: (400, "no_price_in_currency"),
    CountryNotServed: (400, "country_not_served"),
    CustomAmountRefused: (400, "custom_amount_invalid"),
    AmountOutOfRange: (400, "amount_too_large"),
    SumTooLarge: (400, "total_too_large"),
    PaymentMethodMissing: (400, "payment_method_required"),
    GatewayNotConfigured: (400, "gateway_not_configured"),
}

_TROUBLES = {
    Trouble.TOO_LARGE: (413, "body_too_large", "The body is too large."),
    Trouble.OVERLOADED: (503, "overloaded", "Too much is waiting. Nothing was charged; try again shortly."),
    Trouble.UNAVAILABLE: (503, "unavailable", "The store is not available. Try again shortly."),
    Trouble.FAULT: (500, "internal_error", "Something went wrong here."),
}


def payment_to_wire(payment: PaymentFact, *, replayed: bool) -> Reply:
    """The charge, the decline, or, for a payment that is still open, that its outcome is unknown."""
    headers: Headers = (REPLAYED,) if replayed else ()
    if payment.state == SUCCEEDED:
        return Reply(201, msgspec.json.encode(charge_to_wire(payment)), (JSON, *headers))
    if payment.state == DECLINED:
        return error_to_wire(400, payment.decline_code, payment.decline_text, headers)
    return error_to_wire(
        504,
        "outcome_unknown",
        "The gateway has not answered, so the outcome of this payment is not known yet; it is being looked up.",
        headers,
        orderId=payment.order_id,
    )


def charge_to_wire(payment: PaymentFact) -> dict[str, Any]:
    """All 17 fields, from what is kept with the payment."""
    detail = detail_of(payment)
    return {
        "id": payment.uid,
        "startDate": datetime.fromtimestamp(payment.created_at // SECOND, UTC).date().isoformat(),
        "endDate": None,
        "billingPeriodStartTime": None,
        "billingPeriodEndTime": None,
        "amount": major_text(payment.amount_minor, payment.currency),
        "recurrence": "",
        "currency": payment.currency,
        "status": "active",
        "product": {
            "name": detail.product_name,
            "id": detail.product_uid,
            "identifier": detail.product_identifier,
        },
        "plan": {"name": detail.plan_name, "identifier": detail.plan_identifier},
        "features": [feature_to_wire(feature) for feature in detail.features] if detail.shows_features else [],
        "trialDaysRemaining": 0,
        "customerId": detail.customer_reference,
        "billingType": "ONE_TIME",
        "recurrenceUnit": None,
        "recurrenceType": None,
    }


def feature_to_wire(feature: BoughtFeature) -> dict[str, Any]:
    """A feature as a row of a subscription has it; `value` is the quantity bought."""
    return {
        "id": feature.uid,
        "identifier": feature.identifier,
        "name": feature.name,
        "featureType": feature.feature_type,
        "value": feature.quantity,
    }


def error_to_wire(status: int, code: str, detail: str, headers: Headers = (), **more: Any) -> Reply:
    return Reply(status, msgspec.json.encode({"detail": detail, "code": code, **more}), (JSON, *headers))


def invalid_to_wire(errors: dict[str, list[str]]) -> Reply:
    """Faults by field, and the first of them as the readable detail."""
    field, sentences = next(iter(errors.items()))
    return Reply(400, msgspec.json.encode({"detail": f"{field}: {sentences[0]}", **errors}))


def refusal_to_wire(refusal: Refusal) -> Reply:
    return error_to_wire(*REFUSALS[type(refusal)], str(refusal))


def trouble_to_wire(what: str) -> Reply:
    status, code, detail = _TROUBLES[what]
    return error_to_wire(status, code, detail, (RETRY_AFTER,) if status == 503 else ())

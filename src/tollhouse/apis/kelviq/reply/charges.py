"""From payments to Kelviq's wire.

A 2xx is only ever the whole charge: Kelviq's SDKs take any other as a charge of nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from tollhouse.apis.kelviq.reply.envelope import REPLAYED, error_to_wire
from tollhouse.domain.money import major_text
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import PaymentFact
from tollhouse.ledger.purchase_details import DECLINED, SUCCEEDED, BoughtFeature, detail_of
from tollhouse.web import JSON, Headers, Reply


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

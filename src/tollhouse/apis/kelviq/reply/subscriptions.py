"""From purchases to Kelviq's subscriptions: each is one of billing type ONE_TIME.

What has no value, and may not be null by the vendor's description, is left out.
"""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.reply.charges import charge_to_wire
from tollhouse.ledger.catalog.features import FeatureShown
from tollhouse.ledger.events.objects import day_text, instant_text
from tollhouse.ledger.facts import PaymentFact
from tollhouse.ledger.orders import OrderSeen
from tollhouse.ledger.purchase_details import Grant

#: What a subscription of the vendor's may be; one here is active or, once it is revoked, canceled.
ACTIVE = "active"
CANCELED = "canceled"

#: What a charge's answer has and a subscription's leaves out where it is nothing.
_ABSENT = ("billingPeriodStartTime", "billingPeriodEndTime")

Features = dict[str, FeatureShown]


def subscription_to_wire(order: OrderSeen, features: Features) -> dict[str, Any]:
    payment = order.payment
    return {
        **_subscription(payment),
        "currency": payment.currency.lower(),
        "product": order.detail.product_name,
        "features": [_granted(grant, features) for grant in order.detail.grants] or _bought(order, features),
        "nextInvoiceDate": None,
        "canceledAt": None if payment.revoked_at is None else instant_text(payment.revoked_at),
        "cancellationReason": None if payment.revoked_at is None else "CANCELLED_BY_MERCHANT",
        "cancellationFeedback": None,
        "cancellationComment": None,
    }


def created_to_wire(payment: PaymentFact) -> dict[str, Any]:
    """The answer to who subscribed."""
    return _subscription(payment)


def _subscription(payment: PaymentFact) -> dict[str, Any]:
    charge = {name: value for name, value in charge_to_wire(payment).items() if name not in _ABSENT}
    return {
        **charge,
        "endDate": None if payment.revoked_at is None else day_text(payment.revoked_at),
        "status": ACTIVE if payment.revoked_at is None else CANCELED,
        "files": [],
        "links": [],
        "license": [],
    }


def _granted(grant: Grant, features: Features) -> dict[str, Any]:
    """A feature that the purchase gave; `value` is its limit, where it has one."""
    return {
        **_feature(grant.feature_uid, grant.identifier, grant.feature_type, features),
        "reset": None if grant.reset == "NEVER" else grant.reset,
        "resetTime": None,
        **({} if grant.usage_limit is None else {"value": grant.usage_limit}),
        "hardLimit": grant.hard_limit,
    }


def _bought(order: OrderSeen, features: Features) -> list[dict[str, Any]]:
    """Of purchases of before it was kept what they gave: what was bought."""
    return [
        {
            **_feature(feature.uid, feature.identifier, feature.feature_type, features),
            "reset": None,
            "resetTime": None,
            "value": feature.quantity,
            "hardLimit": False,
        }
        for feature in order.detail.features
    ]


def _feature(uid: str, identifier: str, feature_type: str, features: Features) -> dict[str, Any]:
    """A feature as the catalog has it now, by the name that it was bought by."""
    shown = features.get(identifier)
    if shown is None:
        return {"id": uid, "identifier": identifier, "name": identifier, "featureType": feature_type}
    return {
        "id": uid,
        "identifier": identifier,
        "name": shown.feature.name,
        "description": shown.details.description,
        "featureType": feature_type,
        "details": {},
        "isArchived": shown.details.archived_at is not None,
        "metadata": shown.said["metadata"],
        "modifiedOn": instant_text(shown.details.modified_at),
        "meter": shown.said["meter"],
        "featureDetails": shown.said["featureDetails"],
    }

"""Purchases as subscriptions."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import (
    DAY,
    INSTANT,
    PAGING,
    TEXT,
    UUID,
    Operation,
    a_list_of,
    a_query,
    an_object,
    nullable,
    ref,
)
from tollhouse.apis.kelviq.reply.subscriptions import ACTIVE, CANCELED
from tollhouse.apis.kelviq.request.charges import FEATURES_MAX
from tollhouse.apis.kelviq.request.subscriptions import CANCELLATION_TYPES, CHARGE_PERIODS

_PATH = "/subscriptions/{subscriptionId}"
_MOMENT = "A day or an instant, included, in UTC where no zone is said."

OPERATIONS = (
    Operation(
        method="GET",
        path="/subscriptions",
        name="listSubscriptions",
        summary="List subscriptions",
        reply="SubscriptionListResponse",
        query=(
            a_query("customer_id", "The merchant's own id of a customer: that one's alone."),
            a_query("status", f"One or more, with commas between; {ACTIVE} where nothing is said."),
            *(
                a_query(name, _MOMENT)
                for name in ("start_date_after", "start_date_before", "modified_on_after", "modified_on_before")
            ),
            *PAGING,
        ),
    ),
    Operation(
        method="POST",
        path="/subscriptions/create",
        name="createSubscription",
        summary="Take a free plan",
        success=201,
        body="CreateSubscriptionRequest",
        reply="CreateSubscriptionResponse",
        idempotent=True,
    ),
    Operation(
        method="GET",
        path=_PATH,
        name="retrieveSubscription",
        summary="Retrieve a subscription",
        reply="Subscription",
    ),
    Operation(
        method="POST",
        path=f"{_PATH}/update",
        name="updateSubscription",
        summary="Refused: nothing here recurs",
        body="UpdateSubscriptionRequest",
        reply="UpdateSubscriptionResponse",
    ),
    Operation(
        method="POST",
        path=f"{_PATH}/update/preview",
        name="previewSubscriptionUpdate",
        summary="Refused: nothing here recurs",
        body="UpdateSubscriptionRequest",
        reply="SubscriptionUpdatePreview",
    ),
    Operation(
        method="POST",
        path=f"{_PATH}/cancel",
        name="cancelSubscription",
        summary="Refused: nothing here recurs",
        body="CancelSubscriptionRequest",
        reply="CancelSubscriptionResponse",
    ),
)

_COMMON = {
    "id": UUID,
    "startDate": DAY,
    "endDate": nullable(**DAY),
    "amount": {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2,4}$"},
    "recurrence": {"type": "string", "const": ""},
    "status": {"type": "string", "enum": [ACTIVE, CANCELED]},
    "plan": an_object(name={"type": "string"}, identifier={"type": "string"}),
    "trialDaysRemaining": {"type": "integer", "const": 0},
    "customerId": {"type": "string"},
    "billingType": {"type": "string", "const": "ONE_TIME"},
    "recurrenceUnit": {"type": "null"},
    "recurrenceType": {"type": "null"},
    "files": {"type": "array", "maxItems": 0},
    "links": {"type": "array", "maxItems": 0},
    "license": {"type": "array", "maxItems": 0},
}
_FEATURE = an_object(
    ("id", "identifier", "name", "featureType", "reset", "resetTime", "hardLimit"),
    id=UUID,
    identifier={"type": "string"},
    name={"type": "string"},
    description={"type": "string"},
    featureType={"type": "string", "enum": ["BOOLEAN", "CUSTOMIZABLE", "METER"]},
    details={"type": "object"},
    isArchived={"type": "boolean"},
    metadata={"type": "object"},
    modifiedOn=INSTANT,
    meter={"type": "object"},
    featureDetails={"type": "object"},
    reset=nullable(type="string"),
    resetTime={"type": "null"},
    value={"type": "integer", "description": "The limit, where there is one."},
    hardLimit={"type": "boolean"},
)
_REQUEST = {"planIdentifier": TEXT, "chargePeriod": {"type": "string", "enum": list(CHARGE_PERIODS)}}
_FEATURES = nullable(type="array", items=ref("FeatureInput"), maxItems=FEATURES_MAX)

SCHEMAS: dict[str, Any] = {
    "Subscription": an_object(
        **_COMMON,
        currency={"type": "string", "pattern": "^[a-z]{3}$"},
        product={"type": "string", "description": "The product's name."},
        features={"type": "array", "items": ref("SubscriptionFeatureDetail")},
        nextInvoiceDate={"type": "null"},
        canceledAt=nullable(**INSTANT),
        cancellationReason=nullable(type="string", const="CANCELLED_BY_MERCHANT"),
        cancellationFeedback={"type": "null"},
        cancellationComment={"type": "null"},
    ),
    "SubscriptionFeatureDetail": _FEATURE,
    "SubscriptionListResponse": a_list_of("Subscription"),
    "CreateSubscriptionRequest": an_object(
        ("planIdentifier", "chargePeriod", "customerId"),
        **_REQUEST,
        customerId=TEXT,
        successUrl=nullable(type="string"),
        features=_FEATURES,
        ipAddress=nullable(type="string"),
    ),
    "CreateSubscriptionResponse": an_object(
        **_COMMON,
        currency={"type": "string", "pattern": "^[A-Z]{3}$"},
        product=an_object(name={"type": "string"}, id=UUID, identifier={"type": "string"}),
        features={"type": "array", "items": ref("Feature")},
    ),
    "UpdateSubscriptionRequest": an_object((), **_REQUEST, features=_FEATURES),
    "UpdateSubscriptionResponse": an_object(subscriptionId=UUID),
    "SubscriptionUpdatePreview": an_object((), currency={"type": "string"}),
    "CancelSubscriptionRequest": an_object((), cancellationType={"type": "string", "enum": list(CANCELLATION_TYPES)}),
    "CancelSubscriptionResponse": an_object(message={"type": "string"}),
}

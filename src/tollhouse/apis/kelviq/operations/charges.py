"""The one-time charge."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import TEXT, Operation, nullable
from tollhouse.apis.kelviq.request.charges import FEATURES_MAX, TAX_BEHAVIORS
from tollhouse.domain.pricing import QUANTITY_MAX

OPERATIONS = (
    Operation(
        method="POST",
        path="/charges",
        name="createCharge",
        summary="Create a charge",
        success=201,
        body="CreateChargeRequest",
        reply="CreateChargeResponse",
        idempotent=True,
        errors=(504,),
    ),
)

_FEATURE_INPUT = {
    "type": "object",
    "required": ["identifier", "quantity"],
    "properties": {
        "identifier": {**TEXT, "description": "The feature's identifier. Each may be given once."},
        "quantity": {"type": "integer", "minimum": 1, "maximum": QUANTITY_MAX},
    },
}

_REQUEST = {
    "type": "object",
    "description": "Every field may be spelled in snake_case as well. Other fields are ignored.",
    "required": ["planIdentifier", "chargePeriod", "customerId"],
    "properties": {
        "planIdentifier": {**TEXT, "description": "The plan that is bought."},
        "chargePeriod": {"type": "string", "enum": ["ONE_TIME"]},
        "customerId": {**TEXT, "description": "The merchant's own id of the customer."},
        "features": nullable(type="array", items={"$ref": "#/components/schemas/FeatureInput"}, maxItems=FEATURES_MAX),
        "currencyCode": nullable(type="string", description="ISO 4217, in any case.", minLength=3, maxLength=3),
        "ipAddress": nullable(type="string", description="The buyer's IPv4 or IPv6 address."),
        "customAmount": nullable(
            type="number", exclusiveMinimum=0, description="Stands for the plan's price; needs currencyCode."
        ),
        "taxBehavior": nullable(type="string", enum=list(TAX_BEHAVIORS)),
    },
    "example": {
        "planIdentifier": "lifetime-access",
        "chargePeriod": "ONE_TIME",
        "customerId": "cust_789",
        "features": [{"identifier": "seats", "quantity": 5}],
        "currencyCode": "USD",
        "ipAddress": "103.154.35.20",
    },
}

_FEATURE = {
    "type": "object",
    "required": ["id", "identifier", "name", "featureType", "value"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "identifier": {"type": "string"},
        "name": {"type": "string"},
        "featureType": {"type": "string", "enum": ["BOOLEAN", "CUSTOMIZABLE", "METER"]},
        "value": {"type": "integer", "description": "The quantity bought."},
    },
}

_CHARGE_FIELDS = {
    "id": {"type": "string", "format": "uuid"},
    "startDate": {"type": "string", "format": "date"},
    "endDate": {"type": "null"},
    "billingPeriodStartTime": {"type": "null"},
    "billingPeriodEndTime": {"type": "null"},
    "amount": {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2,4}$", "description": "The sum taken, in major units."},
    "recurrence": {"type": "string", "const": ""},
    "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    "status": {"type": "string", "const": "active"},
    "product": {
        "type": "object",
        "required": ["name", "id", "identifier"],
        "properties": {
            "name": {"type": "string"},
            "id": {"type": "string", "format": "uuid"},
            "identifier": {"type": "string"},
        },
    },
    "plan": {
        "type": "object",
        "required": ["name", "identifier"],
        "properties": {"name": {"type": "string"}, "identifier": {"type": "string"}},
    },
    "features": {"type": "array", "items": {"$ref": "#/components/schemas/Feature"}},
    "trialDaysRemaining": {"type": "integer", "const": 0},
    "customerId": {"type": "string"},
    "billingType": {"type": "string", "const": "ONE_TIME"},
    "recurrenceUnit": {"type": "null"},
    "recurrenceType": {"type": "null"},
}

SCHEMAS: dict[str, Any] = {
    "CreateChargeRequest": _REQUEST,
    "FeatureInput": _FEATURE_INPUT,
    "CreateChargeResponse": {"type": "object", "required": list(_CHARGE_FIELDS), "properties": _CHARGE_FIELDS},
    "Feature": _FEATURE,
}

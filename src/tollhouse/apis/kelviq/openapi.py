"""What this door serves, as OpenAPI. Compatible with the vendor's own description of the same path."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.request import FEATURES_MAX, KEY_LENGTH_MAX, TAX_BEHAVIORS, TEXT_LENGTH_MAX
from tollhouse.domain.pricing import QUANTITY_MAX


def _nullable(**schema: Any) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _error(description: str, schema: str = "Error", **more: Any) -> dict[str, Any]:
    return {"description": description, "content": _json(schema), **more}


_TEXT = {"type": "string", "minLength": 1, "maxLength": TEXT_LENGTH_MAX}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` on every answer of a key but its first.",
        "schema": {"type": "string", "const": "true"},
    }
}

_FEATURE_INPUT = {
    "type": "object",
    "required": ["identifier", "quantity"],
    "properties": {
        "identifier": {**_TEXT, "description": "The feature's identifier. Each may be given once."},
        "quantity": {"type": "integer", "minimum": 1, "maximum": QUANTITY_MAX},
    },
}

_REQUEST = {
    "type": "object",
    "description": "Every field may be spelled in snake_case as well. Other fields are ignored.",
    "required": ["planIdentifier", "chargePeriod", "customerId"],
    "properties": {
        "planIdentifier": {**_TEXT, "description": "The plan that is bought."},
        "chargePeriod": {"type": "string", "enum": ["ONE_TIME"]},
        "customerId": {**_TEXT, "description": "The merchant's own id of the customer."},
        "features": _nullable(type="array", items={"$ref": "#/components/schemas/FeatureInput"}, maxItems=FEATURES_MAX),
        "currencyCode": _nullable(type="string", description="ISO 4217, in any case.", minLength=3, maxLength=3),
        "ipAddress": _nullable(type="string", description="The buyer's IPv4 or IPv6 address."),
        "customAmount": _nullable(
            type="number", exclusiveMinimum=0, description="Stands for the plan's price; needs currencyCode."
        ),
        "taxBehavior": _nullable(type="string", enum=list(TAX_BEHAVIORS)),
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

_ERROR_FIELDS = {
    "detail": {"type": "string", "description": "A sentence to be read."},
    "code": {"type": "string", "description": "Stays as it is; absent where fields were refused."},
    "orderId": {"type": "string", "description": "The order of a payment whose outcome is not known yet."},
}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Tollhouse: one-time charges, compatible with Kelviq",
        "version": "v1",
        "description": "One-time charges against a customer's saved payment method.",
    },
    "security": [{"key": []}],
    "paths": {
        "/api/v1/charges/": {
            "post": {
                "operationId": "createCharge",
                "summary": "Create a charge",
                "parameters": [
                    {
                        "name": "Idempotency-Key",
                        "in": "header",
                        "required": False,
                        "description": "One effect for ever: a repeat is answered with what came of the first.",
                        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX},
                    }
                ],
                "requestBody": {"required": True, "content": _json("CreateChargeRequest")},
                "responses": {
                    "201": {"description": "Charged.", "content": _json("CreateChargeResponse"), "headers": _REPLAYED},
                    "400": _error("Refused or declined. Nothing was taken.", "DetailError", headers=_REPLAYED),
                    "401": _error("The key is missing or wrong."),
                    "403": _error("The key may not charge."),
                    "409": _error("The idempotency key stands for other content."),
                    "413": _error("The body is too large."),
                    "415": _error("The body is not application/json."),
                    "500": _error("A fault of the server's."),
                    "503": _error("Not now; try again.", headers=_RETRY_AFTER),
                    "504": _error("The gateway has not answered; the outcome is being looked up.", headers=_REPLAYED),
                },
            }
        }
    },
    "components": {
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "CreateChargeRequest": _REQUEST,
            "FeatureInput": _FEATURE_INPUT,
            "CreateChargeResponse": {
                "type": "object",
                "required": list(_CHARGE_FIELDS),
                "properties": _CHARGE_FIELDS,
            },
            "Feature": _FEATURE,
            "Error": {
                "type": "object",
                "required": ["detail", "code"],
                "properties": _ERROR_FIELDS,
                "additionalProperties": False,
            },
            "DetailError": {
                "type": "object",
                "description": "`detail` and `code`, or `detail` and the faults of each field by its name.",
                "required": ["detail"],
                "properties": _ERROR_FIELDS,
                "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            },
        },
    },
}

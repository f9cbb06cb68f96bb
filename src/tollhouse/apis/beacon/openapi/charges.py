"""Charges."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.openapi.operations import listing, write
from tollhouse.apis.beacon.openapi.schemas import (
    COUNT,
    IDENTITY,
    SECONDS,
    STRING,
    TIME,
    TOUCH,
    UUID,
    Schema,
    asked,
    list_of,
    nullable,
    ref,
    time_sent,
    whole,
)
from tollhouse.domain.money import AMOUNT_MINOR_MAX

CHARGE: dict[str, Schema] = {
    "amount": {
        "description": (
            "In the currency's smallest unit: an integer, or a string of its digits. A negative one is a refund in a "
            "project that has it so, and refused in any other."
        ),
        "anyOf": [
            {"type": "integer", "minimum": -AMOUNT_MINOR_MAX, "maximum": AMOUNT_MINOR_MAX},
            {"type": "string", "pattern": "^-?[0-9]{1,16}$"},
        ],
    },
    "created_at": time_sent("When it happened, in UNIX seconds; the server's time when absent. Not in the future."),
}
CURRENCY: dict[str, Schema] = {"currency": nullable(type="string", description="If it is said, the project's own.")}

SCHEMAS: dict[str, Any] = {
    "ChargeSent": {
        **asked({**IDENTITY, **CHARGE, **CURRENCY, **TOUCH}, "amount"),
        "example": {"user_id": "cust_789", "amount": 1999},
    },
    "ChargeItem": asked({**CHARGE, **CURRENCY, **TOUCH}, "amount"),
    "ChargesSent": {
        **asked({**IDENTITY, **CURRENCY, **TOUCH, "charges": list_of(ref("ChargeItem"))}, "charges"),
        "example": {"user_id": "cust_789", "charges": [{"amount": 1999}, {"amount": 500, "created_at": 1767225600}]},
    },
    "ChargeSummary": whole(
        {
            "count": COUNT,
            "sum": {"type": "integer", "description": "What remains: charges less refunds."},
            "refunded": COUNT,
            "average": nullable(type="integer"),
            "first_charged_at": TIME,
            "last_charged_at": TIME,
            "last_amount": nullable(type="integer"),
        }
    ),
    "Charge": whole(
        {
            "id": {"type": "string"},
            "customer_id": UUID,
            "amount": {"type": "integer"},
            "refunded": {**COUNT, "description": "How much of it was paid back."},
            "currency": STRING,
            "source": {"type": "string", "description": "The door it came through."},
            "created_at": SECONDS,
            "updated_at": SECONDS,
        }
    ),
}

_OF_CUSTOMER = "/v1/customers/{id}/charges"

PATHS: dict[str, Any] = {
    "/charges": write("createCharge", "Record a charge of one customer", "ChargeSent"),
    "/charges/bulk": write("createCharges", "Record charges of one customer, all or none", "ChargesSent"),
    _OF_CUSTOMER: listing(
        "listCharges", "List a customer's charges through every door, latest first", _OF_CUSTOMER, ref("Charge")
    ),
}

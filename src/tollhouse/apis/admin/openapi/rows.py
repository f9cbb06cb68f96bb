"""Rows of the provisioning file that can be sent one at a time, and what is listed."""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse.apis.admin.openapi.operations import at, change, listing, read
from tollhouse.apis.beacon.openapi.schemas import COUNT, SECONDS, STRING, Schema, asked, nullable, ref, whole
from tollhouse.ledger.provisioning.document import (
    ExchangeRateTable,
    KeyTable,
    PaymentMethodTable,
    SegmentTable,
    WebhookEndpointTable,
)

_TABLES = (KeyTable, ExchangeRateTable, PaymentMethodTable, SegmentTable, WebhookEndpointTable)

MAJOR: Schema = {"type": "string", "description": "Decimal text, in major units."}
MADE: Schema = {"type": "boolean", "description": "Whether it was not there before."}
SECRET: Schema = {"type": "string", "description": "The secret that was made, shown this once."}
CUSTOMER: Schema = nullable(type="string", description="The customer's reference.")
BOOLEAN: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "integer"}
_KEY_ID: Schema = {"type": "string", "description": "What revokes it; it says nothing of the key."}
_NOW = {"now": nullable(type="string", format="date-time", description="Null for a tenant without a clock of its own.")}


def table(kind: type[msgspec.Struct]) -> Schema:
    """A row of the provisioning file."""
    return ref(kind.__name__.removesuffix("Table"))


def made(**more: Schema) -> Schema:
    return {"type": "object", "required": ["made"], "properties": {"made": MADE, **more}}


def _tables() -> dict[str, Schema]:
    _, described = msgspec.json.schema_components(_TABLES, ref_template="#/components/schemas/{name}")
    return {name.removesuffix("Table"): _plain(schema) for name, schema in described.items()}


def _plain(schema: Schema) -> Schema:
    """Without what says nothing to a caller: our class's name and docstring, and what is taken where it is left out."""
    fields = {name: {k: v for k, v in field.items() if k != "default"} for name, field in schema["properties"].items()}
    return {
        "type": "object",
        "description": "A row of the provisioning file; what is left out keeps its value.",
        "required": schema["required"],
        "properties": fields,
        "additionalProperties": False,
    }


_PENDING = {
    "order": STRING,
    "gateway": STRING,
    "amount": MAJOR,
    "currency": STRING,
    "answer_due": SECONDS,
    "look_ups": {**COUNT, "description": "How often the gateway was asked since."},
    "next_look_up": nullable(type="integer"),
}

SCHEMAS: dict[str, Any] = {
    **_tables(),
    "ListedKey": whole(
        {
            "id": _KEY_ID,
            "name": STRING,
            "kind": STRING,
            "created_at": SECONDS,
            "revoked_at": nullable(type="integer", description="Null while it counts."),
        }
    ),
    "ListedPaymentMethod": whole(
        {"id": NUMBER, "customer": CUSTOMER, "gateway": STRING, "default": BOOLEAN, "state": STRING}
    ),
    "ListedExchangeRate": whole(
        {
            "from": STRING,
            "to": STRING,
            "rate": {"type": "string", "description": "A decimal, or a fraction such as 10/9."},
            "time": nullable(type="integer", description="From when it counts, in UNIX seconds."),
        }
    ),
    "TopupRequest": whole(
        {
            "id": NUMBER,
            "customer": NUMBER,
            "parent": NUMBER,
            "person": NUMBER,
            "amount": MAJOR,
            "currency": STRING,
            "invoice": NUMBER,
            "time": SECONDS,
        }
    ),
    "ParkedCharge": whole(
        {
            "charge": NUMBER,
            "customer": {"type": "integer", "description": "0 is everybody on the charge's plan."},
            "occurrence": {"type": "string", "description": "The day on which the period begins."},
            "due": SECONDS,
            "reason": STRING,
            "tries": COUNT,
        }
    ),
    "PendingPayment": whole({"customer": CUSTOMER, **_PENDING}),
    "PendingRefund": whole({"refund": STRING, **_PENDING}),
}

PATHS: dict[str, Any] = {
    **at(
        "keys",
        listing("listKeys", "List API keys, without their texts", ref("ListedKey")),
        change(
            "post",
            ("makeKey", "Make an API key, unless there is a live one of that name"),
            made(id=_KEY_ID, secret=SECRET),
            body=table(KeyTable),
        ),
    ),
    **at(
        "keys/{key}",
        change(
            "delete",
            ("revokeKey", "Revoke an API key, for good"),
            whole(
                {
                    "revoked": {"const": True},
                    "was_revoked": {"type": "boolean", "description": "Whether it was before."},
                }
            ),
            404,
        ),
    ),
    **at(
        "payment_methods",
        listing("listPaymentMethods", "List what customers pay with", ref("ListedPaymentMethod")),
        change(
            "post", ("putPaymentMethod", "Save a payment method of a customer"), made(), body=table(PaymentMethodTable)
        ),
    ),
    **at(
        "exchange_rates",
        listing("listExchangeRates", "List rates of exchange", ref("ListedExchangeRate")),
        change("post", ("putExchangeRate", "Say what a currency is worth"), made(), body=table(ExchangeRateTable)),
    ),
    **at(
        "topup_requests",
        listing("listTopupRequests", "List what customers asked to have added, the newest first", ref("TopupRequest")),
    ),
    **at(
        "pending_payments",
        listing("listPendingPayments", "List payments that a gateway has not answered", ref("PendingPayment")),
    ),
    **at(
        "pending_refunds",
        listing("listPendingRefunds", "List refunds that a gateway has not answered", ref("PendingRefund")),
    ),
    **at(
        "parked_charges",
        listing("listParkedCharges", "List what fell due and could not be charged", ref("ParkedCharge")),
        change(
            "post",
            ("retryParkedCharges", "Have what is parked charged by the next run, a thousand at a time"),
            whole({"retried": COUNT}),
            body={**asked({"charge": NUMBER, "customer": NUMBER}), "additionalProperties": False},
        ),
    ),
    **at(
        "clock",
        read("readClock", "Read the clock of a test tenant", whole(_NOW)),
        change(
            "post",
            ("moveClock", "Move the clock on, and charge all that falls due on the way"),
            whole({**_NOW, "charged": COUNT, "plans": COUNT, "parked": COUNT}),
            body={**asked({"now": {"type": "string", "format": "date-time"}}, "now"), "additionalProperties": False},
        ),
    ),
}

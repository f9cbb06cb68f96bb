"""Where events are sent, and how that went."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.admin.openapi.operations import at, change, in_query, listing, read
from tollhouse.apis.admin.openapi.rows import CUSTOMER, MADE, SECRET, table
from tollhouse.apis.admin.webhooks import ENDPOINT
from tollhouse.apis.beacon.openapi.schemas import (
    COUNT,
    SECONDS,
    STRING,
    UUID,
    Schema,
    asked,
    list_of,
    nullable,
    ref,
    whole,
)
from tollhouse.ledger.events.delivering import STATES
from tollhouse.ledger.events.emitting import EVENT_TYPES
from tollhouse.ledger.provisioning.document import WebhookEndpointTable

_EVENTS = list_of(STRING, description="Types of events, or `*` for all.")
_REMOVED = whole({"removed": {"const": True}})
_FIELDS: dict[str, Schema] = {
    "id": UUID,
    "url": STRING,
    "events": _EVENTS,
    "description": STRING,
    "state": {"type": "string"},
    "secret_changes_at": nullable(type="integer", description="When a rotated secret begins to sign."),
    "created_at": SECONDS,
    "modified_at": SECONDS,
}
_NAMES = tuple(_FIELDS)


def _shown(**more: Schema) -> Schema:
    """The endpoint, and what is shown once beside it."""
    return {"type": "object", "required": [*_NAMES], "properties": {**_FIELDS, **more}}


def _closed(properties: dict[str, Schema]) -> Schema:
    return {**asked(properties), "additionalProperties": False}


SCHEMAS: dict[str, Any] = {
    "ListedEndpoint": whole(_FIELDS),
    "Delivery": whole(
        {
            "event": UUID,
            "event_type": {"enum": list(EVENT_TYPES)},
            "endpoint": UUID,
            "customer": CUSTOMER,
            "state": {"enum": list(STATES)},
            "attempts": COUNT,
            "failure": {"type": "string", "description": "A word for why the last attempt failed."},
            "due_at": nullable(type="integer"),
            "created_at": SECONDS,
        }
    ),
    "EndpointChanges": _closed(
        {
            "url": nullable(type="string"),
            "events": {"anyOf": [_EVENTS, {"type": "null"}]},
            "description": nullable(type="string"),
            "state": {"enum": ["enabled", "disabled", None]},
        }
    ),
    "Rotation": _closed(
        {
            "secret": nullable(type="string", description="One is made where it is left out."),
            "after_seconds": {"type": "integer", "description": "When it begins to sign; 3600 where it is left out."},
        }
    ),
    "Replay": _closed(
        {
            "event": nullable(type="string", description="The event's id: sent again to all that want it."),
            "endpoint": nullable(
                type="string", description="Alone: all that it did not get. With `event`: to it alone."
            ),
        }
    ),
}

PATHS: dict[str, Any] = {
    **at(
        "webhook_endpoints",
        listing("listEndpoints", "List endpoints, without their secrets", ref("ListedEndpoint")),
        change(
            "post",
            ("putEndpoint", "Make an endpoint, or change the one at the URL"),
            _shown(made=MADE, secret=SECRET),
            body=table(WebhookEndpointTable),
        ),
    ),
    **at(
        ENDPOINT,
        read("readEndpoint", "Read an endpoint", ref("ListedEndpoint"), 404),
        change(
            "patch", ("changeEndpoint", "Change an endpoint"), ref("ListedEndpoint"), 404, body=ref("EndpointChanges")
        ),
        change("delete", ("removeEndpoint", "Remove an endpoint for good"), _REMOVED, 404),
    ),
    **at(
        f"{ENDPOINT}/rotate",
        change(
            "post",
            ("rotateSecret", "Give an endpoint another secret"),
            _shown(secret=SECRET),
            404,
            body=ref("Rotation"),
        ),
    ),
    **at(
        "webhook_deliveries",
        listing(
            "listDeliveries",
            "List events on their way to endpoints, the newest first",
            ref("Delivery"),
            in_query("endpoint", "The endpoint's id.", STRING),
            in_query("state", "How far it is.", {"enum": list(STATES)}),
            in_query("customer", "The customer's reference.", STRING),
            in_query("event_type", "The type of event.", STRING),
        ),
        change("post", ("replay", "Send events again"), whole({"replayed": COUNT}), 404, body=ref("Replay")),
    ),
}

"""Events: what customers did."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.openapi.operations import listing, write
from tollhouse.apis.beacon.openapi.schemas import (
    COUNT,
    ID,
    IDENTITY,
    SECONDS,
    STRING,
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
from tollhouse.apis.beacon.request.events import ACTION_LENGTH_MAX

_EVENT: dict[str, Schema] = {
    "action": {"type": "string", "minLength": 1, "maxLength": ACTION_LENGTH_MAX},
    "properties": nullable(type="object"),
    "created_at": time_sent("When it happened, in UNIX seconds; the server's time when absent. Not in the future."),
}
_NAMED = whole({"id": ID, "action": STRING, "name": STRING})
_OF_CUSTOMER = "/v1/customers/{id}/events"

SCHEMAS: dict[str, Any] = {
    "EventSent": {
        **asked({**IDENTITY, **_EVENT, **TOUCH}, "action"),
        "example": {"user_id": "cust_789", "action": "Opened the report", "properties": {"report": "sales"}},
    },
    "EventItem": asked({**_EVENT, **TOUCH}, "action"),
    "EventsSent": asked({**IDENTITY, **TOUCH, "events": list_of(ref("EventItem"))}, "events"),
    "CustomerEvent": whole(
        {
            "id": ID,
            "customer_id": UUID,
            "event": _NAMED,
            "properties": {"type": "object"},
            "created_at": SECONDS,
            "updated_at": SECONDS,
        }
    ),
    "EventSummary": whole({"event": _NAMED, "count": COUNT, "first_tracked_at": SECONDS, "last_tracked_at": SECONDS}),
}
PATHS: dict[str, Any] = {
    "/events": write("createEvent", "Take down what one customer did", "EventSent"),
    "/events/bulk": write("createEvents", "Take down what one customer did, all or nothing", "EventsSent"),
    _OF_CUSTOMER: listing("listEvents", "List what a customer did, latest first", _OF_CUSTOMER, ref("CustomerEvent")),
}

"""Everything about one customer in one call."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.openapi.charges import CURRENCY
from tollhouse.apis.beacon.openapi.customers import PROFILE
from tollhouse.apis.beacon.openapi.operations import write
from tollhouse.apis.beacon.openapi.schemas import IDENTITY, TOUCH, asked, nullable, ref

_LISTS = {"events": "EventItem", "charges": "ChargeItem", "tags": "TagItem"}

SCHEMAS: dict[str, Any] = {
    "TrackSent": asked(
        {
            **IDENTITY,
            **PROFILE,
            **{name: nullable(type="array", items=ref(item)) for name, item in _LISTS.items()},
            **CURRENCY,
            **TOUCH,
        }
    )
}
PATHS: dict[str, Any] = {
    "/track": write("track", "Tell of a customer who they are, what they did and paid, and their tags", "TrackSent")
}

"""Tags of customers."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.openapi.operations import write
from tollhouse.apis.beacon.openapi.schemas import IDENTITY, TOUCH, Schema, asked, list_of, ref
from tollhouse.apis.beacon.request.tags import TAG_LENGTH_MAX

_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": TAG_LENGTH_MAX}

SCHEMAS: dict[str, Any] = {
    "TagSent": asked({**IDENTITY, "name": _NAME, **TOUCH}, "name"),
    "TagItem": {"anyOf": [_NAME, asked({"name": _NAME, **TOUCH}, "name")]},
    "TagsSent": asked({**IDENTITY, **TOUCH, "tags": list_of(ref("TagItem"))}, "tags"),
}
PATHS: dict[str, Any] = {
    "/tags": write("tagCustomer", "Give one customer a tag", "TagSent"),
    "/tags/bulk": write("tagCustomerOften", "Give one customer tags, all or none", "TagsSent"),
}

"""Pieces that schemas are made of."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.request.values import SECONDS_MAX
from tollhouse.domain.identity import EMAIL_LENGTH_MAX, REFERENCE_LENGTH_MAX

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(**schema: Any) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def whole(properties: dict[str, Schema], **more: Any) -> Schema:
    """An object that always has all of its keys, and no others."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


def asked(properties: dict[str, Schema], *required: str) -> Schema:
    """What a caller sends: keys besides these are ignored."""
    return {"type": "object", "required": list(required), "properties": properties}


def list_of(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


ID: Schema = {"type": "string", "pattern": "^[1-9][0-9]*$"}
UUID: Schema = {"type": "string", "format": "uuid"}
STRING: Schema = {"type": "string"}
NULL: Schema = {"type": "null"}
TEXT = nullable(type="string")
COUNT: Schema = {"type": "integer", "minimum": 0}
SECONDS: Schema = {"type": "integer", "description": "UNIX seconds."}
TIME = nullable(**SECONDS)

#: Who is meant: each call needs one of the two.
IDENTITY: dict[str, Schema] = {
    "user_id": {
        "description": "The caller's own id; an integer means its digits. Needed when there is no email.",
        "anyOf": [{"type": "string", "maxLength": REFERENCE_LENGTH_MAX}, {"type": "integer"}, {"type": "null"}],
    },
    "email": nullable(type="string", maxLength=EMAIL_LENGTH_MAX),
}
TOUCH: dict[str, Schema] = {
    "update_session": {
        "description": "false leaves no session.",
        "anyOf": [{"type": "boolean"}, {"enum": ["true", "false", 0, 1]}, {"type": "null"}],
    }
}


def time_sent(description: str) -> Schema:
    return {
        "description": description,
        "anyOf": [
            {"type": "number", "minimum": 1, "maximum": SECONDS_MAX},
            {"type": "string", "pattern": "^[0-9]{1,16}$"},
            {"type": "null"},
        ],
    }


def definition(**properties: Schema) -> Schema:
    """What a project knows by name."""
    return whole({"id": ID, **properties, "created_at": SECONDS, "updated_at": SECONDS, "deleted_at": NULL})

"""The audit log."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.admin.openapi.operations import at, in_query, read
from tollhouse.apis.beacon.openapi.schemas import STRING, Schema, asked, list_of, nullable, ref, whole

_INSTANT: Schema = {"type": "string", "format": "date-time"}
_VALUES: Schema = {"anyOf": [{"type": "object"}, {"type": "null"}]}

SCHEMAS: dict[str, Any] = {
    "AuditEntry": whole(
        {
            "id": {"type": "integer"},
            "at": _INSTANT,
            "actor": whole(
                {
                    "kind": {"enum": ["person", "key", "operator"]},
                    "person": nullable(type="integer"),
                    "name": STRING,
                    "customer": {"type": "integer", "description": "Whose person it is; else the root."},
                }
            ),
            "door": STRING,
            "address": nullable(type="string"),
            "command": STRING,
            "subject": whole({"kind": STRING, "id": STRING, "name": nullable(type="string")}),
            "changes": list_of(ref("AuditChange")),
        }
    ),
    "AuditChange": asked(
        {
            "what": STRING,
            "key": STRING,
            "before": {**_VALUES, "description": "What was different; null where it was not there."},
            "after": {**_VALUES, "description": "What is different; null where it is gone."},
            "more": {"type": "integer", "description": "Alone in the last: how many changes had no room."},
        }
    ),
}

_QUERY = (
    in_query("before", "The `next` of the page before.", STRING),
    in_query("person", "The number of a person.", {"type": "integer", "minimum": 0}),
    in_query("door", "Where it came in.", STRING),
    in_query("command", "What was done.", STRING),
    in_query("subject_kind", "What it was about, such as `customer`.", STRING),
    in_query("subject", "Which of that kind.", STRING),
    in_query("from", "From this time on.", _INSTANT),
    in_query("to", "Before this time.", _INSTANT),
)


def _listing() -> dict[str, Any]:
    meta = whole({"next": nullable(type="string", description="The next page's `before`; null on the last.")})
    described = read("listAudit", "List who changed what, the newest first", STRING, 422)
    operation = {**described["get"], "parameters": list(_QUERY)}
    content = {"application/json": {"schema": whole({"data": list_of(ref("AuditEntry")), "meta": meta})}}
    operation["responses"] = {**operation["responses"], "200": {"description": "Done.", "content": content}}
    return {"get": operation}


PATHS: dict[str, Any] = {**at("audit", _listing())}

"""What this door serves, as OpenAPI: a module a noun."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.admin.openapi import audit, charges, rows, segments, webhooks
from tollhouse.apis.admin.openapi.operations import ERROR

_NOUNS = (rows, audit, charges, segments, webhooks)

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Tollhouse: administration",
        "version": "1",
        "description": (
            "What no compatible door has. A secret or application key opens it and acts on the key's own tenant. "
            "A row that is posted is found by its natural key: the same row again changes nothing."
        ),
    },
    "security": [{"bearer": []}],
    "paths": {path: described for noun in _NOUNS for path, described in noun.PATHS.items()},
    "components": {
        "schemas": {name: schema for noun in _NOUNS for name, schema in noun.SCHEMAS.items()} | {"Error": ERROR},
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    },
}

"""What this door serves, as OpenAPI: a module a noun."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.openapi import (
    charges,
    customers,
    definitions,
    events,
    pages,
    projects,
    segments,
    tags,
    track,
)
from tollhouse.apis.beacon.openapi.operations import ERROR

_NOUNS = (customers, events, charges, tags, track, pages, projects, definitions, segments)

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Tollhouse: the Beacon door",
        "version": "1",
        "description": "Compatible with the CrowdPower Beacon and Core APIs; not affiliated with CrowdPower.",
    },
    "security": [{"bearer": []}, {"query": []}],
    "paths": {path: described for noun in _NOUNS for path, described in noun.PATHS.items()},
    "components": {
        "schemas": {name: schema for noun in _NOUNS for name, schema in noun.SCHEMAS.items()} | {"Error": ERROR},
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "query": {"type": "apiKey", "in": "query", "name": "api_key"},
        },
    },
}

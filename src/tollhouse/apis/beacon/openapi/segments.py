"""Segments: customers by what they paid and what is known of them."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.openapi.operations import listing, read, search
from tollhouse.apis.beacon.openapi.schemas import COUNT, SECONDS, STRING, definition, list_of, ref

_ALL, _ONE = "/v1/projects/{slug}/segments", "/v1/segments/{id}"

SCHEMAS: dict[str, Any] = {
    "Segment": definition(
        name=STRING,
        slug=STRING,
        op={"enum": ["and", "or"]},
        rules=list_of({"type": "object"}),
        customers_count={**COUNT, "description": "Counted at this moment."},
        synced_at=SECONDS,
    )
}
PATHS: dict[str, Any] = {
    _ALL: listing("listSegments", "List the project's segments", _ALL, ref("Segment"), search("Part of the name.")),
    _ONE: read("readSegment", "Read a segment, with how many are in it now", _ONE, ref("Segment")),
}

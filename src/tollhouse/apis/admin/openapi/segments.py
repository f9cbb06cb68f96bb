"""Segments: made, changed, removed, and who is in them."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.admin.openapi.operations import PAGE_SIZE, at, change, in_query, listing, read
from tollhouse.apis.admin.openapi.rows import MADE, table
from tollhouse.apis.beacon.openapi.schemas import COUNT, STRING, UUID, list_of, nullable, ref, whole
from tollhouse.apis.beacon.openapi.segments import SCHEMAS as BEACON_SCHEMAS
from tollhouse.ledger.provisioning.document import SegmentTable

_REMOVED = whole({"removed": {"const": True}})
_AFTER = in_query("after", "The number of a customer: those behind it.", {"type": "integer", "minimum": 0})

SCHEMAS: dict[str, Any] = {
    "ListedSegment": BEACON_SCHEMAS["Segment"],
    "Member": whole(
        {
            "number": {"type": "integer"},
            "id": UUID,
            "user_id": nullable(type="string"),
            "email": nullable(type="string"),
            "name": nullable(type="string"),
            "charge_summary": ref("ChargeSummary"),
        }
    ),
}


def _put() -> dict[str, Any]:
    answer = whole({"made": MADE, **BEACON_SCHEMAS["Segment"]["properties"]})
    return change(
        "post", ("putSegment", "Make a segment, or change the one with the slug"), answer, body=table(SegmentTable)
    )


def _members() -> dict[str, Any]:
    meta = whole({"per_page": COUNT, "next": nullable(type="integer", description="The next page's `after`.")})
    described = read("listSegmentCustomers", "List who is in it now, by number", STRING, 404, 422)
    operation = {**described["get"], "parameters": [_AFTER, PAGE_SIZE]}
    content = {"application/json": {"schema": whole({"data": list_of(ref("Member")), "meta": meta})}}
    operation["responses"] = {**operation["responses"], "200": {"description": "Done.", "content": content}}
    return {"get": operation}


PATHS: dict[str, Any] = {
    **at("segments", listing("listSegments", "List segments, each with its rules", ref("ListedSegment")), _put()),
    **at(
        "segments/{segment}",
        read("readSegment", "Read a segment, by its slug", ref("ListedSegment"), 404),
        change("delete", ("removeSegment", "Remove a segment, and nobody who was in it"), _REMOVED, 404),
    ),
    **at("segments/{segment}/customers", _members()),
}

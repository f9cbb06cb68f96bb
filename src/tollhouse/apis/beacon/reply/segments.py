"""Segments, and how many are in them."""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse.apis.beacon.reply.envelope import seconds
from tollhouse.ledger.queries.segments import CountedSegment


def segment_to_wire(counted: CountedSegment, now: int) -> dict[str, Any]:
    """`now` is the moment at which it was counted."""
    segment = counted.segment
    return {
        "id": str(segment.segment_id),
        "name": segment.name,
        "slug": segment.slug,
        "op": segment.op,
        "rules": msgspec.Raw(segment.rules.encode()),
        "customers_count": counted.customers_count,
        "synced_at": seconds(now),
        "created_at": seconds(segment.created_at),
        "updated_at": seconds(segment.updated_at),
        "deleted_at": None,
    }

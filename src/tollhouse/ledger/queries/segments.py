"""What may be read of segments, as a port. A query never changes anything.

Who is in a segment is worked out at the moment of reading. `now` is that moment by the tenant's clock. Only live
customers are in any, and never the root, who is the tenant itself.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from tollhouse.ledger.facts import CustomerFact, SegmentFact, SummaryFact
from tollhouse.ledger.queries import Found, Page


class CountedSegment(msgspec.Struct, frozen=True):
    """A segment, and how many customers were in it when it was read."""

    segment: SegmentFact
    customers_count: int


class SegmentQueries(Protocol):
    def segments(self, tenant_id: int, search: str, now: int, page: Page) -> Found[CountedSegment]:
        """Segments by name; with a search those that have it in their name or slug, without regard to case."""
        ...

    def segment_with_id(self, tenant_id: int, segment_id: int, now: int) -> CountedSegment | None: ...

    def segment_called(self, tenant_id: int, slug: str, now: int) -> CountedSegment | None: ...

    def customers_in(
        self, tenant_id: int, slug: str, now: int, *, after: int, count: int
    ) -> list[tuple[CustomerFact, list[SummaryFact]]] | None:
        """The first `count` customers of a segment whose number is above `after`, by number, with their charge
        summaries; None where there is no such segment."""
        ...

    def segments_of(self, tenant_id: int, customer_number: int, now: int) -> list[SegmentFact]:
        """The segments that one customer is in, by name."""
        ...

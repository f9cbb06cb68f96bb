"""Core's segments."""

from __future__ import annotations

from typing import Final

from tollhouse.apis.beacon.reply.envelope import NOT_FOUND, data_to_wire, page_of_data
from tollhouse.apis.beacon.reply.segments import segment_to_wire
from tollhouse.apis.beacon.routes.asked import Answers, Asked
from tollhouse.apis.desk import Desk
from tollhouse.ledger.queries.segments import SegmentQueries
from tollhouse.web import Reply

ID_DIGITS_MAX: Final = 18


class Segments:
    def __init__(self, desk: Desk, queries: SegmentQueries) -> None:
        self._desk = desk
        self._queries = queries

    def answers(self) -> Answers:
        return {"projects/{slug}/segments": {"GET": self._list}, "segments/{id}": {"GET": self._read}}

    async def _list(self, asked: Asked) -> Reply:
        if not asked.is_of_tenant:
            return NOT_FOUND
        page, now = asked.page(), self._now(asked)
        found = await self._desk.reads.run(self._queries.segments, asked.tenant_id, asked.search(), now, page)
        return page_of_data([segment_to_wire(counted, now) for counted in found.rows], page, found.total)

    async def _read(self, asked: Asked) -> Reply:
        text, now = asked.params["id"], self._now(asked)
        if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX):
            return NOT_FOUND
        counted = await self._desk.reads.run(self._queries.segment_with_id, asked.tenant_id, int(text), now)
        return NOT_FOUND if counted is None else data_to_wire(segment_to_wire(counted, now))

    def _now(self, asked: Asked) -> int:
        return self._desk.clock.now() if asked.tenant.clock_at is None else asked.tenant.clock_at

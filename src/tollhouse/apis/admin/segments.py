"""Segments: made, changed, removed, and who is in them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tollhouse.apis.actors import signed
from tollhouse.apis.admin.answers import (
    Refused,
    answered,
    object_from_wire,
    page_from_wire,
    page_to_wire,
    query_from_wire,
)
from tollhouse.apis.admin.paths import Call, Routes
from tollhouse.apis.beacon.reply.customers import summary_to_wire
from tollhouse.apis.beacon.reply.segments import segment_to_wire
from tollhouse.apis.desk import Desk
from tollhouse.domain import summaries
from tollhouse.ledger.book import summary_from_row
from tollhouse.ledger.commands.segments import PutSegment, RemoveSegment
from tollhouse.ledger.facts import CustomerFact, SummaryFact
from tollhouse.ledger.provisioning.document import SegmentTable
from tollhouse.ledger.queries import Found
from tollhouse.ledger.queries.segments import SegmentQueries
from tollhouse.ledger.refusals import SegmentUnknown
from tollhouse.shapes import Shape
from tollhouse.web import Reply

NUMBER_DIGITS_MAX: Final = 18

_SEGMENT = Shape(SegmentTable)


class Segments:
    def __init__(self, desk: Desk, queries: SegmentQueries) -> None:
        self._desk = desk
        self._queries = queries

    def routes(self) -> Routes:
        return {
            "segments": {"GET": self._list, "POST": self._put},
            "segments/{segment}": {"GET": self._read, "DELETE": self._remove},
            "segments/{segment}/customers": {"GET": self._customers},
        }

    async def _list(self, call: Call) -> Reply:
        page, now = page_from_wire(call.request.query), self._now(call)
        found = await self._desk.reads.run(self._queries.segments, call.tenant_id, "", now, page)
        return page_to_wire(page, Found([segment_to_wire(counted, now) for counted in found.rows], found.total))

    async def _read(self, call: Call) -> Reply:
        return answered(await self._shown(call, call.params["segment"]))

    async def _put(self, call: Call) -> Reply:
        """Make a segment, or change the one with the slug."""
        row = _row(await call.request.body(self._desk.settings.body_bytes_max))
        command = PutSegment(tenant_id=call.tenant_id, slug=row.slug, name=row.name, op=row.op, rules=row.rules)
        put = (await self._desk.execute(signed(command, call.by))).result
        return answered({"made": put.is_new, **await self._shown(call, put.segment.slug)})

    async def _remove(self, call: Call) -> Reply:
        await self._desk.execute(RemoveSegment(tenant_id=call.tenant_id, by=call.by, slug=call.params["segment"]))
        return answered({"removed": True})

    async def _customers(self, call: Call) -> Reply:
        """Those who are in it now, by number; `next` is what to give as `after` for those that follow."""
        size, after = page_from_wire(call.request.query).size, _after(call.request.query)
        found = await self._desk.reads.run(self._members, call, after, size + 1)
        if found is None:
            raise SegmentUnknown
        rows = [customer_to_wire(*row, currency=call.credential.tenant.currency) for row in found[:size]]
        meta = {"per_page": size, "next": rows[-1]["number"] if len(found) > size else None}
        return Reply(200, msgspec.json.encode({"data": rows, "meta": meta}))

    def _members(self, call: Call, after: int, count: int) -> list[tuple[CustomerFact, list[SummaryFact]]] | None:
        slug, now = call.params["segment"], self._now(call)
        return self._queries.customers_in(call.tenant_id, slug, now, after=after, count=count)

    async def _shown(self, call: Call, slug: str) -> dict[str, Any]:
        now = self._now(call)
        counted = await self._desk.reads.run(self._queries.segment_called, call.tenant_id, slug, now)
        if counted is None:
            raise SegmentUnknown
        return segment_to_wire(counted, now)

    def _now(self, call: Call) -> int:
        clock_at = call.credential.tenant.clock_at
        return self._desk.clock.now() if clock_at is None else clock_at


def customer_to_wire(customer: CustomerFact, rows: list[SummaryFact], currency: str) -> dict[str, Any]:
    """A customer of a segment; `charge_summary` is of the tenant's currency."""
    of_currency = [summary_from_row(row) for row in rows if row.currency == currency]
    return {
        "number": customer.number,
        "id": customer.uid,
        "user_id": customer.reference,
        "email": customer.email,
        "name": customer.name or None,
        "charge_summary": summary_to_wire(of_currency[0] if of_currency else summaries.EMPTY),
    }


def _row(body: bytes) -> SegmentTable:
    """What was sent, as a row of a provisioning file. Raises Refused."""
    values = object_from_wire(body, *(field.encode_name for field in msgspec.structs.fields(SegmentTable)))
    try:
        return _SEGMENT.from_value(values)
    except msgspec.ValidationError as error:
        what, _, where = str(error).replace("$.", "").replace("`", "").partition(" - at ")
        raise Refused(422, f"{where}: {what}.") from error


def _after(query: bytes) -> int:
    text = query_from_wire(query).get("after", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX):
        raise Refused(422, "after: must be the number of a customer.")
    return int(text)

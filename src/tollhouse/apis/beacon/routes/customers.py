"""Core's customers."""

from __future__ import annotations

from typing import Any, Final, Protocol

from tollhouse.apis.actors import signed
from tollhouse.apis.beacon.reply.charges import charge_to_wire
from tollhouse.apis.beacon.reply.customers import (
    customer_to_wire,
    page_to_wire,
    tracked_event_to_wire,
    whole_customer_to_wire,
)
from tollhouse.apis.beacon.reply.envelope import NOT_FOUND, SUCCESS, data_to_wire, page_of_data
from tollhouse.apis.beacon.request import values
from tollhouse.apis.beacon.request.body import Errors, Invalid
from tollhouse.apis.beacon.request.customers import NOTES_LENGTH_MAX
from tollhouse.apis.beacon.request.tags import TAG_LENGTH_MAX
from tollhouse.apis.beacon.routes.asked import Answers, Asked
from tollhouse.apis.desk import Desk
from tollhouse.ledger.commands import (
    Command,
    ForgetCustomer,
    ProfileTold,
    TagCustomer,
    Told,
    Track,
    Unsubscribe,
    WriteNotes,
)
from tollhouse.ledger.facts import CustomerFact, SegmentFact
from tollhouse.ledger.queries import Queries
from tollhouse.ledger.queries.tracking import Besides, TrackingQueries
from tollhouse.web import Reply

#: So many tags, events and pages a single read shows at most, the latest.
SHOWN_MAX: Final = 100


class SegmentsOf(Protocol):
    def segments_of(self, tenant_id: int, customer_number: int, now: int) -> list[SegmentFact]: ...


class Customers:
    def __init__(self, desk: Desk, queries: Queries, tracking: TrackingQueries, segments: SegmentsOf) -> None:
        self._desk = desk
        self._queries = queries
        self._tracking = tracking
        self._segments = segments

    def answers(self) -> Answers:
        return {
            "projects/{slug}/customers": {"GET": self._list, "POST": self._create},
            "customers/{id}": {"GET": self._read, "DELETE": self._delete},
            "customers/{id}/charges": {"GET": self._charges},
            "customers/{id}/events": {"GET": self._events},
            "customers/{id}/pages": {"GET": self._pages},
            "customers/{id}/tags": {"POST": self._tag, "DELETE": self._untag},
            "customers/{id}/notes": {"PUT": self._write_notes},
            "customers/{id}/unsubscribe": {"PUT": self._unsubscribe},
        }

    # Reads.

    async def _list(self, asked: Asked) -> Reply:
        if not asked.is_of_tenant:
            return NOT_FOUND
        page = asked.page()
        found = await self._desk.reads.run(self._queries.customers, asked.tenant_id, asked.search(), page)
        numbers = [customer.number for customer, _ in found.rows]
        besides = await self._desk.reads.run(self._tracking.besides, asked.tenant_id, numbers)
        public_url = self._desk.settings.public_url
        data = [
            customer_to_wire(customer, rows, besides.get(customer.number, Besides()), asked.tenant, public_url)
            for customer, rows in found.rows
        ]
        return page_of_data(data, page, found.total)

    async def _read(self, asked: Asked) -> Reply:
        return await self._shown(asked, asked.params["id"])

    async def _shown(self, asked: Asked, uid: str) -> Reply:
        whole = await self._desk.reads.run(self._whole, asked, uid)
        return NOT_FOUND if whole is None else data_to_wire(whole)

    def _whole(self, asked: Asked, uid: str) -> dict[str, Any] | None:
        tenant_id = asked.tenant_id
        found = self._queries.customer(tenant_id, uid)
        if found is None:
            return None
        customer, rows = found
        besides = self._tracking.besides(tenant_id, [customer.number]).get(customer.number, Besides())
        activity = self._tracking.activity(tenant_id, customer.number, SHOWN_MAX)
        segments = self._segments.segments_of(tenant_id, customer.number, self._now(asked))
        listed = customer_to_wire(customer, rows, besides, asked.tenant, self._desk.settings.public_url)
        return whole_customer_to_wire(listed, customer, besides, activity, segments)

    async def _charges(self, asked: Asked) -> Reply:
        uid, page = asked.params["id"], asked.page()
        found = await self._desk.reads.run(self._queries.customer_charges, asked.tenant_id, uid, page)
        if found is None:
            return NOT_FOUND
        return page_of_data([charge_to_wire(charge, uid) for charge in found.rows], page, found.total)

    async def _events(self, asked: Asked) -> Reply:
        uid, page = asked.params["id"], asked.page()
        found = await self._desk.reads.run(self._tracking.events, asked.tenant_id, uid, page)
        if found is None:
            return NOT_FOUND
        return page_of_data([tracked_event_to_wire(*row, uid) for row in found.rows], page, found.total)

    async def _pages(self, asked: Asked) -> Reply:
        page = asked.page()
        found = await self._desk.reads.run(self._tracking.pages, asked.tenant_id, asked.params["id"], page)
        return NOT_FOUND if found is None else page_of_data(list(map(page_to_wire, found.rows)), page, found.total)

    # Changes.

    async def _create(self, asked: Asked) -> Reply:
        """A customer by e-mail: the earliest who has it, else a new one."""
        if not asked.is_of_tenant:
            return NOT_FOUND
        errors: Errors = {}
        identity = values.identity({"email": asked.body.get("email")}, "", errors)
        if errors:
            raise Invalid(errors if "email" in errors else {"email": ["is required"]})
        told = Told(identity=identity, profile=ProfileTold(), touch_session=False)
        command = Track(tenant_id=asked.tenant_id, operation="projects/customers", people=(told,))
        receipt = await self._desk.execute(command)
        number = receipt.result.first_customer
        customer = await self._desk.reads.run(self._by_number, asked.tenant_id, number)
        return await self._shown(asked, customer.uid)

    def _by_number(self, tenant_id: int, number: int) -> CustomerFact:
        with self._desk.store.reading(tenant_id) as reader:
            (customer,) = reader.find(CustomerFact, number=number)
        return customer

    async def _delete(self, asked: Asked) -> Reply:
        command = ForgetCustomer(tenant_id=asked.tenant_id, by=asked.by, customer_uid=asked.params["id"])
        await self._desk.execute(command)
        return SUCCESS

    async def _tag(self, asked: Asked) -> Reply:
        return await self._set_tag(asked, has_tag=True)

    async def _untag(self, asked: Asked) -> Reply:
        return await self._set_tag(asked, has_tag=False)

    async def _set_tag(self, asked: Asked, *, has_tag: bool) -> Reply:
        errors: Errors = {}
        given = asked.body if asked.body else asked.query
        name = values.required_text(dict(given), "name", "", TAG_LENGTH_MAX, errors)
        if errors:
            raise Invalid(errors)
        uid = asked.params["id"]
        return await self._done(
            asked, TagCustomer(tenant_id=asked.tenant_id, customer_uid=uid, name=name, has_tag=has_tag)
        )

    async def _write_notes(self, asked: Asked) -> Reply:
        errors: Errors = {}
        if "notes" not in asked.body:
            raise Invalid({"notes": ["is required"]})
        notes = values.text(asked.body, "notes", "", NOTES_LENGTH_MAX, errors)
        if errors:
            raise Invalid(errors)
        uid = asked.params["id"]
        return await self._done(asked, WriteNotes(tenant_id=asked.tenant_id, customer_uid=uid, notes=notes or ""))

    async def _unsubscribe(self, asked: Asked) -> Reply:
        uid = asked.params["id"]
        return await self._done(asked, Unsubscribe(tenant_id=asked.tenant_id, customer_uid=uid))

    async def _done(self, asked: Asked, command: Command) -> Reply:
        """The customer as the command leaves it."""
        await self._desk.execute(signed(command, asked.by))
        return await self._shown(asked, asked.params["id"])

    def _now(self, asked: Asked) -> int:
        return self._desk.clock.now() if asked.tenant.clock_at is None else asked.tenant.clock_at

"""Customers: POST, GET, PATCH and DELETE under /customers/."""

from __future__ import annotations

from collections.abc import Awaitable

from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.fields import Invalid
from tollhouse.apis.kelviq.reply.customers import customer_to_wire
from tollhouse.apis.kelviq.reply.envelope import NOT_FOUND, REPLAYED, answered, page_to_wire
from tollhouse.apis.kelviq.request.customers import changes_from_wire, customer_from_wire
from tollhouse.ledger.commands import ArchiveCustomer, Receipt
from tollhouse.ledger.profiles import profile_from
from tollhouse.ledger.queries import Page, RegisteredQueries, RegisteredWanted
from tollhouse.ledger.refusals import CustomerUnknown, ReferenceTaken
from tollhouse.web import Reply


class Customers:
    def __init__(self, queries: RegisteredQueries) -> None:
        self._queries = queries

    def answers(self) -> Answers:
        return {
            "listCustomers": self._list,
            "createCustomer": self._create,
            "retrieveCustomer": self._retrieve,
            "updateCustomer": self._update,
            "archiveCustomer": self._archive,
        }

    async def _list(self, call: Call) -> Reply:
        wanted = RegisteredWanted(call.text("search") or "", call.text("customer_id") or "")
        page = call.page()
        found = await call.read(self._queries.customers, call.tenant_id, wanted, page)
        rows = [customer_to_wire(customer, profile_from(customer, profile)) for customer, profile in found.rows]
        return page_to_wire(call, page, found, rows)

    async def _create(self, call: Call) -> Reply:
        command = customer_from_wire(await call.fields(), tenant_id=call.tenant_id, idempotency=call.idempotency())
        try:
            receipt = await call.execute(command)
        except ReferenceTaken as error:
            raise Invalid({"customerId": ["A customer with this customerId already exists."]}) from error
        return _customer(receipt, 201)

    async def _retrieve(self, call: Call) -> Reply:
        wanted = RegisteredWanted(reference=call.params["customerId"])
        found = await call.read(self._queries.customers, call.tenant_id, wanted, Page(1, 1))
        if not found.rows:
            return NOT_FOUND
        customer, profile = found.rows[0]
        return answered(customer_to_wire(customer, profile_from(customer, profile)))

    async def _update(self, call: Call) -> Reply:
        command = changes_from_wire(await call.fields(), tenant_id=call.tenant_id, reference=call.params["customerId"])
        return await _unless_unknown(call.execute(command), 200)

    async def _archive(self, call: Call) -> Reply:
        command = ArchiveCustomer(tenant_id=call.tenant_id, reference=call.params["customerId"])
        return await _unless_unknown(call.execute(command), 204)


async def _unless_unknown(execution: Awaitable[Receipt], status: int) -> Reply:
    try:
        receipt = await execution
    except CustomerUnknown:
        return NOT_FOUND
    return Reply(204, b"", ()) if status == 204 else _customer(receipt, status)


def _customer(receipt: Receipt, status: int) -> Reply:
    registered = receipt.result
    body = customer_to_wire(registered.customer, registered.profile)
    return answered(body, status, (REPLAYED,) if receipt.replayed else ())

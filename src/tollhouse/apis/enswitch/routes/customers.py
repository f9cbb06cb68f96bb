"""Customers."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions import customers as functions
from tollhouse.apis.enswitch.reply import customers as reply
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.request import customers as request
from tollhouse.apis.enswitch.routes.answers import Answers, answered_by
from tollhouse.apis.enswitch.sent import Given
from tollhouse.ledger import seeing
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.details import CustomerDetails, details_from_fact, details_of
from tollhouse.ledger.facts import ROOT_PATH, CustomerFact
from tollhouse.ledger.queries import AccountQueries, CustomersWanted
from tollhouse.ledger.refusals import CustomerUnknown
from tollhouse.web import Reply

#: Who asks only whether a customer exists.
ANYBODY = Caller(person_id=0, customer_number=0, path=ROOT_PATH, may_reach_below=True)


class CustomerAnswers(Answers):
    def __init__(self, desk: Desk, queries: AccountQueries) -> None:
        super().__init__(desk)
        self._queries = queries
        self.by_path = answered_by(
            (functions.CREATE_CUSTOMER, self._create),
            (functions.UPDATE_CUSTOMER, self._update),
            (functions.DELETE_CUSTOMER, self._delete),
            (functions.UNDELETE_CUSTOMER, self._undelete),
            (functions.MOVE_CUSTOMER, self._move),
            (functions.GET_CUSTOMER, self._get),
            (functions.LIST_CUSTOMERS, self._list),
            (functions.ADD_TO_BALANCE, self._add_to_balance),
            (functions.REQUEST_TOPUP, self._request_topup),
        )
        self.for_strangers = {functions.GET_CUSTOMER.path: self._check}

    async def _create(self, call: Call) -> Reply:
        return await self._created(call, request.customer_to_create(call), lambda result: int(result.number))

    async def _update(self, call: Call) -> Reply:
        return await self._done(call, request.customer_to_update(call))

    async def _delete(self, call: Call) -> Reply:
        return await self._done(call, request.customer_to_delete(call))

    async def _undelete(self, call: Call) -> Reply:
        return await self._done(call, request.customer_to_undelete(call))

    async def _move(self, call: Call) -> Reply:
        return await self._done(call, request.customer_to_move(call))

    async def _add_to_balance(self, call: Call) -> Reply:
        return await self._done(call, request.balance_to_add(call))

    async def _request_topup(self, call: Call) -> Reply:
        await self._desk.execute(call.signed(request.topup_to_request(call)))
        return envelope.data_to_wire(reply.topup_accepted_to_wire())

    async def _get(self, call: Call) -> Reply:
        wanted = request.customer_wanted(call.given)
        customer, details = await self._desk.reads.run(self._found, call.tenant_id, call.caller, *wanted)
        to_wire = reply.payment_settings_to_wire if call.given.get("payment") else reply.customer_to_wire
        return envelope.data_to_wire(to_wire(customer, details, call.caller))

    async def _list(self, call: Call) -> Reply:
        wanted = request.customers_wanted(call)
        await self._read(call.tenant_id, seeing.customer_seen, call.caller, wanted.parent_number)
        return await self._desk.reads.run(self._listed, call, wanted)

    def _listed(self, call: Call, wanted: CustomersWanted) -> Reply:
        if call.given.get("count"):
            return envelope.data_to_wire({"count": self._queries.customer_count(call.tenant_id, wanted)})
        if call.given.get("pages"):
            pages = self._queries.customer_pages(call.tenant_id, wanted)
            return envelope.data_to_wire([{"offset": offset, "name": name} for offset, name in pages])
        found = self._queries.customers(call.tenant_id, wanted)
        rows = (reply.customer_to_wire(each.customer, details_from_fact(each.details), call.caller) for each in found)
        return envelope.data_to_wire(list(rows))

    async def _check(self, given: Given, tenant_id: int | None) -> Reply:
        """Whether there is such a customer, told to anybody."""
        by, value = request.customer_wanted(given)
        if tenant_id is None:
            raise CustomerUnknown
        await self._desk.strangers.run(self._find, tenant_id, ANYBODY, by, value)
        return envelope.data_to_wire({})

    def _found(self, tenant_id: int, caller: Caller, by: str, value: Any) -> tuple[CustomerFact, CustomerDetails]:
        customer = self._find(tenant_id, caller, by, value)
        with self._desk.store.reading(tenant_id) as reader:
            return customer, details_of(reader, customer.number)

    def _find(self, tenant_id: int, caller: Caller, by: str, value: Any) -> CustomerFact:
        if by == "id":
            with self._desk.store.reading(tenant_id) as reader:
                return seeing.customer_seen(reader, caller, value)
        found = self._queries.customer_called(tenant_id, caller, **{by: value})
        if found is None:
            raise CustomerUnknown
        return found

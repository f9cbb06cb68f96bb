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
from tollhouse.ledger.facts import ROOT_PATH, CustomerFact
from tollhouse.ledger.queries import AccountQueries
from tollhouse.ledger.refusals import CustomerUnknown
from tollhouse.web import Reply

#: Who asks only whether a customer exists.
ANYBODY = Caller(person_id=0, customer_number=0, path=ROOT_PATH, may_reach_below=True)


class CustomerAnswers(Answers):
    def __init__(self, desk: Desk, queries: AccountQueries) -> None:
        super().__init__(desk)
        self._queries = queries
        self.by_path = answered_by((functions.GET_CUSTOMER, self._get))

    async def _get(self, call: Call) -> Reply:
        wanted = request.customer_wanted(call.given)
        customer = await self._desk.reads.run(self._find, call.tenant_id, call.caller, *wanted)
        return envelope.data_to_wire(reply.customer_to_wire(customer, call.caller))

    async def check(self, given: Given, tenant_id: int | None) -> Reply:
        """Whether there is such a customer, told to anybody."""
        by, value = request.customer_wanted(given)
        if tenant_id is None:
            raise CustomerUnknown
        await self._desk.strangers.run(self._find, tenant_id, ANYBODY, by, value)
        return envelope.data_to_wire({})

    def _find(self, tenant_id: int, caller: Caller, by: str, value: Any) -> CustomerFact:
        if by == "id":
            with self._desk.store.reading(tenant_id) as reader:
                return seeing.customer_seen(reader, caller, value)
        found = self._queries.customer_called(tenant_id, caller, **{by: value})
        if found is None:
            raise CustomerUnknown
        return found

"""Transactions."""

from __future__ import annotations

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions import transactions as functions
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.reply import transactions as reply
from tollhouse.apis.enswitch.request import transactions as request
from tollhouse.apis.enswitch.routes.answers import Answers, answered_by
from tollhouse.ledger import seeing
from tollhouse.ledger.queries import AccountQueries
from tollhouse.web import Reply


class TransactionAnswers(Answers):
    def __init__(self, desk: Desk, queries: AccountQueries) -> None:
        super().__init__(desk)
        self._queries = queries
        self.by_path = answered_by(
            (functions.LIST_TRANSACTIONS, self._list),
            (functions.CREATE_TRANSACTION, self._create),
        )

    async def _create(self, call: Call) -> Reply:
        return await self._created(call, request.transaction_to_create(call), lambda result: int(result.transaction_id))

    async def _list(self, call: Call) -> Reply:
        wanted = request.statement_wanted(call.given)
        number = call.given.get("customer") or call.caller.customer_number
        await self._read(call.tenant_id, seeing.customer_seen, call.caller, number)
        is_sellers = seeing.is_seller(call.caller, number)

        def statement() -> Reply:
            lines = self._queries.statement(call.tenant_id, number, wanted)
            rows = [reply.statement_line_to_wire(line, is_sellers=is_sellers) for line in lines]
            return envelope.data_to_wire(rows)

        return await self._desk.reads.run(statement)

"""What customers can pay with: GET /payment-methods/."""

from __future__ import annotations

from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.reply.envelope import page_to_wire
from tollhouse.apis.kelviq.reply.payment_methods import payment_method_to_wire
from tollhouse.ledger.queries import MethodsWanted, RegisteredQueries
from tollhouse.web import Reply


class PaymentMethods:
    def __init__(self, queries: RegisteredQueries) -> None:
        self._queries = queries

    def answers(self) -> Answers:
        return {"listPaymentMethods": self._list}

    async def _list(self, call: Call) -> Reply:
        wanted = MethodsWanted(call.text("customer_id") or "", call.text("customer_email") or "")
        page = call.page()
        found = await call.read(self._queries.payment_methods, call.tenant_id, wanted, page)
        return page_to_wire(call, page, found, [payment_method_to_wire(listed) for listed in found.rows])

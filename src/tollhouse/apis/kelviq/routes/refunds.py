"""Refunds: POST and GET under /refunds/."""

from __future__ import annotations

import asyncio

from tollhouse.apis.desk import Desk
from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.reply.envelope import REPLAYED, answered, error_to_wire, page_to_wire, refusal_to_wire
from tollhouse.apis.kelviq.reply.refunds import STATES, error_of, refund_to_wire
from tollhouse.apis.kelviq.request.refunds import refund_from_wire
from tollhouse.apis.kelviq.routes.orders import orders_of
from tollhouse.apis.refunds import Refunds
from tollhouse.ledger.facts import PaymentFact, RefundFact
from tollhouse.ledger.queries.orders import OrderQueries, RefundsWanted
from tollhouse.ledger.refunding import FAILED
from tollhouse.ledger.refusals import Overloaded, Refusal, StoreUnavailable
from tollhouse.web import Headers, Reply

#: How long the order of a refund may take to be read for the answer: what the move leaves of the SDKs' 10 seconds.
SHOW_SECONDS = 0.5
NOT_SHOWN = "The refund was accepted, but cannot be shown just now. Do not ask for another: look this one up by its id."


class RefundRequests:
    def __init__(self, desk: Desk, refunds: Refunds, queries: OrderQueries) -> None:
        self._refunds = refunds
        self._queries = queries
        self._gateways = frozenset(desk.gateways)

    def answers(self) -> Answers:
        return {"createRefund": self._create, "listRefunds": self._list, "retrieveRefund": self._retrieve}

    async def _create(self, call: Call) -> Reply:
        command = refund_from_wire(
            await call.fields(),
            tenant_id=call.tenant_id,
            idempotency=call.idempotency(),
            gateways=self._gateways,
            settings=call.desk.settings,
        )
        try:
            moved, replayed = await self._refunds.carry_out(call.signed(command))
        except Refusal as refusal:
            return refusal_to_wire(refusal, error=error_of(refusal))
        headers: Headers = (REPLAYED,) if replayed else ()
        refund = moved.refund
        if refund.state == FAILED:
            return error_to_wire(400, refund.failure_code, refund.failure_text, headers, error=refund.failure_text)
        try:
            async with asyncio.timeout(SHOW_SECONDS):
                (order,) = await orders_of(call, [moved.payment])
        except (TimeoutError, Overloaded, StoreUnavailable):
            return error_to_wire(504, "refund_not_shown", NOT_SHOWN, headers, refundId=refund.uid)
        return answered(refund_to_wire(refund, order), 200, headers)

    async def _list(self, call: Call) -> Reply:
        status = call.choice("status", tuple(STATES))
        start_at, end_at = call.days()
        wanted = RefundsWanted(
            state=STATES[status] if status else "",
            search=call.text("search") or "",
            start_at=start_at,
            end_at=end_at,
        )
        page = call.page()
        found = await call.read(self._queries.refunds, call.tenant_id, wanted, page)
        orders = await orders_of(call, [payment for _, payment in found.rows])
        rows = [refund_to_wire(refund, order) for (refund, _), order in zip(found.rows, orders, strict=True)]
        return page_to_wire(call, page, found, rows)

    async def _retrieve(self, call: Call) -> Reply:
        def read() -> tuple[RefundFact, PaymentFact] | None:
            with call.desk.store.reading(call.tenant_id) as reader:
                for refund in reader.find(RefundFact, uid=call.params["refundId"].lower()):
                    (payment,) = reader.find(PaymentFact, payment_id=refund.payment_id)
                    return refund, payment
            return None

        found = await call.read(read)
        if found is None:
            return error_to_wire(404, "refund_not_found", "Refund not found.")
        refund, payment = found
        (order,) = await orders_of(call, [payment])
        return answered(refund_to_wire(refund, order))

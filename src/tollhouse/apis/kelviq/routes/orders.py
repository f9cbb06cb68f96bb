"""Orders and transactions: GET under /orders/ and /transaction/."""

from __future__ import annotations

from collections.abc import Sequence

from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.reply.envelope import answered, page_to_wire
from tollhouse.apis.kelviq.reply.order_events import timeline_to_wire
from tollhouse.apis.kelviq.reply.orders import BILLING_TYPES, ORDER_STATUSES, order_to_wire
from tollhouse.apis.kelviq.reply.transactions import STATES, transaction_to_wire
from tollhouse.ledger.facts import PaymentAttemptFact, PaymentFact, RefundFact
from tollhouse.ledger.orders import OrderSeen, order_seen, orders_seen
from tollhouse.ledger.queries import Found
from tollhouse.ledger.queries.orders import MovementsWanted, OrderQueries, OrdersWanted
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

#: A status that no order here can have: what asks for orders that are not made here finds none.
_NONE = "FRAUDULENT"


class Orders:
    def __init__(self, queries: OrderQueries) -> None:
        self._queries = queries

    def answers(self) -> Answers:
        return {
            "listOrders": self._list,
            "retrieveOrder": self._retrieve,
            "listOrderEvents": self._events,
            "listTransactions": self._transactions,
        }

    async def _list(self, call: Call) -> Reply:
        wanted = _orders_wanted(call)
        page = call.page()
        found = await call.read(self._queries.orders, call.tenant_id, wanted, page)
        orders = await orders_of(call, found.rows)
        return page_to_wire(call, page, found, [order_to_wire(order) for order in orders])

    async def _retrieve(self, call: Call) -> Reply:
        def read() -> OrderSeen:
            with call.desk.store.reading(call.tenant_id) as reader:
                return order_seen(Snapshot(reader, call.desk.clock.now()), call.params["id"])

        return answered(order_to_wire(await call.read(read)))

    async def _events(self, call: Call) -> Reply:
        page = call.page()
        events = await call.read(self._timeline, call)
        found = Found(events[page.offset : page.offset + page.size], len(events))
        return page_to_wire(call, page, found, found.rows)

    def _timeline(self, call: Call) -> list[dict[str, object]]:
        with call.desk.store.reading(call.tenant_id) as reader:
            order = order_seen(Snapshot(reader, call.desk.clock.now()), call.params["id"])
            payment_id = order.payment.payment_id
            attempts = reader.find(PaymentAttemptFact, payment_id=payment_id)
            refunds = reader.find(RefundFact, payment_id=payment_id, order=("refund_id",))
        return timeline_to_wire(order.payment, attempts, refunds)

    async def _transactions(self, call: Call) -> Reply:
        status = call.choice("status", tuple(STATES))
        start_at, end_at = call.days()
        wanted = MovementsWanted(
            state=STATES[status] if status else "",
            search=call.text("search") or "",
            start_at=start_at,
            end_at=end_at,
        )
        page = call.page()
        found = await call.read(self._queries.movements, call.tenant_id, wanted, page)
        orders = await orders_of(call, [movement.payment for movement in found.rows])
        rows = [transaction_to_wire(*row) for row in zip(found.rows, orders, strict=True)]
        return page_to_wire(call, page, found, rows)


async def orders_of(call: Call, payments: Sequence[PaymentFact]) -> list[OrderSeen]:
    """These payments as orders, in the same order."""

    def read() -> list[OrderSeen]:
        with call.desk.store.reading(call.tenant_id) as reader:
            return orders_seen(Snapshot(reader, call.desk.clock.now()), payments)

    orders: list[OrderSeen] = await call.read(read) if payments else []
    return orders


def _orders_wanted(call: Call) -> OrdersWanted:
    status = call.choice("status", ORDER_STATUSES)
    is_subscription = call.choice("billing_type", BILLING_TYPES) == "SUBSCRIPTION"
    is_renewal = call.flag("is_renewal") is True
    start_at, end_at = call.days()
    return OrdersWanted(
        status=_NONE if is_subscription or is_renewal else status,
        search=call.text("search") or "",
        start_at=start_at,
        end_at=end_at,
    )

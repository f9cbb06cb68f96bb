"""Purchases as subscriptions, under /subscriptions/. Nothing recurs, so nothing can be cancelled or changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.reply.envelope import REPLAYED, answered, error_to_wire, page_to_wire
from tollhouse.apis.kelviq.reply.subscriptions import created_to_wire, subscription_to_wire
from tollhouse.apis.kelviq.request.subscriptions import free_from_wire, subscriptions_from_wire
from tollhouse.ledger.catalog.features import FeatureShown, features_called
from tollhouse.ledger.facts import PaymentFact
from tollhouse.ledger.orders import OrderSeen, orders_seen
from tollhouse.ledger.purchase_details import SUCCEEDED
from tollhouse.ledger.queries.orders import OrderQueries
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

NOT_FOUND = error_to_wire(404, "subscription_not_found", "Subscription not found.")
NOT_RECURRING = "This is a one-time purchase: nothing recurs, so there is nothing to {}."


class _Seen(msgspec.Struct, frozen=True):
    orders: list[OrderSeen]
    features: dict[str, FeatureShown]


class Subscriptions:
    def __init__(self, queries: OrderQueries) -> None:
        self._queries = queries

    def answers(self) -> Answers:
        return {
            "listSubscriptions": self._list,
            "createSubscription": self._create,
            "retrieveSubscription": self._retrieve,
            "updateSubscription": self._update,
            "previewSubscriptionUpdate": self._update,
            "cancelSubscription": self._cancel,
        }

    async def _list(self, call: Call) -> Reply:
        wanted, page = subscriptions_from_wire(call), call.page()
        found = await call.read(self._queries.subscriptions, call.tenant_id, wanted, page)
        seen = await call.read(_seen, call, found.rows)
        rows = [subscription_to_wire(order, seen.features) for order in seen.orders]
        return page_to_wire(call, page, found, rows)

    async def _retrieve(self, call: Call) -> Reply:
        payment = await call.read(_payment, call)
        if payment is None:
            return NOT_FOUND
        seen = await call.read(_seen, call, [payment])
        return answered(subscription_to_wire(seen.orders[0], seen.features))

    async def _create(self, call: Call) -> Reply:
        command = free_from_wire(
            await call.fields(),
            tenant_id=call.tenant_id,
            idempotency=call.idempotency(),
            settings=call.desk.settings,
        )
        receipt = await call.execute(command)
        headers = (REPLAYED,) if receipt.replayed else ()
        return answered(created_to_wire(receipt.result.payment), 201, headers)

    async def _update(self, call: Call) -> Reply:
        return await self._refused(call, "change")

    async def _cancel(self, call: Call) -> Reply:
        return await self._refused(call, "cancel")

    async def _refused(self, call: Call, what: str) -> Reply:
        await call.fields_if_any()
        if await call.read(_payment, call) is None:
            return NOT_FOUND
        return error_to_wire(400, "subscription_not_recurring", NOT_RECURRING.format(what))


def _payment(call: Call) -> PaymentFact | None:
    """The purchase with this id, if it succeeded."""
    with call.desk.store.reading(call.tenant_id) as reader:
        for payment in reader.find(PaymentFact, uid=call.params["subscriptionId"].lower(), state=SUCCEEDED):
            return payment
    return None


def _seen(call: Call, payments: Sequence[PaymentFact]) -> _Seen:
    """These purchases with all that is shown of them."""
    with call.desk.store.reading(call.tenant_id) as reader:
        sight = Snapshot(reader, call.desk.clock.now())
        orders = orders_seen(sight, payments)
        identifiers = {grant.identifier for order in orders for grant in order.detail.grants}
        identifiers |= {feature.identifier for order in orders for feature in order.detail.features}
        return _Seen(orders, features_called(sight, sight.tenant, sorted(identifiers)))

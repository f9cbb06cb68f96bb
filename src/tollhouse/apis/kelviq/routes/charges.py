"""The one-time charge: POST /charges/."""

from __future__ import annotations

from tollhouse.apis.desk import Desk
from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.reply.charges import payment_to_wire
from tollhouse.apis.kelviq.request.charges import purchase_from_wire
from tollhouse.apis.purchases import Purchases
from tollhouse.web import Reply


class Charges:
    def __init__(self, desk: Desk, purchases: Purchases) -> None:
        self._purchases = purchases
        self._gateways = frozenset(desk.gateways)

    def answers(self) -> Answers:
        return {"createCharge": self._create}

    async def _create(self, call: Call) -> Reply:
        command = purchase_from_wire(
            await call.fields(),
            tenant_id=call.tenant_id,
            idempotency=call.idempotency(),
            gateways=self._gateways,
            settings=call.desk.settings,
        )
        bought = await self._purchases.buy(command)
        return payment_to_wire(bought.payment, replayed=bought.replayed)

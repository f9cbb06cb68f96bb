"""What customers pay with: one more for a customer, told to whoever listens, and all of them."""

from __future__ import annotations

from tollhouse.apis.admin import lists
from tollhouse.apis.admin.answers import Refused, answered
from tollhouse.apis.admin.paths import Call, Routes
from tollhouse.apis.admin.rows import listing, row_from_wire
from tollhouse.apis.desk import Desk
from tollhouse.ledger.commands import GatewayMethod, SavePaymentMethod
from tollhouse.ledger.facts import CustomerFact
from tollhouse.ledger.provisioning.document import PaymentMethodTable
from tollhouse.ledger.provisioning.payment_methods import shown_of
from tollhouse.web import Reply

PLACE_WAIT_SECONDS = 1.0


class KeptMethods:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Routes:
        return {"payment_methods": {"GET": listing(self._desk, lists.payment_methods), "POST": self._save}}

    async def _save(self, call: Call) -> Reply:
        (table,) = (await row_from_wire(self._desk, call, "payment_methods")).payment_methods
        number = await self._desk.reads.run(self._customer_number, call.tenant_id, table.customer)
        if number is None:
            raise Refused(422, f"payment_methods.customer: {table.customer} names no customer.")
        receipt = await self._desk.execute(
            SavePaymentMethod(
                tenant_id=call.tenant_id,
                by=call.by,
                customer_number=number,
                gateway=table.gateway,
                token=table.token,
                shown=shown_of(table) or await self._shown(call, table),
                is_default=table.default,
            )
        )
        return answered({"made": receipt.result.is_new})

    def _customer_number(self, tenant_id: int, reference: str) -> int | None:
        with self._desk.store.reading(tenant_id) as reader:
            found = reader.find(CustomerFact, reference=reference, deleted_at=None)
        return found[0].number if found else None

    async def _shown(self, call: Call, table: PaymentMethodTable) -> GatewayMethod | None:
        """What the gateway says may be shown, if it is one that can be called and knows the token."""
        gateway = self._desk.gateways.get(table.gateway)
        if gateway is None:
            return None
        async with self._desk.gateway_calls.place(PLACE_WAIT_SECONDS) as run:
            shown: GatewayMethod | None = await run(
                gateway.method, call.tenant_id, table.token, self._desk.settings.gateway_timeout_seconds
            )
        return shown

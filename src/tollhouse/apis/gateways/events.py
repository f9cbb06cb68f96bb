"""What a gateway tells by itself is settled as what it answers: once, whenever and however often it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from tollhouse.apis.desk import Desk
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.commands import Command, GatewayEvent, SettlePurchase, event_attempt_no
from tollhouse.ledger.commands.refunds import SettleRefund
from tollhouse.ledger.facts import PaymentFact, RefundFact
from tollhouse.ledger.purchase_details import is_contradicted

Header = Callable[[bytes], str | None]

log = structlog.get_logger("tollhouse.gateway")


class Arrivals:
    """Takes events in. `observe_contradiction` is told of each that says other than what was settled."""

    def __init__(self, desk: Desk, observe_contradiction: Callable[[], None]) -> None:
        self._desk = desk
        self._observe_contradiction = observe_contradiction

    async def take(self, gateway: str, tenant_id: int, header: Header, body: bytes) -> None:
        """Durable when this returns. Raises EventRefused for what the gateway did not sign; what is not ours, and what
        nobody knows, changes nothing."""
        event = await self._desk.reads.run(self._desk.gateways[gateway].event, tenant_id, header, body)
        if event is None:
            return
        command = await self._desk.reads.run(self._settling, tenant_id, gateway, event)
        if command is None:
            log.info("an event is of no payment here", tenant_id=tenant_id, gateway=gateway, event_id=event.event_id)
            return
        receipt = await self._desk.execute(command)
        state = receipt.result.refund.state if event.is_refund else receipt.result.state
        if is_contradicted(state, event.answer.outcome):
            self._observe_contradiction()
            log.error(
                "an event contradicts what was settled: look into it by hand",
                tenant_id=tenant_id,
                gateway=gateway,
                event_id=event.event_id,
                key=event.key,
                state=state,
                outcome=event.answer.outcome,
            )

    def _settling(self, tenant_id: int, gateway: str, event: GatewayEvent) -> Command | None:
        """The command that writes the event down; None when it is of nothing that this gateway was asked for."""
        settings, now = self._desk.settings, self._desk.clock.now()
        uid = event.key.rpartition("tollhouse-refund-" if event.is_refund else "tollhouse-")[2]
        told: dict[str, Any] = {
            "tenant_id": tenant_id,
            "kind": "event",
            "attempt_no": event_attempt_no(f"{gateway}:{event.event_id}"),
            "answer": event.answer,
            "started_at": now,
            "ended_at": now,
            "resolve_after_seconds": settings.resolve_after_seconds,
        }
        if not is_storable(uid):
            return None
        with self._desk.store.reading(tenant_id) as reader:
            if not event.is_refund:
                for payment in reader.find(PaymentFact, uid=uid, gateway_key=event.key, gateway=gateway):
                    return SettlePurchase(
                        payment_id=payment.payment_id, customer_number=payment.customer_number, **told
                    )
                return None
            for refund in reader.find(RefundFact, uid=uid, gateway_key=event.key):
                if reader.exists(PaymentFact, payment_id=refund.payment_id, gateway=gateway):
                    return SettleRefund(
                        refund_id=refund.refund_id,
                        customer_number=refund.customer_number,
                        revokes_access=bool(settings.kelviq_refund_revokes),
                        **told,
                    )
        return None

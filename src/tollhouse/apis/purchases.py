"""Carrying out a purchase through a gateway."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace as with_values

from tollhouse import crash_points
from tollhouse.apis.moving import Called, Moves
from tollhouse.ledger.commands import GatewayAnswer, SettlePurchase, StartPurchase
from tollhouse.ledger.facts import PaymentFact
from tollhouse.ledger.purchase_details import PENDING, gateway_charge
from tollhouse.ledger.purchasing.starting import PurchaseStarted


class Bought(NamedTuple):
    """A payment as it stands when the caller is answered; `replayed` when an earlier request made it."""

    payment: PaymentFact
    replayed: bool


class Purchases(Moves[StartPurchase, PurchaseStarted]):
    points = (crash_points.INTENT_COMMITTED, crash_points.GATEWAY_ANSWERED, crash_points.OUTCOME_COMMITTED)

    async def buy(self, command: StartPurchase) -> Bought:
        """Start, call, settle; or wait for an earlier request with the same key. Goes on when the caller is gone.

        Returns within the gateway's time and a second; the payment is pending then if its outcome is not known.
        """
        started, replayed = await self.carry_out(command)
        return Bought(started.payment, replayed)

    def is_open(self, move: PurchaseStarted) -> bool:
        return move.payment.state == PENDING

    def call_until_at(self, move: PurchaseStarted) -> int:
        return move.payment.call_until_at

    def name(self, move: PurchaseStarted) -> str:
        return move.payment.order_id

    def ask(self, move: PurchaseStarted, timeout_seconds: float) -> GatewayAnswer:
        gateway = self._desk.gateways[move.payment.gateway]
        return gateway.charge(gateway_charge(move.payment), timeout_seconds)

    def settling(self, command: StartPurchase, move: PurchaseStarted, called: Called) -> SettlePurchase:
        return SettlePurchase(
            tenant_id=command.tenant_id,
            payment_id=move.payment.payment_id,
            customer_number=move.payment.customer_number,
            kind="charge",
            attempt_no=1,
            answer=called.answer,
            started_at=called.started_at,
            ended_at=called.ended_at,
            resolve_after_seconds=command.resolve_after_seconds,
        )

    def settled(self, result: PaymentFact, move: PurchaseStarted) -> PurchaseStarted:
        return with_values(move, payment=result)

    def read(self, move: PurchaseStarted) -> PurchaseStarted:
        with self._desk.store.reading(move.payment.tenant_id) as reader:
            (payment,) = reader.find(PaymentFact, payment_id=move.payment.payment_id)
        return with_values(move, payment=payment)

"""Carrying out a refund through the gateway that took the money."""

from __future__ import annotations

from msgspec.structs import replace as with_values

from tollhouse import crash_points
from tollhouse.apis.moving import Called, Moves
from tollhouse.ledger.commands import GatewayAnswer
from tollhouse.ledger.commands.refunds import SettleRefund, StartRefund
from tollhouse.ledger.facts import PaymentFact, RefundFact
from tollhouse.ledger.purchase_details import PENDING
from tollhouse.ledger.refunding import RefundStarted, gateway_refund


class Refunds(Moves[StartRefund, RefundStarted]):
    points = (
        crash_points.REFUND_INTENT_COMMITTED,
        crash_points.REFUND_ANSWERED,
        crash_points.REFUND_OUTCOME_COMMITTED,
    )

    def is_open(self, move: RefundStarted) -> bool:
        return move.refund.state == PENDING

    def call_until_at(self, move: RefundStarted) -> int:
        return move.refund.call_until_at

    def name(self, move: RefundStarted) -> str:
        return move.refund.uid

    def ask(self, move: RefundStarted, timeout_seconds: float) -> GatewayAnswer:
        gateway = self._desk.gateways[move.payment.gateway]
        return gateway.refund(gateway_refund(move.refund, move.payment), timeout_seconds)

    def settling(self, command: StartRefund, move: RefundStarted, called: Called) -> SettleRefund:
        return SettleRefund(
            tenant_id=command.tenant_id,
            refund_id=move.refund.refund_id,
            customer_number=move.refund.customer_number,
            kind="refund",
            attempt_no=1,
            answer=called.answer,
            started_at=called.started_at,
            ended_at=called.ended_at,
            resolve_after_seconds=command.resolve_after_seconds,
            revokes_access=bool(self._desk.settings.kelviq_refund_revokes),
        )

    def settled(self, result: RefundStarted, move: RefundStarted) -> RefundStarted:
        return with_values(result, now=move.now)

    def read(self, move: RefundStarted) -> RefundStarted:
        with self._desk.store.reading(move.refund.tenant_id) as reader:
            (refund,) = reader.find(RefundFact, refund_id=move.refund.refund_id)
            (payment,) = reader.find(PaymentFact, payment_id=move.payment.payment_id)
        return with_values(move, refund=refund, payment=payment)

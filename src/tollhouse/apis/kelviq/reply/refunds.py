"""From refunds to Kelviq's wire."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.reply.orders import order_to_wire
from tollhouse.domain.money import major_from_minor
from tollhouse.ledger.facts import RefundFact
from tollhouse.ledger.orders import OrderSeen
from tollhouse.ledger.purchase_details import PENDING, SUCCEEDED
from tollhouse.ledger.refunding import FAILED, STATUSES
from tollhouse.ledger.refusals import RefundTooLarge, Refusal

#: Every status that may be asked for, and the state that it is of; some are never taken here.
STATES = {"PENDING": "none", "PROCESSING": PENDING, "SUCCEEDED": SUCCEEDED, "FAILED": FAILED, "CANCELED": "none"}
EXCEEDED = "Amount exceeds order total."


def error_of(refusal: Refusal) -> str:
    """What `error` says beside the detail."""
    return EXCEEDED if isinstance(refusal, RefundTooLarge) else str(refusal)


def refund_to_wire(refund: RefundFact, order: OrderSeen) -> dict[str, Any]:
    return {
        "id": refund.uid,
        "reason": refund.reason,
        "amountUnits": refund.amount_minor,
        "amount": major_from_minor(refund.amount_minor, refund.currency),
        "internalNote": refund.internal_note,
        "failureReason": refund.failure_text or None,
        "status": STATUSES[refund.state],
        "order": order_to_wire(order),
    }

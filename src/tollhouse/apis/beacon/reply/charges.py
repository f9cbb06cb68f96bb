"""Charges as Core lists them."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.reply.envelope import seconds
from tollhouse.ledger.queries import ListedCharge


def charge_to_wire(charge: ListedCharge, customer_uid: str) -> dict[str, Any]:
    transaction = charge.transaction
    return {
        "id": str(transaction.transaction_id),
        "customer_id": customer_uid,
        "amount": transaction.gross_minor,
        "refunded": charge.refunded_minor,
        "currency": transaction.currency,
        "source": transaction.origin,
        "created_at": seconds(transaction.effective_at),
        "updated_at": seconds(transaction.recorded_at),
    }

"""Charges as Core lists them."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.reply.envelope import seconds
from tollhouse.ledger.facts import TransactionFact


def charge_to_wire(transaction: TransactionFact, customer_uid: str) -> dict[str, Any]:
    return {
        "id": str(transaction.transaction_id),
        "customer_id": customer_uid,
        "amount": transaction.gross_minor,
        "currency": transaction.currency,
        "source": transaction.origin,
        "created_at": seconds(transaction.effective_at),
        "updated_at": seconds(transaction.recorded_at),
    }

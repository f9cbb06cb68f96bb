"""From transactions to the wire."""

from __future__ import annotations

from typing import Any

from tollhouse.domain.money import major_text
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.queries import StatementLine


def statement_line_to_wire(line: StatementLine) -> dict[str, Any]:
    """What is owed lowers the balance: it is negative here. Tax is included."""
    transaction = line.transaction
    return {
        "id": transaction.transaction_id,
        "customer": transaction.customer_number,
        "person": transaction.person_id or 0,
        "type": transaction.kind,
        "reference": "",
        "time": transaction.effective_at // SECOND,
        "amount": major_text(-transaction.gross_minor, transaction.currency),
        "currency": transaction.currency,
        "description": transaction.description,
        "charge": transaction.charge_id or 0,
        "invoice": 0,
        "taxes": ",".join(map(str, line.tax_ids)),
    }

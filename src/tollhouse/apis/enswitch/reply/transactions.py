"""From transactions to the wire."""

from __future__ import annotations

from typing import Any

from tollhouse.domain.money import major_text
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import TransactionFact
from tollhouse.ledger.queries import StatementLine


def statement_line_to_wire(line: StatementLine, *, is_sellers: bool) -> dict[str, Any]:
    """What is owed lowers the balance: the amount is negative, tax included; net, tax and gross are positive.

    What it costs the seller, and what is left, is for the seller's eyes.
    """
    transaction = line.transaction
    row = {
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
        "invoice": line.invoice_id,
        "taxes": ",".join(map(str, line.tax_ids)),
        "net": major_text(transaction.net_minor, transaction.currency),
        "tax": major_text(transaction.tax_minor, transaction.currency),
        "gross": major_text(transaction.gross_minor, transaction.currency),
        "exchange_from": transaction.exchange_from or "",
        "exchange_rate": transaction.exchange_rate or "",
        "exchange_time": (transaction.exchange_rate_at or 0) // SECOND,
    }
    return {**row, **_sellers(transaction)} if is_sellers else row


def _sellers(transaction: TransactionFact) -> dict[str, str]:
    margin_minor = transaction.net_minor - transaction.buy_minor if transaction.kind == "charge" else 0
    return {
        "buy": major_text(transaction.buy_minor, transaction.currency),
        "margin": major_text(margin_minor, transaction.currency),
    }

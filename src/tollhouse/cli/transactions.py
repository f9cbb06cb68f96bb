"""Transactions as rows of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tollhouse.cli.showing import Instant, Money, Value
from tollhouse.ledger.facts import TransactionFact

TRANSACTIONS: Final = (
    "transaction",
    "effective_at",
    "customer",
    "kind",
    "settlement",
    "origin",
    "net",
    "tax",
    "gross",
    "charge",
    "description",
)


def transaction_row(transaction: TransactionFact) -> Sequence[Value]:
    currency = transaction.currency
    return (
        transaction.transaction_id,
        Instant(transaction.effective_at),
        transaction.customer_number,
        transaction.kind,
        transaction.settlement,
        transaction.origin,
        Money(transaction.net_minor, currency),
        Money(transaction.tax_minor, currency),
        Money(transaction.gross_minor, currency),
        transaction.charge_id,
        transaction.description,
    )

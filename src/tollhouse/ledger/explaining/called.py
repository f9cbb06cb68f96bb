"""Which transaction is meant by what people have at hand."""

from __future__ import annotations

from typing import Final

from tollhouse.domain.identity import is_storable
from tollhouse.ledger.facts import PaymentFact, RefundFact
from tollhouse.ledger.refusals import TransactionUnknown
from tollhouse.ledger.sight import Finds

NUMBER_DIGITS_MAX: Final = 18


def transaction_called(facts: Finds, name: str) -> int:
    """Of its number, or of the order, charge or refund that it is the money of. Raises TransactionUnknown."""
    if name.isascii() and name.isdigit() and len(name) <= NUMBER_DIGITS_MAX:
        return int(name)
    for fact in _moves(facts, name):
        if fact.transaction_id is not None:
            return fact.transaction_id
    raise TransactionUnknown


def payment_called(facts: Finds, name: str) -> int | None:
    """The payment of an order, charge or refund, also one whose outcome is open; None where there is none."""
    return next((fact.payment_id for fact in _moves(facts, name)), None)


def _moves(facts: Finds, name: str) -> list[PaymentFact | RefundFact]:
    if not name or not is_storable(name):
        return []
    return [
        *facts.find(PaymentFact, order_id=name),
        *facts.find(PaymentFact, uid=name),
        *facts.find(RefundFact, uid=name),
    ]

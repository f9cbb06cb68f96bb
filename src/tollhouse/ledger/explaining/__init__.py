"""How the amount of a transaction came about, and what became of the money."""

from tollhouse.ledger.explaining.called import payment_called, transaction_called
from tollhouse.ledger.explaining.step import Step
from tollhouse.ledger.explaining.transactions import Explanation, explain

__all__ = ["Explanation", "Step", "explain", "payment_called", "transaction_called"]

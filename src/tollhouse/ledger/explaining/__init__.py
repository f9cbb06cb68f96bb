"""How the amount of a transaction came about, and what became of the money."""

from tollhouse.ledger.explaining.step import Step
from tollhouse.ledger.explaining.transactions import Explanation, explain

__all__ = ["Explanation", "Step", "explain"]

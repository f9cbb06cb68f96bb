"""Checking the books: everything derived is computed again from the transactions and compared with what is stored."""

from tollhouse.ledger.verifying.books import verify
from tollhouse.ledger.verifying.findings import Findings

__all__ = ["Findings", "verify"]

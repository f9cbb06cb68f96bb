"""What one customer's transactions come to, computed again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tollhouse.ledger.facts import SummaryFact, TransactionFact


class _Summary:
    """A charge summary in the making, by the rules of `summaries.after_charge` but in any order and of any size.

    Of two charges at one instant the later stored counts as last, and ids do not tell which that was: the stored last
    amount is right when it is that of any charge at the last instant.
    """

    def __init__(self, stored_last_amount: int | None) -> None:
        self._stored_last_amount = stored_last_amount
        self._count = 0
        self._sum_minor = 0
        self._refunded_minor = 0
        self._first_at: int | None = None
        self._last_at: int | None = None
        self.has_stored_last_amount = stored_last_amount is None

    def add(self, gross_minor: int, at: int) -> None:
        self._sum_minor += gross_minor
        if gross_minor < 0:
            return
        self._count += 1
        if self._first_at is None or at < self._first_at:
            self._first_at = at
        if self._last_at is None or at > self._last_at:
            self._last_at = at
            self.has_stored_last_amount = False
        if at == self._last_at and gross_minor == self._stored_last_amount:
            self.has_stored_last_amount = True

    def give_back(self, gross_minor: int) -> None:
        self._refunded_minor -= gross_minor

    def figures(self) -> tuple[object, ...]:
        """Count, sum, refunded, first and last instant."""
        return (self._count, self._sum_minor, self._refunded_minor, self._first_at, self._last_at)


class Folded:
    """What the transactions of one customer come to, however many they are; charges that were `voided` come to
    nothing."""

    def __init__(self, stored: Sequence[SummaryFact], voided: Collection[int]) -> None:
        self._voided = voided
        self.summaries = {row.currency: _Summary(row.last_amount_minor) for row in stored}
        self.owed_minor = 0
        self.currencies_owed: set[str] = set()

    def add(self, transaction: TransactionFact) -> None:
        currency, gross_minor = transaction.currency, transaction.gross_minor
        if transaction.kind in ("charge", "refund") and currency not in self.summaries:
            self.summaries[currency] = _Summary(None)
        if transaction.kind == "charge" and transaction.transaction_id not in self._voided:
            self.summaries[currency].add(gross_minor, transaction.effective_at)
        elif transaction.kind == "refund":
            self.summaries[currency].give_back(gross_minor)
        if transaction.settlement == "balance":
            self.owed_minor += gross_minor
            self.currencies_owed.add(currency)

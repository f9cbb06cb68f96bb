"""Checking what the days' transactions come to."""

from __future__ import annotations

from itertools import groupby

from tollhouse.domain.figures import whole
from tollhouse.ledger.day_figures import DayKey, DaySums
from tollhouse.ledger.facts import DayFigureFact, TenantFact, TransactionFact
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.verifying.findings import Findings


class DayFigures:
    """One tenant's, computed again transaction by transaction. It takes memory for its days, not for its charges."""

    def __init__(self, reader: Reader, findings: Findings) -> None:
        self._reader = reader
        self._findings = findings
        (tenant,) = reader.find(TenantFact)
        self._again = DaySums(tenant.timezone)

    def add(self, transaction: TransactionFact) -> None:
        self._again.add((transaction,))

    def check(self) -> None:
        """After the last transaction."""
        rows = self._reader.stream(DayFigureFact, order=("currency", "effective_on", "kind", "origin", "lane"))
        missing = set(self._again.keys())
        for key, parts in groupby(rows, key=_key):
            missing.discard(key)
            sums = [0, 0, 0, 0]
            for part in parts:
                for place, amount in enumerate(_sums(part)):
                    sums[place] += amount
            self._expect(key, tuple(sums))
        for key in sorted(missing):
            self._expect(key, (0, 0, 0, 0))

    def _expect(self, key: DayKey, stored: tuple[int, ...]) -> None:
        on_day, currency, kind, origin = key
        subject = f"{on_day}, {kind} in {currency} by {origin} (count, gross, tax, buy)"
        self._findings.expect("day", subject, stored=stored, computed=self._again.of(key))


def _key(row: DayFigureFact) -> DayKey:
    return (row.effective_on, row.currency, row.kind, row.origin)


def _sums(row: DayFigureFact) -> tuple[int, int, int, int]:
    gross, tax = whole(row.gross_high, row.gross_low), whole(row.tax_high, row.tax_low)
    return (row.item_count, gross, tax, whole(row.buy_high, row.buy_low))

"""What each day's transactions come to, added to in each commit so that no read has to add them up.

A transaction counts once and for ever: on the day of its `effective_at` in the tenant's time zone, under its own kind,
origin and currency, with its own signs. So a day's figures are the sums of the transactions that an export has for that
day, whoever was charged and whatever became of them; a refund or a void is on the day on which it was made.
"""

from __future__ import annotations

from collections.abc import Iterable

from tollhouse.domain.days import days_in
from tollhouse.domain.figures import halves
from tollhouse.ledger.facts import DayFigureFact, TenantFact, TransactionFact
from tollhouse.ledger.ports import UnitOfWork

#: Figures that a recount holds in memory at most.
RECOUNTED_AT_ONCE = 20_000

#: Day, currency, kind and origin.
DayKey = tuple[str, str, str, str]


class DaySums:
    """Sums of transactions by day: count, gross, tax and buy."""

    def __init__(self, timezone: str) -> None:
        self._day_of = days_in(timezone).day_of
        self._sums: dict[DayKey, list[int]] = {}

    def __len__(self) -> int:
        return len(self._sums)

    def add(self, transactions: Iterable[TransactionFact]) -> None:
        sums, day_of = self._sums, self._day_of
        for t in transactions:
            key = (day_of(t.effective_at), t.currency, t.kind, t.origin)
            found = sums.get(key)
            if found is None:
                sums[key] = [1, t.gross_minor, t.tax_minor, t.buy_minor]
            else:
                found[0] += 1
                found[1] += t.gross_minor
                found[2] += t.tax_minor
                found[3] += t.buy_minor

    def of(self, key: DayKey) -> tuple[int, ...]:
        return tuple(self._sums.get(key, (0, 0, 0, 0)))

    def keys(self) -> Iterable[DayKey]:
        return self._sums.keys()

    def facts(self, tenant_id: int, lane: int) -> list[DayFigureFact]:
        """What is to be added, in one order for all: see `Differences.facts`."""
        return [
            DayFigureFact(tenant_id, *key, lane, count, *halves(gross), *halves(tax), *halves(buy))
            for key, (count, gross, tax, buy) in sorted(self._sums.items())
        ]


def recount(unit: UnitOfWork, tenant: TenantFact) -> None:
    """Count all of a tenant's transactions again, by the days of the time zone that it has now.

    The last thing that a unit of work does: from here until it ends nobody else's charges are committed.
    """
    unit.hold_day_figures()
    unit.remove(DayFigureFact)
    sums = DaySums(tenant.timezone)
    for transaction in unit.stream(TransactionFact, order=("transaction_id",)):
        sums.add((transaction,))
        if len(sums) >= RECOUNTED_AT_ONCE:
            unit.add_day_figures(sums.facts(tenant.tenant_id, lane=0), tenant.timezone)
            sums = DaySums(tenant.timezone)
    if len(sums):
        unit.add_day_figures(sums.facts(tenant.tenant_id, lane=0), tenant.timezone)

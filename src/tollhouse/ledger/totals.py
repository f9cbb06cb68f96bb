"""The tenant's figures, added to in each commit so that no read has to count: its customers, and their charges.

What all parts of a figure come to together is the figure. Customers are counted in parts of a thousand or so
successive numbers each, which also tell where in the list of customers one with a number stands; numbers are handed out
in blocks, so that processes seldom count in the same part. Charges are counted in lanes, of which each process has one
of its own choosing.
"""

from __future__ import annotations

from collections.abc import Iterable

from tollhouse.domain.figures import CHARGES, CUSTOMERS, halves, part_of
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, TotalFact


class Differences:
    """By how much one unit of work changes the figures."""

    def __init__(self, tenant_id: int, lane: int) -> None:
        self._tenant_id = tenant_id
        self._lane = lane
        self._customers: dict[int, int] = {}
        self._charges: dict[str, list[int]] = {}

    def count_customer(self, number: int, difference: int) -> None:
        if number != ROOT_NUMBER:
            part = part_of(number)
            self._customers[part] = self._customers.get(part, 0) + difference

    def count_charges(self, where: tuple[int, str], before: ChargeSummary | None, after: ChargeSummary | None) -> None:
        """The summary of a customer, by its number, in a currency was one and is now the other; None counts nothing."""
        number, currency = where
        figure = self._charges.get(currency)
        if figure is None:
            figure = self._charges[currency] = [0, 0]
        if number == ROOT_NUMBER:
            return
        if after is not None:
            figure[0] += after.count
            figure[1] += after.sum_minor - after.refunded_minor
        if before is not None:
            figure[0] -= before.count
            figure[1] -= before.sum_minor - before.refunded_minor

    def facts(self) -> list[TotalFact]:
        """What is to be added, in one order for all: whoever waits for a part holds none that comes after it."""
        charges = [
            TotalFact(self._tenant_id, CHARGES + currency, self._lane, count, *halves(minor))
            for currency, (count, minor) in sorted(self._charges.items())
            if count or minor
        ]
        return charges + [
            TotalFact(self._tenant_id, CUSTOMERS, part, count, 0, 0)
            for part, count in sorted(self._customers.items())
            if count
        ]


def new_customers(tenant_id: int, customers: Iterable[CustomerFact]) -> list[TotalFact]:
    """What is to be added where these were made and nobody else changed."""
    differences = Differences(tenant_id, lane=0)
    for customer in customers:
        differences.count_customer(customer.number, 1)
    return differences.facts()

"""Checking what keeps reads short: the tenant's figures, and the words that a search goes by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tollhouse.domain.figures import CHARGES, CUSTOMERS, part_of, whole
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, CustomerWordFact, SummaryFact, TotalFact
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.search_words import search_words
from tollhouse.ledger.verifying.findings import Findings, Groups


class Figures:
    """One tenant's figures, computed again customer by customer, in the order of their numbers."""

    def __init__(self, reader: Reader, findings: Findings) -> None:
        self._reader = reader
        self._findings = findings
        self._again: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self._words = Groups(
            reader.stream(CustomerWordFact, order=("customer_number", "word")), lambda word: word.customer_number
        )

    def add(self, customer: CustomerFact, summaries: Sequence[SummaryFact]) -> None:
        words = {row.word for row in self._words.take(customer.number)}
        missing, strange = search_words(customer) - words, words - search_words(customer)
        subject = f"customer {customer.number}"
        self._findings.expect("search words", subject, stored=sorted(strange), computed=sorted(missing))
        if customer.deleted_at is not None or customer.number == ROOT_NUMBER:
            return
        self._again[_part_of_customers(part_of(customer.number))][0] += 1
        for row in summaries:
            figure = self._again[CHARGES + row.currency]
            figure[0] += row.charge_count
            figure[1] += row.sum_minor - row.refunded_minor

    def check(self) -> None:
        """After the last customer."""
        self._findings.expect("customers", "all search words", stored=self._words.strays(), computed=[])
        stored: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        for row in self._reader.stream(TotalFact, order=("name", "lane")):
            figure = stored[_part_of_customers(row.lane) if row.name == CUSTOMERS else row.name]
            figure[0] += row.item_count
            figure[1] += whole(row.high, row.low)
        for name in sorted(stored.keys() | self._again.keys()):
            self._findings.expect("figure", name, stored=tuple(stored[name]), computed=tuple(self._again[name]))


def _part_of_customers(part: int) -> str:
    return f"{CUSTOMERS} {part}"

"""A whole rate plan and what falls due, at size: exact, clean books, and memory that does not grow with the plan."""

from __future__ import annotations

import tracemalloc
import uuid
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tests.harness import TELCO, TestClock, prepared
from tests.ledger.telco import NORTH, ROOT
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.commands import TAXABLE, CreateCharge, CreateTax
from tollhouse.ledger.commands.plan_runs import StartPlanRun
from tollhouse.ledger.facts import CustomerFact, OccurrenceFact, TransactionTaxFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.totals import new_customers
from tollhouse.ledger.verifying import verify
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.store import SqlStore
from tollhouse.workers.runner import Runner

FIRST = 10_001
#: 9.99 EUR, 20 % and 2.5 % and 0.10 flat; in USD at 0.90.
GROSS_MINOR = {"EUR": 999 + 200 + 25 + 10, "USD": 1110 + 222 + 28 + 11}
MEMORY_BYTES_MAX = 24 * 1024 * 1024


class Crowd:
    """Everybody on the plan 70, every other one in USD, with three taxes."""

    def __init__(self, store: SqlStore, count: int) -> None:
        self.store = store
        self.count = count
        self.clock = TestClock()
        self.ledger = Ledger(store, self.clock)
        self.tenant_id = prepared(store, TELCO, self.clock).tenant_id
        self.everybody = Everybody(store, self.ledger.execute, self.clock)
        for rate, flat in (("20", "0"), ("2.5", "0"), ("0", "0.10")):
            self.ledger.execute(self._tax(rate, flat))
        with store.reading(self.tenant_id) as reader:
            (nora,) = reader.find(CustomerFact, number=11)
        for start in range(FIRST, FIRST + count, 1000):
            rows = [self._member(nora, number) for number in range(start, min(start + 1000, FIRST + count))]
            with store.unit_of_work(self.tenant_id) as unit:
                unit.insert(rows)
                unit.add_totals(new_customers(self.tenant_id, rows))
        with store.unit_of_work(self.tenant_id) as unit:
            unit.change(CustomerFact, {"number": 11}, plan_number=0)

    def _tax(self, rate: str, flat: str) -> CreateTax:
        return CreateTax(
            tenant_id=self.tenant_id,
            caller=NORTH,
            owner_number=None,
            name="Tax",
            description="",
            rate=Decimal(rate),
            flat=Decimal(flat),
            currency=None,
            covers=frozenset(TAXABLE),
            liable=2,
            shared=False,
        )

    @staticmethod
    def _member(like: CustomerFact, number: int) -> CustomerFact:
        values: dict[str, Any] = {name: getattr(like, name) for name in like.__struct_fields__}
        values |= {"number": number, "uid": str(uuid.UUID(int=number)), "path": f"1.10.{number}.", "name": ""}
        values |= {"email": None, "email_folded": None, "balance_minor": 0, "opening_balance_minor": 0}
        return CustomerFact(**{**values, "currency": "USD" if number % 2 else "EUR"})

    def create(self, period: str) -> int:
        command = CreateCharge(
            tenant_id=self.tenant_id,
            caller=ROOT,
            customer_number=0,
            plan_number=70,
            name="Fee",
            amount=Decimal("9.99"),
            period=period,
        )
        return int(self.ledger.execute(command).result.charge_id)

    def run(self) -> int:
        runner = Runner(SqlDueQueries(self.store), self.ledger.execute, self.everybody, self.clock)
        return runner.run().charged

    def check(self, times: int) -> None:
        with self.store.reading(self.tenant_id) as reader:
            assert reader.count(OccurrenceFact) == self.count * times
            assert reader.count(TransactionTaxFact) == 3 * self.count * times
            balances = Counter(
                (c.currency, c.balance_minor) for c in reader.stream(CustomerFact, order=("number",), plan_number=70)
            )
        half = self.count // 2
        assert balances == {(currency, -gross * times): half for currency, gross in GROSS_MINOR.items()}
        assert verify(self.store).differences == []


def charge_and_run(store: SqlStore, count: int) -> None:
    crowd = Crowd(store, count)
    once = crowd.create("")
    tracemalloc.start()
    try:
        crowd.everybody.charge(StartPlanRun(tenant_id=crowd.tenant_id, charge_id=once, caller=ROOT))
        by_hand = tracemalloc.get_traced_memory()[1]
        crowd.check(times=1)
        crowd.create("monthly")
        tracemalloc.reset_peak()
        crowd.clock.advance(31 * 86400)
        assert crowd.run() == count
        by_itself = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    crowd.check(times=2)
    assert max(by_hand, by_itself) < MEMORY_BYTES_MAX


def test_a_plan_of_some_size_is_charged_to_the_last_unit(store: SqlStore) -> None:
    charge_and_run(store, 600)


@pytest.mark.soak
def test_a_plan_of_100_000_is_charged_in_the_memory_of_a_small_one(store: SqlStore) -> None:
    charge_and_run(store, 100_000)

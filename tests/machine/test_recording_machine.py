"""Any calls, in any order, in any batches, from two processes, beside a plain model: the books always say the same."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.harness import TestClock, prepared, record
from tests.machine.model import WINDOW, Call, Model
from tests.machine.playing import QUICK, NewStore, play
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.commands import Receipt, RecordCharges
from tollhouse.ledger.facts import CustomerFact, SummaryFact
from tollhouse.ledger.ledger import Ledger, Outcome
from tollhouse.ledger.refusals import IdempotencyKeyReused, SumTooLarge
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

SECOND = 1_000_000
INSTANTS = st.none() | st.sampled_from([1, 100, 101]).map(lambda second: second * SECOND)
ITEMS = st.lists(st.tuples(st.integers(0, 5), INSTANTS), min_size=0, max_size=3).map(tuple)
#: So much that a second time is refused; slow, hence seldom.
HUGE = ((AMOUNT_MINOR_MAX, None),) * 1023
CALLS = st.builds(
    Call,
    reference=st.sampled_from([None, "a", "b", "c"]),
    email=st.sampled_from([None, "x@x", "X@x", "y@y"]),
    items=st.integers(0, 40).flatmap(lambda chance: st.just(HUGE) if chance == 40 else ITEMS),
    touch=st.booleans(),
    key=st.sampled_from([None, None, "k1", "k2", "k3"]),
    scope=st.sampled_from(["tenant", "public"]),
).filter(lambda call: call.reference is not None or call.email is not None)


class Recording(RuleBasedStateMachine):
    """Tells calls to two ledgers on one store, as two processes would, and to the model."""

    def __init__(self, new_store: NewStore) -> None:
        super().__init__()
        self._closing = ExitStack()
        url = new_store()
        self.stores = [self._closing.enter_context(closing(SqlStore(store_url(url)))) for _ in range(2)]
        self.clock = TestClock()
        self.tenant = prepared(self.stores[0], '[tenant]\nslug = "machine"\n', self.clock)
        self.ledgers = [Ledger(store, self.clock) for store in self.stores]
        self.model = Model()
        self.sent: list[Call] = []

    @rule(calls=st.lists(CALLS, min_size=1, max_size=6), process=st.integers(0, 1))
    def charge(self, calls: list[Call], process: int) -> None:
        self.clock.now_us += 1
        outcomes = self.ledgers[process].execute_batch(self.tenant.tenant_id, [self._command(c) for c in calls])
        told = [_told(outcome) for outcome in outcomes]
        assert told == [self.model.apply(call, self.clock.now_us) for call in calls]
        self.sent += calls

    @rule(which=st.integers(0, 10**6), process=st.integers(0, 1))
    def send_again(self, which: int, process: int) -> None:
        if self.sent:
            self.charge([self.sent[which % len(self.sent)]] * 2, process)

    @rule(microseconds=st.sampled_from([SECOND, WINDOW - 1, WINDOW]))
    def time_goes_by(self, microseconds: int) -> None:
        """The next batch comes a microsecond later: exactly the window after the last, or just more."""
        self.clock.now_us += microseconds

    @rule(process=st.integers(0, 1))
    def restart(self, process: int) -> None:
        self.ledgers[process] = Ledger(self.stores[process], self.clock)

    @invariant()
    def the_books_say_what_the_model_says(self) -> None:
        with self.stores[0].reading(self.tenant.tenant_id) as reader:
            customers = reader.find(CustomerFact, origin="beacon", order=("created_at", "number"))
            summaries = {s.customer_number: s for s in reader.find(SummaryFact)}
        stored = []
        for c in customers:
            s = summaries[c.number]
            figures = (s.charge_count, s.sum_minor, s.first_at, s.last_at, s.last_amount_minor)
            stored.append((c.reference, c.email, c.sessions, c.last_seen_at, *figures))
        assert stored == [customer.told() for customer in self.model.customers]

    def teardown(self) -> None:
        with self._closing:
            assert verify(self.stores[0]).differences == []

    def _command(self, call: Call) -> RecordCharges:
        items: list[Any] = [amount if at is None else (amount, at // SECOND) for amount, at in call.items]
        return record(
            self.tenant,
            *items,
            reference=call.reference,
            email=call.email,
            key=call.key,
            scope=call.scope,
            touch=call.touch,
        )


def _told(outcome: Outcome) -> str:
    if isinstance(outcome, Receipt):
        return "replay" if outcome.replayed else "new"
    names = {IdempotencyKeyReused: "key reused", SumTooLarge: "sum too large"}
    return names.get(type(outcome), repr(outcome))  # type: ignore[call-overload, no-any-return]


def test_any_calls_in_any_order(engine: str, new_store: NewStore) -> None:
    play(Recording, new_store, examples=30 if engine == "sqlite" else 12, steps=12, phases=QUICK)


@pytest.mark.soak
def test_any_calls_in_any_order_for_long(engine: str, new_store: NewStore) -> None:
    play(Recording, new_store, examples=2000 if engine == "sqlite" else 500, steps=50)

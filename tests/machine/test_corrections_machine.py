"""Charges, refunds, voids and negative amounts in any order, from two processes, beside a plain model."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.harness import TestClock, prepared, provision, record
from tests.machine.correction_model import Call, Charged, Model, Refunded, Voided
from tests.machine.playing import QUICK, NewStore, play
from tollhouse.domain.figures import whole
from tollhouse.ledger.commands import Command, Idempotency, Receipt
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.facts import CustomerFact, DayFigureFact, SummaryFact
from tollhouse.ledger.ledger import Ledger, Outcome
from tollhouse.ledger.queries import Page
from tollhouse.ledger.refusals import (
    AlreadyVoided,
    ChargeRefunded,
    IdempotencyKeyReused,
    NegativeAmountRefused,
    RefundExceedsCharge,
    RefundExceedsCharges,
)
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.store.store import SqlStore

SECOND = 1_000_000
FILE = '[tenant]\nslug = "machine"\nnegative_amounts_refund = true\n'
#: Half and quarter hours, two that are a day apart, and one whose clock goes back over midnight.
ZONES = ("UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Niue", "America/St_Johns", "Australia/Lord_Howe")

INSTANTS = st.none() | st.sampled_from([1, 100, 101]).map(lambda second: second * SECOND)
ITEMS = st.lists(st.tuples(st.integers(-6, 9), INSTANTS), min_size=1, max_size=4).map(tuple)
KEYS = st.sampled_from([None, None, None, "k1", "k2"])
CHARGED = st.builds(Charged, reference=st.sampled_from(["a", "b"]), items=ITEMS, key=KEYS)
#: The place is taken among the charges that there are when the call is made.
PLACES = st.integers(0, 10**6)
REFUNDED = st.builds(Refunded, charge=PLACES, amount=st.none() | st.integers(1, 6), key=KEYS)
VOIDED = st.builds(Voided, charge=PLACES, key=KEYS)

NAMES: dict[type[Exception], str] = {
    AlreadyVoided: "void",
    ChargeRefunded: "refunded",
    IdempotencyKeyReused: "key reused",
    NegativeAmountRefused: "negative",
    RefundExceedsCharge: "exceeds charge",
    RefundExceedsCharges: "exceeds charges",
}


class Correcting(RuleBasedStateMachine):
    """Tells calls to two ledgers on one store, as two processes would, and to the model."""

    def __init__(self, new_store: NewStore) -> None:
        super().__init__()
        self._closing = ExitStack()
        url = new_store()
        self.stores = [self._closing.enter_context(closing(SqlStore(store_url(url)))) for _ in range(2)]
        self.clock = TestClock()
        self.tenant = prepared(self.stores[0], FILE, self.clock)
        self.ledgers = [Ledger(store, self.clock, lane) for lane, store in enumerate(self.stores)]
        self.model = Model()
        self.timezone = "UTC"
        #: The transactions that the model's charges are, in its order.
        self.ids: list[int] = []
        self.sent: list[Call] = []

    @rule(calls=st.lists(CHARGED, min_size=1, max_size=3), process=st.integers(0, 1))
    def charge(self, calls: list[Call], process: int) -> None:
        self._tell(calls, process)

    @precondition(lambda self: self.ids)
    @rule(calls=st.lists(CHARGED | REFUNDED | REFUNDED | VOIDED, min_size=1, max_size=4), process=st.integers(0, 1))
    def correct(self, calls: list[Call], process: int) -> None:
        self._tell([self._placed(call) for call in calls], process)

    @rule(which=st.integers(0, 10**6), process=st.integers(0, 1))
    def send_again(self, which: int, process: int) -> None:
        if self.sent:
            self._tell([self.sent[which % len(self.sent)]] * 2, process)

    @rule(negative_refunds=st.booleans())
    def change_the_setting(self, negative_refunds: bool) -> None:
        self.model.negative_refunds = negative_refunds
        provision(self.stores[0], FILE.replace("true", "true" if negative_refunds else "false"), self.clock)

    @rule(timezone=st.sampled_from(ZONES))
    def move(self, timezone: str) -> None:
        """Every day that was ever counted is another one from now on."""
        self.timezone = timezone
        provision(self.stores[0], f'[tenant]\nslug = "machine"\ntimezone = "{timezone}"\n', self.clock)

    @rule(hours=st.sampled_from([1, 11, 24]))
    def time_goes_by(self, hours: int) -> None:
        self.clock.now_us += hours * 3600 * SECOND

    @invariant()
    def the_days_say_what_the_model_says(self) -> None:
        found: dict[tuple[str, str], tuple[int, int]] = {}
        with self.stores[1].reading(self.tenant.tenant_id) as reader:
            for row in reader.find(DayFigureFact):
                count, gross = found.get((row.effective_on, row.kind), (0, 0))
                added = count + row.item_count, gross + whole(row.gross_high, row.gross_low)
                found[row.effective_on, row.kind] = added
        assert found == self.model.days(self.timezone)

    @invariant()
    def the_books_say_what_the_model_says(self) -> None:
        queries = SqlQueries(self.stores[1])
        with self.stores[0].reading(self.tenant.tenant_id) as reader:
            customers = reader.find(CustomerFact, origin="beacon", order=("reference",))
            rows = {row.customer_number: row for row in reader.find(SummaryFact)}
        assert [customer.reference for customer in customers] == self.model.references()
        for customer in customers:
            row, reference = rows[customer.number], customer.reference or ""
            figures = (row.charge_count, row.sum_minor, row.refunded_minor, row.first_at, row.last_at)
            assert (*figures, row.last_amount_minor) == self.model.summary(reference)
            found = queries.customer_charges(self.tenant.tenant_id, customer.uid, Page(1, 1000))
            assert found is not None
            listed = [(c.transaction.effective_at, c.transaction.gross_minor, c.refunded_minor) for c in found.rows]
            assert [at for at, _, _ in listed] == sorted((at for at, _, _ in listed), reverse=True)
            assert sorted(listed) == self.model.listed(reference)
            assert found.total == row.charge_count

    def teardown(self) -> None:
        with self._closing:
            assert verify(self.stores[0]).differences == []

    def _tell(self, calls: list[Call], process: int) -> None:
        self.clock.now_us += 1
        commands = [self._command(call) for call in calls]
        outcomes = self.ledgers[process].execute_batch(self.tenant.tenant_id, commands)
        for call, outcome in zip(calls, outcomes, strict=True):
            assert _told(outcome) == self.model.apply(call, self.clock.now_us), call
            if isinstance(call, Charged) and isinstance(outcome, Receipt) and not outcome.replayed:
                first = outcome.result.first_transaction_id
                self.ids += [first + place for place, (amount, _) in enumerate(call.items) if amount >= 0]
        self.sent += calls

    def _placed(self, call: Call) -> Call:
        """The same of a charge that there is."""
        match call:
            case Refunded(place, amount, key):
                return Refunded(place % len(self.ids), amount, key)
            case Voided(place, key):
                return Voided(place % len(self.ids), key)
        return call

    def _command(self, call: Call) -> Command:
        tenant_id = self.tenant.tenant_id
        idempotency = None if call.key is None else Idempotency("tenant", call.key)
        match call:
            case Charged(reference, items, key):
                given: list[Any] = [amount if at is None else (amount, at // SECOND) for amount, at in items]
                return record(self.tenant, *given, reference=reference, key=key)
            case Refunded(place, amount, _):
                return RefundCharge(
                    tenant_id=tenant_id,
                    idempotency=idempotency,
                    charge_transaction_id=self.ids[place],
                    amount_minor=amount,
                    reason="",
                )
            case Voided(place, _):
                return VoidCharge(
                    tenant_id=tenant_id, idempotency=idempotency, charge_transaction_id=self.ids[place], reason=""
                )


def _told(outcome: Outcome) -> str:
    if isinstance(outcome, Receipt):
        return "replay" if outcome.replayed else "new"
    return NAMES.get(type(outcome), repr(outcome))


def test_corrections_in_any_order(engine: str, new_store: NewStore) -> None:
    play(Correcting, new_store, examples=25 if engine == "sqlite" else 10, steps=12, phases=QUICK)


@pytest.mark.soak
def test_corrections_in_any_order_for_long(engine: str, new_store: NewStore) -> None:
    play(Correcting, new_store, examples=2000 if engine == "sqlite" else 500, steps=50)

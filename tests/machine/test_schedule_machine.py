"""Charges that fall due while everything changes, beside a plain model: no period twice, none left out, clean books."""

from __future__ import annotations

from contextlib import ExitStack, closing
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.harness import TestClock, prepared, provision
from tests.machine.playing import QUICK, NewStore, play
from tests.machine.schedule_model import (
    HOUR,
    ONCE,
    SECOND,
    Charge,
    Customer,
    Model,
    RefusedError,
    boundaries,
    day_begins,
    local_date,
)
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.commands import (
    Caller,
    ChargeNow,
    CreateCharge,
    DeleteCharge,
    DeleteCustomer,
    UndeleteCustomer,
    UpdateCharge,
    UpdateCustomer,
)
from tollhouse.ledger.commands.plan_runs import StartPlanRun
from tollhouse.ledger.commands.schedules import Enrol
from tollhouse.ledger.facts import ChargeFact, OccurrenceFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import Refusal
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.store import SqlStore
from tollhouse.workers.runner import Runner

ROOT = Caller(0, 1, "1.", may_reach_below=True)
DAY = 24 * HOUR
#: Of these plans the last has no charges: who is on it has left the others.
PLANS = (1, 2, 3)
CUSTOMERS = (11, 12, 13)
FILE = """
[tenant]
slug = "machine"
currency = "EUR"
timezone = "Europe/Berlin"
""" + "".join(f'[[plans]]\nidentifier = "plan-{n}"\nnumber = {n}\n' for n in PLANS)
FILE += "".join(f'[[customers]]\nnumber = {n}\nplan = "plan-1"\n' for n in CUSTOMERS)

#: Winter, summer, and the year in which Samoa had no 30 December.
BEGINNINGS = (1_322_000_000, 1_769_000_000, 1_784_700_000)
ZONES = ("", "Pacific/Auckland", "America/Los_Angeles", "Pacific/Apia", "Africa/Cairo", "Asia/Kathmandu")
PERIODS = ("", "once", "monthly", "monthly", "quarterly", "annually")
#: Days from now at which a charge starts or ends; None is 0, which is no start and no end.
STARTS = st.sampled_from([None, None, -40, 0, 3, 31, 75])
ENDS = st.sampled_from([None, None, None, 20, 45, 100, 400])
MEMBERS = st.sampled_from(CUSTOMERS)
AMOUNTS = st.sampled_from([1, 1000, 3100, 9999, -500])


class Wish(NamedTuple):
    """A charge to be made, of a customer or (0) of everybody on a plan."""

    customer: int
    plan: int
    period: str
    amount: int
    start: int | None
    end: int | None
    number: int
    anchor: str


WISHES = st.builds(
    Wish,
    customer=st.sampled_from([0, 0, 0, *CUSTOMERS]),
    plan=st.sampled_from([1, 1, 2]),
    period=st.sampled_from(PERIODS),
    amount=AMOUNTS,
    start=STARTS,
    end=ENDS,
    number=st.sampled_from([0, 0, 0, 1, 2, 5]),
    anchor=st.sampled_from(["calendar", "start"]),
)


class Scheduling(RuleBasedStateMachine):
    """Tells what happens to two ledgers on one store, as two processes would, and to the model."""

    def __init__(self, new_store: NewStore) -> None:
        super().__init__()
        self._closing = ExitStack()
        url = new_store()
        self.stores = [self._closing.enter_context(closing(SqlStore(store_url(url)))) for _ in range(2)]
        self.clock = TestClock()
        self.ledgers = [Ledger(store, self.clock) for store in self.stores]
        self.process = 0
        #: Whether charges were changed whose schedules are not in step yet.
        self.is_behind = False

    @initialize(beginning=st.sampled_from(BEGINNINGS), wishes=st.lists(WISHES, min_size=2, max_size=4))
    def begin(self, beginning: int, wishes: list[Wish]) -> None:
        self.clock.now_us = beginning * SECOND
        self.tenant_id = prepared(self.stores[0], FILE, self.clock).tenant_id
        self.clock.advance(30 * 86400)
        customers = {number: Customer(number, plan=1) for number in CUSTOMERS}
        self.model = Model("Europe/Berlin", self.clock.now_us, customers)
        for wish in wishes:
            self.create(wish)

    # Charges.

    @rule(wish=WISHES)
    def create(self, wish: Wish) -> None:
        if wish.customer and self.model.customers[wish.customer].is_deleted:
            return
        with self.stores[0].unit_of_work(self.tenant_id) as unit:
            unit.change(TenantFact, {}, anchor=wish.anchor)
        start_at, end_at = self._window(wish.start, wish.end)
        plan = 0 if wish.customer else wish.plan
        made = self._do(
            CreateCharge,
            customer_number=wish.customer,
            plan_number=plan,
            name="A charge",
            amount=Decimal(wish.amount) / 100,
            period=wish.period,
            start_at=start_at,
            end_at=end_at,
            number_max=wish.number,
        )
        charge = Charge(
            id=made.charge_id,
            customer=wish.customer,
            plan=plan,
            period=wish.period,
            amount_minor=wish.amount,
            start=start_at,
            end=end_at,
            number=wish.number,
            is_from_start=wish.anchor == "start",
            anchor=self._anchor(wish.customer, wish.anchor == "start", start_at, self.clock.now_us),
            created=self.clock.now_us,
        )
        self.model.create(charge)

    @rule(which=st.integers(0, 99), amount=AMOUNTS)
    def reprice(self, which: int, amount: int) -> None:
        for charge in self._charge(which):
            self._do(UpdateCharge, charge_id=charge.id, amount=Decimal(amount) / 100)
            charge.amount_minor, charge.is_untouched = amount, False

    @rule(
        which=st.integers(0, 99),
        what=st.sampled_from(["period", "start", "end", "number"]),
        period=st.sampled_from(PERIODS),
        start=STARTS,
        end=ENDS,
        number=st.integers(0, 3),
    )
    def change(self, which: int, what: str, period: str, start: int | None, end: int | None, number: int) -> None:
        for charge in self._charge(which):
            self._catch_up()
            start_at, end_at = self._window(start, end)
            wanted = {"period": period, "start": start_at, "end": end_at, "number": number}[what]
            after = {"start": charge.start, "end": charge.end, what: wanted}
            if wanted == getattr(charge, what) or (after["end"] and after["end"] <= after["start"]):
                continue
            names = {"period": "period", "start": "start_at", "end": "end_at", "number": "number_max"}
            values: dict[str, Any] = {names[what]: wanted}
            self._do(UpdateCharge, charge_id=charge.id, **values)
            setattr(charge, what, wanted)
            charge.is_untouched = False
            if what == "start":
                charge.anchor = self._anchor(charge.customer, charge.is_from_start, charge.start, charge.created)
            self.model.update(charge)
            self.is_behind = self.is_behind or bool(charge.plan)

    @rule(which=st.integers(0, 99))
    def delete(self, which: int) -> None:
        for charge in self._charge(which):
            self._catch_up()
            self._do(DeleteCharge, charge_id=charge.id)
            charge.is_untouched = False
            self.model.delete(charge)
            self.is_behind = self.is_behind or bool(charge.plan)

    @rule(which=st.integers(0, 99))
    def charge_by_hand(self, which: int) -> None:
        for charge in self._charge(which):
            if self.is_behind:
                self._catch_up()
            charge.is_untouched = False
            try:
                if not charge.plan and self.model.customers[charge.customer].is_deleted:
                    raise RefusedError
                self.model.charge_by_hand(charge)
            except RefusedError:
                with pytest.raises(Refusal):
                    self._charge_now(charge)
            else:
                self._charge_now(charge)

    # Customers.

    @rule(number=MEMBERS, plan=st.sampled_from(PLANS))
    def join(self, number: int, plan: int) -> None:
        customer = self.model.customers[number]
        if customer.is_deleted or customer.plan == plan:
            return
        self._change_customer(number)
        self._do(UpdateCustomer, customer_number=number, plan_number=plan)
        customer.plan = plan
        self.model.change_customer(number)

    @rule(number=MEMBERS, zone=st.sampled_from(ZONES))
    def move_zone(self, number: int, zone: str) -> None:
        customer = self.model.customers[number]
        if customer.is_deleted or customer.zone == zone:
            return
        self.is_behind = True
        self._change_customer(number)
        self._do(UpdateCustomer, customer_number=number, timezone=zone)
        customer.zone = zone
        self.model.change_customer(number)

    @rule(number=MEMBERS)
    def delete_or_undelete(self, number: int) -> None:
        customer = self.model.customers[number]
        self._change_customer(number)
        self._do(UndeleteCustomer if customer.is_deleted else DeleteCustomer, customer_number=number)
        customer.is_deleted = not customer.is_deleted
        self.model.change_customer(number)

    @rule(zone=st.sampled_from(ZONES[1:]))
    def move_the_tenants_zone(self, zone: str) -> None:
        if zone == self.model.zone:
            return
        self._catch_up()
        provision(self.stores[0], f'[tenant]\nslug = "machine"\ntimezone = "{zone}"', self.clock)
        for charge in self.model.charges.values():
            charge.is_untouched = False
        self.model.zone = zone
        self.model.change_zone()
        self.is_behind = True

    # Time.

    @rule(time=st.sampled_from([1, HOUR, DAY, 13 * DAY]), is_run=st.booleans())
    def time_goes_by(self, time: int, is_run: bool) -> None:
        self._set_clock(self.clock.now_us + time, is_run)

    @rule(time=st.sampled_from([29 * DAY, 31 * DAY, 100 * DAY, 366 * DAY]), is_run=st.booleans())
    def months_go_by(self, time: int, is_run: bool) -> None:
        self._set_clock(self.clock.now_us + time, is_run)

    @rule(which=st.integers(0, 99), microseconds=st.sampled_from([-1, 0, 1]), is_run=st.booleans())
    def until_something_is_due(self, which: int, microseconds: int, is_run: bool) -> None:
        dues = sorted({pair.due for pair in self.model.pairs.values() if pair.next_key})
        if dues:
            self._set_clock(max(self.clock.now_us, dues[which % len(dues)] + microseconds), is_run)

    @rule(is_run=st.booleans())
    def the_clock_jumps_back(self, is_run: bool) -> None:
        self._set_clock(self.clock.now_us - HOUR, is_run)

    @rule()
    def run_what_is_due(self) -> None:
        store, ledger = self.stores[self.process], self.ledgers[self.process]
        everybody = Everybody(store, ledger.execute, self.clock)
        totals = Runner(SqlDueQueries(store), ledger.execute, everybody, self.clock).run()
        assert totals.parked == 0
        self.is_behind = False
        for charge in self.model.charges.values():
            charge.looked_at = max(charge.looked_at, self.clock.now_us)
        self.model.run()

    @rule()
    def restart(self) -> None:
        self.process = 1 - self.process
        self.ledgers[self.process] = Ledger(self.stores[self.process], self.clock)

    # What holds.

    @invariant()
    def what_was_charged_is_what_the_model_says(self) -> None:
        with self.stores[0].reading(self.tenant_id) as reader:
            transactions = {t.transaction_id: t for t in reader.find(TransactionFact)}
            occurrences = reader.find(OccurrenceFact)
        charged = {}
        for o in occurrences:
            transaction = transactions.pop(o.transaction_id)
            charged[o.charge_id, o.customer_number, o.occurrence_key] = (
                transaction.gross_minor,
                transaction.effective_at,
            )
        assert charged == self.model.charged
        assert transactions == {}

    @invariant()
    def no_day_is_charged_twice(self) -> None:
        for where, periods in self.model.covered.items():
            assert all(until <= first for (_, until), (first, _) in pairwise(sorted(periods))), where

    def teardown(self) -> None:
        with self._closing:
            self.run_what_is_due()
            self.what_was_charged_is_what_the_model_says()
            self._check_what_was_left_alone()
            assert verify(self.stores[0]).differences == []

    def _check_what_was_left_alone(self) -> None:
        """A customer's charge to which nothing ever happened: straight from the rules, without what came next when."""
        for charge in self.model.charges.values():
            if charge.is_untouched and charge.customer:
                keys = {key for charge_id, _, key in self.model.charged if charge_id == charge.id}
                assert keys == self._keys_by_rule(charge), charge

    def _keys_by_rule(self, charge: Charge) -> set[str]:
        zone = self.model.customers[charge.customer].zone or self.model.zone
        if not charge.is_recurring:
            pair = self.model.pairs[charge.id, charge.customer]
            return {ONCE} if pair.is_charged_once else set()
        since = max(charge.start, charge.created)
        days = [day for day in boundaries(charge.period, charge.anchor) if day_begins(day, zone) >= since]
        if charge.is_from_start and (charge.start == 0 or charge.start >= charge.created):
            days = sorted({charge.anchor, *(day for day in days if day > charge.anchor)})
        days = [day for day in days if not charge.end or day_begins(day, zone) < charge.end]
        grace = charge.created + HOUR
        times = [(day, max(day_begins(day, zone), charge.start)) for day in days]
        due = [day.isoformat() for day, at in times if (at if at > charge.created else grace) <= charge.looked_at]
        return set(due[: charge.number or None])

    # How.

    def _charge_now(self, charge: Charge) -> None:
        ledger, store = self.ledgers[self.process], self.stores[self.process]
        if charge.plan:
            start = StartPlanRun(tenant_id=self.tenant_id, charge_id=charge.id, caller=ROOT)
            Everybody(store, ledger.execute, self.clock).charge(start)
        else:
            self._do(ChargeNow, charge_id=charge.id)

    def _do(self, kind: Any, **values: Any) -> Any:
        command = kind(tenant_id=self.tenant_id, caller=ROOT, **values)
        return self.ledgers[self.process].execute(command).result

    def _charge(self, which: int) -> list[Charge]:
        live = [charge for charge in self.model.charges.values() if not charge.is_deleted]
        return [live[which % len(live)]] if live else []

    def _anchor(self, customer: int, is_from_start: bool, start: int, created: int) -> Any:
        zone = (self.model.customers[customer].zone if customer else "") or self.model.zone
        return local_date(start or created, zone) if is_from_start else local_date(0, "UTC")

    def _window(self, start: int | None, end: int | None) -> tuple[int, int]:
        now = self.clock.now_us
        start_at = 0 if start is None else now + start * DAY
        end_at = 0 if end is None else max(now, start_at) + end * DAY
        return start_at, end_at

    def _change_customer(self, number: int) -> None:
        for charge in self.model.charges.values():
            charge.is_untouched = charge.is_untouched and charge.customer != number
        if self.is_behind:
            self._catch_up()

    def _catch_up(self) -> None:
        """Have the schedules in step, as a runner does first of all."""
        with self.stores[0].reading(self.tenant_id) as reader:
            behind = [c.charge_id for c in reader.find(ChargeFact) if c.enrolling_from is not None]
        for charge_id in behind:
            command = Enrol(tenant_id=self.tenant_id, charge_id=charge_id, count=2)
            while not self.ledgers[self.process].execute(command).result.is_complete:
                pass
        self.is_behind = False

    def _set_clock(self, now: int, is_run: bool) -> None:
        self.clock.now_us = self.model.now = now
        if is_run:
            self.run_what_is_due()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_charges_fall_due_whatever_changes(engine: str, new_store: NewStore) -> None:
    play(Scheduling, new_store, examples=12, steps=15, phases=QUICK)


@pytest.mark.soak
def test_charges_fall_due_whatever_changes_for_long(engine: str, new_store: NewStore) -> None:
    play(Scheduling, new_store, examples=1500 if engine == "sqlite" else 300, steps=60)

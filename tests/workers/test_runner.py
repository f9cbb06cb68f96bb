"""The runner charges what is due, keeps one's trouble from the others, ends when asked to, and moves clocks on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tests.harness import CLOCKWORK, TestClock, provision
from tests.ledger.telco import Telco
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.charging.running import Ran
from tollhouse.ledger.commands import Command, Receipt
from tollhouse.ledger.commands.plan_runs import StartPlanRun
from tollhouse.ledger.commands.schedules import Enrol, MoveClock, RunDue
from tollhouse.ledger.facts import (
    ChargeFact,
    Fact,
    OccurrenceFact,
    PlanRunFact,
    ScheduleFact,
    TenantFact,
    TransactionFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import ClockBackwards, ClockNotOurs, Overloaded, StoreUnavailable
from tollhouse.ledger.verifying import verify
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.store import SqlStore
from tollhouse.store.unit import Unit
from tollhouse.workers import runner as runner_module
from tollhouse.workers.runner import Runner, RunnerThread

BERLIN = ZoneInfo("Europe/Berlin")
MONTH = 32 * 86400


class Faulty(Exception):
    """An error of ours, which nobody expected."""


@pytest.fixture
def telco(store: SqlStore, ledger: Ledger, clock: TestClock) -> Telco:
    return Telco(store, ledger, clock)


def runner_over(store: SqlStore, execute: Callable[[Command], Receipt], clock: TestClock) -> Runner:
    return Runner(SqlDueQueries(store), execute, Everybody(store, execute, clock), clock)


def charged(telco: Telco) -> list[tuple[int, str]]:
    return sorted((o.customer_number, o.occurrence_key) for o in telco.find(OccurrenceFact))


# One's trouble is not the others'.


def test_what_the_store_refuses_is_parked_alone(
    telco: Telco, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for customer in (11, 16, 21, 16, 41):
        telco.create(customer=customer, amount="5", period="monthly")
    insert = Unit.insert

    def failing(unit: Unit, facts: Sequence[Fact]) -> None:
        if any(isinstance(fact, TransactionFact) and fact.customer_number == 16 for fact in facts):
            raise Faulty("with a secret")
        insert(unit, facts)

    clock.advance(MONTH)
    with monkeypatch.context() as patched:
        patched.setattr(Unit, "insert", failing)
        totals = runner_over(telco.store, telco.ledger.execute, clock).run()
    assert (totals.charged, totals.parked) == (3, 2)
    assert charged(telco) == [(11, "2026-04-01"), (21, "2026-04-01"), (41, "2026-04-01")]
    parked = telco.find(ScheduleFact, state="parked")
    assert {(row.customer_number, row.reason, row.tries) for row in parked} == {(16, "A fault of ours: Faulty.", 1)}
    assert verify(telco.store).differences == []


def test_of_two_runners_none_parks_what_the_other_is_charging(telco: Telco, clock: TestClock) -> None:
    """What failed is named: where it is held by another runner meanwhile, nothing is parked in its place."""
    broken, good = (telco.create(customer=number, amount="5", period="monthly") for number in (11, 21))
    clock.advance(MONTH)
    asked: list[RunDue] = []

    def execute(command: Command) -> Receipt:
        if not isinstance(command, RunDue):
            return telco.ledger.execute(command)
        asked.append(command)
        if len(asked) > 3:
            return Receipt(Ran())
        if not command.park_reason:
            raise Faulty
        return Receipt(Ran())

    runner_over(telco.store, execute, clock).run()
    named = [(command.charge_id, command.customer_number, command.park_reason) for command in asked]
    assert named[:3] == [(0, 0, ""), (broken, 11, ""), (broken, 11, "A fault of ours: Faulty.")]
    assert {row.charge_id for row in telco.find(ScheduleFact, state="active")} == {broken, good}


@pytest.mark.parametrize("trouble", [StoreUnavailable, Overloaded, Faulty])
def test_one_tenants_trouble_is_not_the_others(telco: Telco, clock: TestClock, trouble: type[Exception]) -> None:
    other = provision(telco.store, '[tenant]\nslug = "other"\n[[customers]]\nnumber = 11\n', clock).tenant
    telco.create(amount="5", period="monthly")
    telco.do(replace(telco.creation(amount="5", period="monthly"), tenant_id=other.tenant_id))
    clock.advance(MONTH)

    def execute(command: Command) -> Receipt:
        if command.tenant_id == telco.tenant_id:
            raise trouble("no")
        return telco.ledger.execute(command)

    assert runner_over(telco.store, execute, clock).run().charged == 1
    assert charged(telco) == []
    assert runner_over(telco.store, telco.ledger.execute, clock).run().charged == 1


def test_a_plans_trouble_is_not_the_customers(telco: Telco, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    telco.create(customer=0, plan_number=70, amount="5")
    telco.create(amount="6", period="monthly")
    clock.advance(MONTH)
    failing = runner_over(telco.store, telco.ledger.execute, clock)

    def fail(*_: Any) -> None:
        raise Faulty

    with monkeypatch.context() as patched:
        patched.setattr(Everybody, "carry_out", fail)
        patched.setattr(Everybody, "resume", fail)
        assert failing.run().charged == 1
        clock.advance(3600)
        failing.run()
    assert charged(telco) == [(11, "2026-04-01")]
    (run,) = telco.find(PlanRunFact)
    assert run.ended_at is None
    runner_over(telco.store, telco.ledger.execute, clock).run()
    assert [run.state for run in telco.find(PlanRunFact)] == ["refused"]


def test_a_charge_whose_schedules_cannot_be_made_holds_up_no_other(telco: Telco, clock: TestClock) -> None:
    broken = telco.create(customer=0, plan_number=70, amount="5", period="monthly")
    telco.create(customer=0, plan_number=70, amount="6", period="monthly")
    tries = 0

    def execute(command: Command) -> Receipt:
        nonlocal tries
        if isinstance(command, Enrol) and command.charge_id == broken:
            tries += 1
            raise Faulty
        return telco.ledger.execute(command)

    clock.advance(MONTH)
    assert runner_over(telco.store, execute, clock).run().charged == 1
    assert tries == 2
    assert runner_over(telco.store, telco.ledger.execute, clock).run().charged == 1
    assert len(telco.find(OccurrenceFact, charge_id=broken)) == 1


def test_a_thread_goes_on_after_whatever_went_wrong(telco: Telco, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "PAUSE_SECONDS", 0.001)
    rounds = 0
    enough = threading.Event()

    class Troubled(Runner):
        def run(self, totals: Any = None) -> Any:
            nonlocal rounds
            rounds += 1
            if rounds == 3:
                enough.set()
            raise Faulty

    thread = RunnerThread(Troubled(SqlDueQueries(telco.store), telco.ledger.execute, None, telco.clock))  # type: ignore[arg-type]
    thread.start()
    assert enough.wait(60)
    thread.stop()
    assert not any(running.name == "runner" for running in threading.enumerate())


def test_a_thread_that_never_started_stops(telco: Telco) -> None:
    RunnerThread(runner_over(telco.store, telco.ledger.execute, telco.clock)).stop()


# Asked to stop.


def stopping_after(telco: Telco, kind: type[Command], count: int) -> Runner:
    """A runner that is asked to stop while it does its command of this kind with this number."""
    done = 0

    def execute(command: Command) -> Receipt:
        nonlocal done
        receipt = telco.ledger.execute(command)
        if isinstance(command, kind):
            done += 1
            if done == count:
                runner.stop()
        return receipt

    runner = runner_over(telco.store, execute, telco.clock)
    return runner


def test_asked_to_stop_it_ends_after_the_part_under_way(
    telco: Telco, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "PART", 2)
    for _ in range(6):
        telco.create(amount="5", period="monthly")
    clock.advance(MONTH)
    assert stopping_after(telco, RunDue, 2).run().charged == 4
    assert runner_over(telco.store, telco.ledger.execute, clock).run().charged == 2


def test_asked_to_stop_it_leaves_schedules_to_be_made_by_the_next(
    telco: Telco, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "PART", 2)
    members = (11, 12, 13, 15, 16)
    for number in members:
        telco.join(number, 70)
    telco.create(customer=0, plan_number=70, amount="5", period="monthly")
    stopping_after(telco, Enrol, 1).run()
    assert len(telco.find(ScheduleFact)) == 2
    clock.advance(MONTH)
    assert telco.do(RunDue(tenant_id=telco.tenant_id, count=10)).count == 0, "not before all schedules are there"
    assert runner_over(telco.store, telco.ledger.execute, clock).run().charged == len(members)


def test_asked_to_stop_it_starts_no_plan(telco: Telco, clock: TestClock) -> None:
    for _ in range(3):
        telco.create(customer=0, plan_number=70, amount="5")
    clock.advance(7200)
    assert stopping_after(telco, StartPlanRun, 1).run().plans == 1


# Clocks.


class Clockwork:
    """The tenant of golden/clockwork.toml, whose clock stands at 2027-06-16 09:00 UTC."""

    def __init__(self, telco: Telco) -> None:
        self.telco = telco
        telco.tenant_id = provision(telco.store, CLOCKWORK).tenant.tenant_id

    def runner(self) -> Runner:
        ledger = Ledger(self.telco.store, self.telco.clock)
        return runner_over(self.telco.store, ledger.execute, self.telco.clock)

    def now(self) -> str:
        (tenant,) = self.telco.find(TenantFact)
        return datetime.fromtimestamp(tenant.clock_at / 1_000_000, UTC).isoformat()

    def transactions(self) -> list[TransactionFact]:
        return self.telco.find(TransactionFact, order=("transaction_id",))


def test_decades_are_moved_at_once(clockwork: Clockwork) -> None:
    telco = clockwork.telco
    telco.create(customer=81, amount="30", period="annually")
    assert clockwork.runner().move_clock(telco.tenant_id, at("2057-06-16 09:00")).charged == 30
    years = [at(f"{year}-12-31 23:00") for year in range(2027, 2057)]
    assert [t.effective_at for t in clockwork.transactions()] == years


@pytest.fixture
def clockwork(telco: Telco) -> Clockwork:
    return Clockwork(telco)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def local_midnights(zone: str, first_year: int, first_month: int, count: int) -> list[int]:
    months = [first_year * 12 + first_month - 1 + n for n in range(count)]
    firsts = [datetime(month // 12, month % 12 + 1, 1, tzinfo=ZoneInfo(zone)) for month in months]
    return [int((first - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)) * 1_000_000 for first in firsts]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("years", [3, pytest.param(30, marks=pytest.mark.soak)])
def test_a_clock_is_moved_years_and_each_month_is_charged_at_its_own_time(clockwork: Clockwork, years: int) -> None:
    telco = clockwork.telco
    berlin = telco.create(customer=81, amount="30", period="monthly")
    tokyo = telco.create(customer=83, amount="30", period="quarterly")
    totals = clockwork.runner().move_clock(telco.tenant_id, at(f"{2027 + years}-06-16 09:00"))
    assert (totals.charged, totals.parked) == (16 * years, 0)
    assert clockwork.now() == f"{2027 + years}-06-16T09:00:00+00:00"
    found = clockwork.transactions()
    assert [t.effective_at for t in found] == sorted(t.effective_at for t in found)
    assert all(t.recorded_at == t.effective_at for t in found)
    of = {charge: [t.effective_at for t in found if t.charge_id == charge] for charge in (berlin, tokyo)}
    assert of[berlin] == local_midnights("Europe/Berlin", 2027, 7, 12 * years)
    assert of[tokyo] == local_midnights("Asia/Tokyo", 2027, 7, 12 * years)[::3]
    assert verify(telco.store).differences == []


def test_on_the_way_plans_and_customers_are_charged_in_order_by_the_rates_of_the_time(clockwork: Clockwork) -> None:
    telco = clockwork.telco
    telco.create(customer=0, plan_number=80, amount="2", period="once")
    telco.create(customer=81, amount="3", period="monthly")
    totals = clockwork.runner().move_clock(telco.tenant_id, at("2027-08-01 00:00"))
    assert (totals.charged, totals.plans, totals.parked) == (2, 1, 0)
    found = [(t.effective_at, t.customer_number) for t in clockwork.transactions()]
    july = at("2027-06-30 22:00")
    assert found == [(july, 81), (july, 82), (july, 83), (july, 81), (at("2027-07-31 22:00"), 81)]


def test_a_clock_is_never_moved_back_and_a_live_tenants_never_at_all(clockwork: Clockwork, clock: TestClock) -> None:
    telco = clockwork.telco
    runner = clockwork.runner()
    with pytest.raises(ClockBackwards):
        runner.move_clock(telco.tenant_id, at("2027-06-16 08:59:59"))
    assert clockwork.now() == "2027-06-16T09:00:00+00:00"
    runner.move_clock(telco.tenant_id, at("2027-06-16 09:00"))
    live = provision(telco.store, '[tenant]\nslug = "live"\n', clock).tenant
    with pytest.raises(ClockNotOurs):
        runner.move_clock(live.tenant_id, at("2037-06-16 09:00"))


def test_many_who_move_one_clock_at_once_charge_each_occurrence_once(clockwork: Clockwork) -> None:
    telco = clockwork.telco
    for customer in (81, 82, 83):
        telco.create(customer=customer, amount="30", period="monthly")
    telco.create(customer=0, plan_number=80, amount="2", period="once")
    targets = ["2028-01-01 00:00", "2028-01-01 00:00", "2027-10-15 00:00", "2028-01-01 00:00"]

    def move(target: str) -> str:
        try:
            clockwork.runner().move_clock(telco.tenant_id, at(target))
        except ClockBackwards:
            return "backwards"
        return "moved"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(move, targets))
    assert [answers[n] for n in (0, 1, 3)] == ["moved"] * 3
    assert clockwork.now() == "2028-01-01T00:00:00+00:00"
    occurrences = [(o.charge_id, o.customer_number, o.occurrence_key) for o in telco.find(OccurrenceFact)]
    # In New York the last of the months begins after that.
    assert len(occurrences) == len(set(occurrences)) == 7 + 6 + 7 + 3
    found = [t for t in clockwork.transactions() if t.person_id is None]
    assert all(t.recorded_at == t.effective_at for t in found)
    assert verify(telco.store).differences == []


def test_asked_to_stop_a_clock_stands_where_it_is_and_goes_on_from_there(clockwork: Clockwork) -> None:
    telco = clockwork.telco
    telco.create(customer=81, amount="30", period="monthly")
    with pytest.raises(StoreUnavailable):
        stopping_after(telco, MoveClock, 3).move_clock(telco.tenant_id, at("2057-06-16 09:00"))
    assert clockwork.now() == "2027-08-31T22:00:00+00:00"
    assert len(clockwork.transactions()) == 3
    assert clockwork.runner().move_clock(telco.tenant_id, at("2027-12-15 00:00")).charged == 3


def test_what_cannot_be_charged_holds_a_clock_up_only_for_a_while(
    clockwork: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a charge that somebody who does not end is charging to everybody."""
    telco = clockwork.telco
    monkeypatch.setattr(runner_module, "LOOKS_MAX", 2)
    monkeypatch.setattr(runner_module, "LOOK_SECONDS", 0)
    charge = telco.create(customer=81, amount="30", period="monthly")
    with telco.store.unit_of_work(telco.tenant_id) as unit:
        unit.change(ChargeFact, {"charge_id": charge}, plan_run_id=99)
    with pytest.raises(StoreUnavailable):
        clockwork.runner().move_clock(telco.tenant_id, at("2027-12-15 00:00"))
    assert clockwork.now() == "2027-06-30T22:00:00+00:00"
    with telco.store.unit_of_work(telco.tenant_id) as unit:
        unit.change(ChargeFact, {"charge_id": charge}, plan_run_id=0)
    assert clockwork.runner().move_clock(telco.tenant_id, at("2027-12-15 00:00")).charged == 6


def test_what_is_parked_does_not_hold_a_clock_up(clockwork: Clockwork) -> None:
    telco = clockwork.telco
    telco.create(customer=81, amount="30", period="monthly")
    telco.cook(ChargeFact, {"charge_id": 1}, currency="GBP")
    totals = clockwork.runner().move_clock(telco.tenant_id, at("2027-12-15 00:00"))
    assert (totals.charged, totals.parked) == (0, 1)
    assert clockwork.now() == "2027-12-15T00:00:00+00:00"


def test_a_runner_lives_by_each_tenants_own_clock(clockwork: Clockwork, clock: TestClock) -> None:
    telco = clockwork.telco
    telco.create(customer=81, amount="30", period="monthly")
    clock.advance(400 * 86400)
    assert clockwork.runner().run().charged == 0
    assert clockwork.runner().move_clock(telco.tenant_id, at("2027-07-01 00:00")).charged == 1

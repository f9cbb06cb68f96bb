"""Charging everybody on a plan: all or none, in parts, resumable, and only what was rehearsed."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.harness import TestClock
from tests.ledger.telco import NORTH, ROOT, SOUTH, Telco
from tollhouse.ledger.charging import everybody as everybody_module
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.charging.rehearsing import Rehearsal
from tollhouse.ledger.commands import TENANT_SCOPE, Caller, Idempotency
from tollhouse.ledger.commands.plan_runs import ApplyPlanRun, StartPlanRun
from tollhouse.ledger.commands.schedules import RunDue
from tollhouse.ledger.facts import (
    ChargeFact,
    CustomerFact,
    ExchangeRateFact,
    OccurrenceFact,
    PlanRunFact,
    PlanRunLineFact,
    PlanRunTariffFact,
    ScheduleFact,
    TransactionFact,
)
from tollhouse.ledger.ledger import fingerprint_of
from tollhouse.ledger.refusals import (
    AlreadyCharged,
    ChargeUnderWay,
    ChargeUnknown,
    DigestStale,
    ExchangeRateMissing,
    IdempotencyKeyReused,
    OutsideWindow,
)
from tollhouse.workers.runner import Runner


class Plan:
    """Everybody in telco's north is on the plan 70: Nora in EUR, Jiro in JPY, Kawthar in KWD, two who are not billed
    as others are, and Ursula in USD."""

    MEMBERS = (11, 12, 13, 14, 15, 16)

    def __init__(self, telco: Telco, everybody: Everybody) -> None:
        self.telco = telco
        self.everybody = everybody
        for number in self.MEMBERS:
            telco.join(number, 70)

    def create(self, **more: Any) -> int:
        return self.telco.create(customer=0, plan_number=70, **{"amount": "9", "buy": "4", **more})

    def start(self, charge_id: int, *, caller: Caller = ROOT, key: str | None = None) -> StartPlanRun:
        token = None if key is None else Idempotency(TENANT_SCOPE, key)
        fingerprint = fingerprint_of(self.telco.charging(charge_id))
        return StartPlanRun(
            tenant_id=self.telco.tenant_id, charge_id=charge_id, caller=caller, token=token, fingerprint=fingerprint
        )

    def charge(self, charge_id: int, digest: str = "", **more: Any) -> bool:
        return self.everybody.charge(self.start(charge_id, **more), digest)

    def rehearse(self, charge_id: int) -> Rehearsal:
        (charge,) = self.telco.find(ChargeFact, charge_id=charge_id)
        rehearsal = Rehearsal(charge)
        list(self.everybody.rehearsed(charge, rehearsal))
        return rehearsal

    def transactions(self) -> dict[int, tuple[str, str, int, int]]:
        """Settlement, currency, gross and buy by customer."""
        found = [t for t in self.telco.find(TransactionFact) if t.kind == "charge"]
        return {t.customer_number: (t.settlement, t.currency, t.gross_minor, t.buy_minor) for t in found}

    def leftovers(self) -> list[Any]:
        open_runs = [run for run in self.telco.find(PlanRunFact) if run.ended_at is None]
        kinds = (PlanRunLineFact, PlanRunTariffFact)
        locked = [charge for charge in self.telco.find(ChargeFact) if charge.plan_run_id]
        return [*open_runs, *locked, *(row for kind in kinds for row in self.telco.find(kind))]


ALL_CHARGED = {
    11: ("balance", "EUR", 900, 400),
    12: ("balance", "JPY", 1445, 642),
    13: ("balance", "KWD", 3000, 1333),
    15: ("recorded", "EUR", 900, 400),
    16: ("balance", "USD", 1000, 444),
}


@pytest.fixture
def plan(telco: Telco, everybody: Everybody) -> Plan:
    return Plan(telco, everybody)


def test_everybody_is_charged_in_their_own_currency_with_their_own_balance(plan: Plan) -> None:
    plan.charge(plan.create())
    assert plan.transactions() == ALL_CHARGED
    assert [plan.telco.balance(number) for number in plan.MEMBERS] == [9100, -1445, -3000, 0, 0, -1000]
    assert plan.leftovers() == []


def test_everybody_owes_the_taxes_that_they_are_liable_to(plan: Plan) -> None:
    telco = plan.telco
    vat = telco.do(telco.tax("20")).tax_id
    telco.do(telco.tax("0", "0.10"))
    telco.do(telco.liability(vat, "customer", 12, False))
    plan.charge(plan.create())
    assert {number: row[2] for number, row in plan.transactions().items()} == {
        11: 900 + 180 + 10,
        12: 1445 + 16,
        13: 3000 + 600 + 33,
        15: 900 + 180 + 10,
        16: 1000 + 200 + 11,
    }


def test_a_part_at_a_time_gives_the_same(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everybody_module, "PART", 2)
    plan.charge(plan.create())
    assert plan.transactions() == ALL_CHARGED
    assert plan.leftovers() == []


def test_one_that_cannot_be_charged_stops_all(plan: Plan) -> None:
    telco = plan.telco
    charge = plan.create()
    telco.join(17, 70)
    with pytest.raises(ExchangeRateMissing):
        plan.charge(charge)
    assert plan.transactions() == {}
    assert plan.leftovers() == []
    (run,) = telco.find(PlanRunFact)
    assert (run.state, run.reason) == ("refused", "There is no exchange rate from EUR to GBP.")
    with telco.store.unit_of_work(telco.tenant_id) as unit:
        unit.insert([ExchangeRateFact(telco.tenant_id, "EUR", "GBP", 0, "0.85")])
    plan.charge(charge)
    assert plan.transactions() == {**ALL_CHARGED, 17: ("balance", "GBP", 765, 340)}


def test_a_refusal_late_in_the_list_leaves_nothing_staged(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everybody_module, "PART", 2)
    charge = plan.create()
    plan.telco.join(17, 70)
    with pytest.raises(ExchangeRateMissing):
        plan.charge(charge)
    assert plan.leftovers() == []


@pytest.mark.parametrize("period", ["", "once", "monthly"])
def test_a_second_time_is_refused(plan: Plan, period: str) -> None:
    charge = plan.create(period=period)
    plan.charge(charge)
    with pytest.raises(AlreadyCharged):
        plan.charge(charge)
    assert len(plan.telco.find(OccurrenceFact)) == len(ALL_CHARGED)


def test_of_a_recurring_charge_everybody_is_charged_what_is_left_of_their_period(plan: Plan, clock: TestClock) -> None:
    telco = plan.telco
    clock.now_us = 1_781_604_000 * 1_000_000  # 2026-06-16 10:00 UTC
    charge = plan.create(amount="30", period="monthly")
    telco.rezone(16, "Pacific/Kiritimati")
    plan.charge(charge)
    found = {t.customer_number: t.net_minor for t in telco.find(TransactionFact)}
    assert (found[11], found[16]) == (1500, 1556)
    schedules = {row.customer_number: row for row in telco.find(ScheduleFact, charge_id=charge)}
    assert {row.next_key for row in schedules.values()} == {"2026-07-01"}
    assert {row.covered_until for row in schedules.values()} == {"2026-07-01"}


def test_with_nobody_on_the_plan_nothing_is_recorded(telco: Telco, everybody: Everybody) -> None:
    charge = telco.create(customer=0, plan_number=71, amount="9")
    assert not everybody.charge(StartPlanRun(tenant_id=telco.tenant_id, charge_id=charge, caller=ROOT))
    assert telco.find(TransactionFact) == []


def test_who_is_deleted_or_below_or_on_another_plan_is_not_charged(plan: Plan) -> None:
    telco = plan.telco
    telco.delete_customer(13)
    telco.join(16, 71)
    plan.charge(plan.create())
    assert set(plan.transactions()) == {11, 12, 15}


def test_outside_its_window_or_out_of_sight_it_is_not_charged(plan: Plan, clock: TestClock) -> None:
    late = plan.create(start_at=clock.now() + 1)
    with pytest.raises(OutsideWindow):
        plan.charge(late)
    charge = plan.create()
    with pytest.raises(ChargeUnknown):
        plan.charge(charge, caller=SOUTH)
    plan.charge(charge, caller=NORTH)
    assert plan.transactions() == ALL_CHARGED


# Rehearsing.


def test_a_rehearsal_tells_exactly_what_is_charged_and_moves_nothing(plan: Plan) -> None:
    telco = plan.telco
    vat = telco.do(telco.tax("20")).tax_id
    charge = plan.create()
    rehearsal = plan.rehearse(charge)
    assert plan.transactions() == {}
    assert (rehearsal.charged, rehearsal.not_billed, rehearsal.refused) == (5, 1, 0)
    eur = rehearsal.sums["EUR"]
    assert (eur.customers, eur.net_minor, eur.tax_minor, eur.gross_minor, eur.buy_minor) == (2, 1800, 360, 2160, 800)
    assert rehearsal.taxes[vat, "JPY"].amount_minor == 289
    plan.charge(charge, rehearsal.digest)
    found = telco.find(TransactionFact)
    for currency, total in rehearsal.sums.items():
        ours = [t for t in found if t.currency == currency]
        assert (len(ours), sum(t.gross_minor for t in ours)) == (total.customers, total.gross_minor)


@pytest.mark.parametrize("change", ["amount", "member", "tax", "rate", "bill type"])
def test_a_stale_digest_is_refused_and_nothing_is_charged(plan: Plan, change: str, clock: TestClock) -> None:
    telco = plan.telco
    charge = plan.create()
    digest = plan.rehearse(charge).digest
    clock.advance(1)
    if change == "amount":
        telco.do(telco.change(charge, description="the same to pay"))
        assert plan.rehearse(charge).digest == digest
        telco.reprice(charge, "9.01")
    elif change == "member":
        telco.join(16, 71)
    elif change == "tax":
        telco.do(telco.tax("1"))
    elif change == "rate":
        with telco.store.unit_of_work(telco.tenant_id) as unit:
            unit.insert([ExchangeRateFact(telco.tenant_id, "USD", "EUR", clock.now(), "0.91")])
    else:
        telco.do(telco.customer_change(15, bill_type="postpaid"))
    with pytest.raises(DigestStale):
        plan.charge(charge, digest)
    assert plan.transactions() == {}
    assert plan.leftovers() == []
    plan.charge(charge, plan.rehearse(charge).digest)


def test_one_customers_charge_is_rehearsed_and_applied_likewise(plan: Plan) -> None:
    telco = plan.telco
    charge = telco.create(amount="9", customer=16)
    digest = plan.rehearse(charge).digest
    telco.reprice(charge, "10")
    with pytest.raises(DigestStale):
        telco.charge(charge, digest=digest)
    assert telco.charge(charge, digest=plan.rehearse(charge).digest).gross_minor == 1111


# Once.


def test_the_same_key_is_one_charging(plan: Plan) -> None:
    charge = plan.create()
    assert not plan.charge(charge, key="k1")
    assert plan.charge(charge, key="k1")
    other = plan.create()
    with pytest.raises(IdempotencyKeyReused):
        plan.charge(other, key="k1")
    assert len(plan.telco.find(TransactionFact)) == len(ALL_CHARGED)


def test_a_refused_charging_does_not_use_up_its_key(plan: Plan) -> None:
    charge = plan.create()
    plan.telco.join(17, 70)
    with pytest.raises(ExchangeRateMissing):
        plan.charge(charge, key="k1")
    plan.telco.join(17, 71)
    assert not plan.charge(charge, key="k1")


def test_many_calls_at_once_with_one_key_charge_once_and_all_are_answered(plan: Plan) -> None:
    charge = plan.create()
    answers: list[bool] = []

    def call() -> None:
        answers.append(plan.charge(charge, key="k1"))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False, *[True] * 7]
    assert plan.transactions() == ALL_CHARGED


def test_many_calls_at_once_without_a_key_charge_once(plan: Plan) -> None:
    charge = plan.create()
    answers: list[str] = []

    def call() -> None:
        try:
            plan.charge(charge)
            answers.append("charged")
        except (ChargeUnderWay, AlreadyCharged):
            answers.append("refused")

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["charged", *["refused"] * 7]
    assert plan.transactions() == ALL_CHARGED


# Left half done.


def begin(plan: Plan, charge: int, monkeypatch: pytest.MonkeyPatch, until: str, **more: Any) -> None:
    """Charge, and go away at this crash point."""

    class GoneError(Exception):
        pass

    def reach(point: str) -> None:
        if point == until:
            raise GoneError

    with monkeypatch.context() as patched:
        patched.setattr(everybody_module, "PART", 2)
        patched.setattr(everybody_module.crash_points, "reach", reach)
        with pytest.raises(GoneError):
            plan.charge(charge, **more)


def test_what_was_left_before_the_decision_is_given_up(
    plan: Plan, runner: Runner, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = plan.create()
    begin(plan, charge, monkeypatch, "plan-staged")
    with pytest.raises(ChargeUnderWay):
        plan.charge(charge)
    clock.advance(60)
    runner.run()
    assert plan.transactions() == {}
    assert plan.leftovers() == []
    plan.charge(charge)
    assert plan.transactions() == ALL_CHARGED


@pytest.mark.parametrize("point", ["plan-decided", "plan-half-charged"])
def test_what_was_left_after_the_decision_is_finished(
    plan: Plan, runner: Runner, clock: TestClock, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    charge = plan.create()
    begin(plan, charge, monkeypatch, point)
    clock.advance(60)
    runner.run()
    assert plan.transactions() == ALL_CHARGED
    assert plan.leftovers() == []


def test_the_same_key_goes_on_with_what_was_left(plan: Plan, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    charge = plan.create()
    begin(plan, charge, monkeypatch, "plan-half-charged", key="k1")
    clock.advance(60)
    assert plan.charge(charge, key="k1")
    assert plan.transactions() == ALL_CHARGED


def test_meanwhile_nothing_of_the_charge_falls_due(
    plan: Plan, runner: Runner, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    telco = plan.telco
    charge = plan.create(period="monthly")
    runner.run()
    begin(plan, charge, monkeypatch, "plan-decided")
    clock.advance(32 * 86400)
    assert telco.do(RunDue(tenant_id=telco.tenant_id, count=100)).count == 0
    assert telco.do(RunDue(tenant_id=telco.tenant_id, count=100)).count == 0
    runner.run()
    occurrences = [(o.customer_number, o.occurrence_key) for o in telco.find(OccurrenceFact)]
    assert len(occurrences) == len(set(occurrences)) == 2 * len(ALL_CHARGED)


def test_whoever_is_deleted_after_the_decision_is_charged_still(
    plan: Plan, runner: Runner, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = plan.create()
    begin(plan, charge, monkeypatch, "plan-decided")
    plan.telco.delete_customer(16)
    clock.advance(60)
    runner.run()
    assert plan.transactions() == ALL_CHARGED


def test_two_who_finish_the_same_run_charge_once(plan: Plan, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    telco = plan.telco
    charge = plan.create()
    begin(plan, charge, monkeypatch, "plan-decided")
    (run,) = telco.find(PlanRunFact)
    commands = [ApplyPlanRun(tenant_id=telco.tenant_id, plan_run_id=run.plan_run_id, count=2)] * 6
    outcomes = telco.ledger.execute_batch(telco.tenant_id, commands)
    assert [outcome.result.count for outcome in outcomes] == [2, 2, 1, 0, 0, 0]  # type: ignore[union-attr]
    assert plan.transactions() == ALL_CHARGED


# By itself.


def test_a_plans_charge_without_a_period_falls_due_for_all_at_once(
    plan: Plan, runner: Runner, clock: TestClock
) -> None:
    charge = plan.create()
    clock.advance(3599)
    assert runner.run().plans == 0
    clock.advance(1)
    assert runner.run().plans == 1
    assert plan.transactions() == ALL_CHARGED
    plan.telco.join(17, 71)
    clock.advance(10**6)
    assert runner.run().plans == 0
    (row,) = plan.telco.find(ScheduleFact, charge_id=charge)
    assert (row.customer_number, row.state) == (0, "done")


def test_what_cannot_be_charged_to_all_is_parked_for_all(plan: Plan, runner: Runner, clock: TestClock) -> None:
    charge = plan.create()
    plan.telco.join(17, 70)
    clock.advance(3600)
    assert runner.run().parked == 1
    assert plan.transactions() == {}
    (row,) = plan.telco.find(ScheduleFact, charge_id=charge)
    assert (row.state, row.reason) == ("parked", "There is no exchange rate from EUR to GBP.")


def test_nobody_is_charged_as_a_customer_of_no_number(plan: Plan, runner: Runner, clock: TestClock) -> None:
    plan.create(period="once")
    clock.advance(40 * 86400)
    runner.run()
    assert plan.telco.find(CustomerFact, number=0) == []
    assert set(plan.transactions()) == set(ALL_CHARGED)

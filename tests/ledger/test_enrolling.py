"""Schedules stay in step with charges and customers, through every door, also where the run has been down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.harness import TestClock, provision
from tests.ledger.telco import ROOT, Telco
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.commands import UndeleteCustomer
from tollhouse.ledger.commands.plan_runs import StartPlanRun
from tollhouse.ledger.commands.schedules import Enrol
from tollhouse.ledger.facts import ChargeFact, OccurrenceFact, ScheduleFact, TransactionFact
from tollhouse.ledger.refusals import AlreadyCharged
from tollhouse.workers.runner import Runner

#: TestClock starts at 2026-03-01 12:00 UTC; telco's time zone is Europe/Berlin.
FILE = '[tenant]\nslug = "telco"\n'


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


class Story:
    """A tenant, its runner, and the clock that both live by."""

    def __init__(self, telco: Telco, runner: Runner, clock: TestClock) -> None:
        self.telco = telco
        self.runner = runner
        self.clock = clock

    def wait(self, text: str) -> None:
        """The time comes, and no run."""
        self.clock.now_us = at(text)

    def until(self, text: str) -> int:
        """Run at this time; how many occurrences were charged."""
        self.wait(text)
        return self.runner.run().charged

    def apply(self, text: str) -> None:
        provision(self.telco.store, FILE + text, self.clock)

    def of_plan(self, **more: Any) -> int:
        """A new charge on the plan 70, on which Nora (11) is."""
        return self.telco.create(customer=0, plan_number=70, **{"amount": "10", "period": "monthly", **more})

    def keys(self, charge_id: int, customer: int = 11) -> list[str]:
        found = self.telco.find(OccurrenceFact, charge_id=charge_id, customer_number=customer)
        return sorted(o.occurrence_key for o in found)

    def due(self, charge_id: int, customer: int = 11) -> tuple[str, str]:
        """What comes next: the key and the UTC time."""
        (row,) = self.telco.find(ScheduleFact, charge_id=charge_id, customer_number=customer)
        return (row.next_key, datetime.fromtimestamp(row.due_at / 1_000_000, UTC).strftime("%m-%d %H:%M"))


@pytest.fixture
def story(telco: Telco, runner: Runner, clock: TestClock) -> Story:
    return Story(telco, runner, clock)


# By a file.


def test_a_tenants_time_zone_by_a_file_moves_what_falls_due_where_customers_have_none_of_their_own(
    story: Story,
) -> None:
    own, theirs = story.telco.create(amount="5", period="monthly"), story.of_plan()
    story.telco.rezone(12, "Asia/Tokyo")
    zoned = story.telco.create(customer=12, amount="5", period="monthly")
    assert story.until("2026-04-01 06:00") == 3
    story.apply('timezone = "America/Los_Angeles"\n')
    story.runner.run()
    assert story.due(own) == story.due(theirs) == ("2026-05-01", "05-01 07:00")
    assert story.due(zoned, 12) == ("2026-05-01", "04-30 15:00")
    story.apply('timezone = "Pacific/Auckland"\n')
    assert story.until("2026-06-30 23:00") == 9
    keys = [f"2026-{month:02}-01" for month in (4, 5, 6, 7)]
    assert story.keys(own) == story.keys(theirs) == story.keys(zoned, 12) == keys


def test_a_tenants_time_zone_that_changes_while_no_run_looks_leaves_nothing_out(story: Story) -> None:
    charge = story.of_plan()
    story.runner.run()
    story.wait("2026-03-31 12:00")
    story.apply('timezone = "Pacific/Auckland"\n')
    assert story.until("2026-05-15 00:00") == 2
    assert story.keys(charge) == ["2026-04-01", "2026-05-01"]
    found = story.telco.find(TransactionFact, order=("effective_at",))
    assert [t.effective_at for t in found] == [at("2026-03-31 11:00"), at("2026-04-30 12:00")]


def test_a_file_that_changes_nothing_of_the_tenant_touches_no_schedule(story: Story) -> None:
    charge = story.of_plan()
    story.runner.run()
    story.apply('timezone = "Europe/Berlin"\nsession_window_minutes = 5\n')
    (found,) = story.telco.find(ChargeFact, charge_id=charge)
    assert found.enrolling_from is None


def test_a_customers_plan_by_a_file_counts_from_the_next_boundary(story: Story) -> None:
    charge = story.of_plan()
    assert story.until("2026-04-10 00:00") == 1
    story.apply('[[customers]]\nnumber = 11\nplan = "telco-basic"\n[[customers]]\nnumber = 16\nplan = "north-basic"\n')
    story.apply('[[customers]]\nnumber = 99\nparent = 10\nplan = "north-basic"\ntimezone = "Asia/Tokyo"\n')
    assert story.due(charge, 99) == ("2026-05-01", "04-30 15:00")
    assert story.until("2026-05-02 00:00") == 2
    assert (story.keys(charge), story.keys(charge, 16)) == (["2026-04-01"], ["2026-05-01"])


def test_a_customers_time_zone_by_a_file_moves_the_instant(story: Story) -> None:
    charge = story.telco.create(amount="5", period="monthly")
    story.apply('[[customers]]\nnumber = 11\ntimezone = "Asia/Kathmandu"\n')
    assert story.due(charge) == ("2026-04-01", "03-31 18:15")


# Charges that change.


def test_a_start_that_is_put_off_charges_nothing_before_it(story: Story) -> None:
    charge = story.telco.create(amount="5", period="monthly")
    story.telco.do(story.telco.change(charge, start_at=at("2026-06-15 00:00")))
    assert story.until("2026-08-02 00:00") == 2
    assert story.keys(charge) == ["2026-07-01", "2026-08-01"]


def test_a_start_that_comes_sooner_leaves_out_no_period(story: Story) -> None:
    charge = story.telco.create(amount="5", period="monthly", start_at=at("2026-08-15 00:00"))
    story.telco.do(story.telco.change(charge, start_at=at("2026-04-15 00:00")))
    assert story.until("2026-07-02 00:00") == 3
    assert story.keys(charge) == ["2026-05-01", "2026-06-01", "2026-07-01"]


def test_what_no_schedule_depends_on_touches_none(story: Story) -> None:
    charge = story.of_plan()
    story.runner.run()
    story.telco.do(story.telco.change(charge, name="Other", description="Other", currency="USD"))
    story.telco.reprice(charge, "11")
    (found,) = story.telco.find(ChargeFact, charge_id=charge)
    assert found.enrolling_from is None


@pytest.mark.parametrize("period", ["", "once"])
def test_what_comes_to_be_owed_every_month_is_not_owed_for_the_months_before(story: Story, period: str) -> None:
    own = story.telco.create(amount="5", period=period)
    theirs = story.of_plan(period=period)
    assert story.until("2026-04-10 00:00") == 1
    story.wait("2026-06-15 00:00")
    for charge in (own, theirs):
        story.telco.do(story.telco.change(charge, period="monthly"))
    assert story.until("2026-06-20 00:00") == 0
    assert story.until("2026-07-20 00:00") == 2
    assert story.keys(own) == story.keys(theirs) == ["#1", "2026-07-01"]


def test_what_was_owed_every_month_and_then_once_is_owed_once_by_who_was_never_charged(story: Story) -> None:
    charge = story.of_plan()
    story.until("2026-04-10 00:00")
    story.telco.join(15, 70)
    story.telco.do(story.telco.change(charge, period=""))
    assert story.runner.run().plans == 1
    assert (story.keys(charge), story.keys(charge, 15)) == (["2026-04-01"], ["#1"])
    (transaction,) = story.telco.find(TransactionFact, customer_number=15)
    assert transaction.effective_at == story.clock.now(), "not before the change"


def test_a_change_while_no_run_looks_counts_from_the_change(story: Story) -> None:
    charge = story.of_plan(period="quarterly")
    assert story.until("2026-04-10 00:00") == 1
    story.telco.do(story.telco.change(charge, period="annually"))
    assert story.until("2027-02-10 00:00") == 1
    assert story.keys(charge) == ["2026-04-01", "2027-01-01"]


def test_a_charge_that_is_made_while_no_run_looks_is_owed_from_then_on_by_who_was_there(story: Story) -> None:
    charge = story.of_plan()
    story.wait("2026-05-15 00:00")
    story.telco.join(16, 70)
    assert story.until("2026-06-02 00:00") == 4
    assert story.keys(charge) == ["2026-04-01", "2026-05-01", "2026-06-01"]
    assert story.keys(charge, 16) == ["2026-06-01"]


def test_a_charge_of_many_is_made_in_parts_and_charged_when_all_are_there(story: Story) -> None:
    members = (12, 13, 14, 15, 16)
    for number in members:
        story.telco.join(number, 70)
    charge = story.of_plan()
    command = Enrol(tenant_id=story.telco.tenant_id, charge_id=charge, count=4)
    story.wait("2026-04-10 00:00")
    assert (story.telco.do(command).count, story.telco.do(command).is_complete) == (4, True)
    assert story.telco.do(command).count == 0
    assert story.until("2026-04-10 00:00") == 5, "one is not billed"


# Charged by hand while the run is down.


@pytest.mark.parametrize("is_plan", [False, True])
def test_what_fell_due_before_is_charged_still_when_a_later_period_is_charged_by_hand(
    story: Story, is_plan: bool, everybody: Everybody
) -> None:
    charge = story.of_plan(amount="30") if is_plan else story.telco.create(amount="30", period="monthly")
    story.wait("2026-06-16 00:00")
    if is_plan:
        everybody.charge(StartPlanRun(tenant_id=story.telco.tenant_id, charge_id=charge, caller=ROOT))
    else:
        story.telco.charge(charge)
    assert story.until("2026-07-02 00:00") == 3
    assert story.keys(charge) == ["2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01"]
    grosses = {t.gross_minor for t in story.telco.find(TransactionFact)}
    assert grosses == {3000, 1500}


def test_a_longer_period_that_begins_with_a_charged_one_is_not_charged_by_hand(story: Story) -> None:
    charge = story.telco.create(amount="30", period="quarterly")
    story.telco.charge(charge)
    story.wait("2026-04-20 00:00")
    story.telco.do(story.telco.change(charge, period="annually"))
    with pytest.raises(AlreadyCharged):
        story.telco.charge(charge)
    assert story.until("2027-01-02 00:00") == 1
    assert story.keys(charge) == ["2026-01-01", "2027-01-01"]


# Customers who go and come back.


def test_who_was_deleted_is_not_charged_for_that_time(story: Story) -> None:
    own, theirs = story.telco.create(amount="5", period="monthly"), story.of_plan()
    assert story.until("2026-04-10 00:00") == 2
    story.telco.delete_customer(11)
    assert story.until("2026-06-10 00:00") == 0
    story.telco.do(UndeleteCustomer(tenant_id=story.telco.tenant_id, caller=ROOT, customer_number=11))
    assert story.until("2026-06-20 00:00") == 0
    assert story.until("2026-07-10 00:00") == 2
    assert story.keys(own) == story.keys(theirs) == ["2026-04-01", "2026-07-01"]


def test_who_leaves_and_comes_back_within_a_period_is_charged_once_for_it(story: Story) -> None:
    charge = story.of_plan()
    assert story.until("2026-04-10 00:00") == 1
    story.telco.join(11, 71)
    story.telco.join(11, 70)
    assert story.until("2026-04-20 00:00") == 0
    assert story.until("2026-05-02 00:00") == 1
    assert story.keys(charge) == ["2026-04-01", "2026-05-01"]


def test_who_comes_back_owes_no_period_that_fell_due_meanwhile_and_was_not_charged(story: Story) -> None:
    charge = story.of_plan()
    story.runner.run()
    story.wait("2026-04-10 00:00")
    story.telco.join(11, 71)
    story.wait("2026-04-20 00:00")
    story.telco.join(11, 70)
    assert story.until("2026-05-02 00:00") == 1
    assert story.keys(charge) == ["2026-05-01"]

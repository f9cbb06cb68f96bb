"""What falls due by itself, over both engines."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.harness import TestClock
from tests.ledger.telco import NORTH, ROOT, Telco
from tollhouse.ledger.commands.schedules import RetryParked, RunDue
from tollhouse.ledger.facts import ExchangeRateFact, OccurrenceFact, ScheduleFact, TransactionFact
from tollhouse.ledger.refusals import AlreadyCharged
from tollhouse.workers.runner import Runner

#: TestClock starts at 2026-03-01 12:00 UTC; telco's time zone is Europe/Berlin.


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


class Story:
    """A tenant, its runner, and the clock that both live by."""

    def __init__(self, telco: Telco, runner: Runner, clock: TestClock) -> None:
        self.telco = telco
        self.runner = runner
        self.clock = clock

    def until(self, text: str) -> int:
        """Run at this time; how many occurrences were charged."""
        self.clock.now_us = at(text)
        return self.runner.run().charged

    def charged(self, charge_id: int, customer: int = 11) -> list[tuple[str, int]]:
        """The occurrences of a charge, and the gross amount of each."""
        found = self.telco.find(
            OccurrenceFact, charge_id=charge_id, customer_number=customer, order=("occurrence_key",)
        )
        return [(o.occurrence_key, self.telco.transaction(o.transaction_id).gross_minor) for o in found]

    def schedule(self, charge_id: int, customer: int = 11) -> Any:
        (row,) = self.telco.find(ScheduleFact, charge_id=charge_id, customer_number=customer)
        return row


@pytest.fixture
def story(telco: Telco, runner: Runner, clock: TestClock) -> Story:
    return Story(telco, runner, clock)


def test_a_monthly_charge_falls_due_at_each_local_midnight_of_a_first(story: Story) -> None:
    charge = story.telco.create(amount="30", period="monthly")
    assert story.until("2026-03-31 21:59:59") == 0
    assert story.until("2026-03-31 22:00:00") == 1
    assert story.until("2026-04-30 21:59:59") == 0
    assert story.until("2026-04-30 22:00:00") == 1
    assert story.charged(charge) == [("2026-04-01", 3000), ("2026-05-01", 3000)]


def test_running_again_charges_nothing(story: Story) -> None:
    story.telco.create(amount="30", period="monthly")
    assert story.until("2026-04-01 12:00") == 1
    assert story.until("2026-04-01 12:00") == 0
    assert story.until("2026-04-01 11:00") == 0


def test_two_runs_in_one_batch_charge_once_and_neither_takes_it_for_the_end(story: Story) -> None:
    """The second is told that something was due: more may be, and only none at all is the end."""
    telco = story.telco
    charges = [telco.create(amount="30", period="monthly") for _ in range(3)]
    story.clock.now_us = at("2026-04-01 12:00")
    command = RunDue(tenant_id=telco.tenant_id, count=2)

    def run_twice() -> list[tuple[int, int]]:
        outcomes = telco.ledger.execute_batch(telco.tenant_id, [command, command])
        return [(outcome.result.count, outcome.result.charged) for outcome in outcomes]  # type: ignore[union-attr]

    assert [run_twice(), run_twice(), run_twice()] == [[(2, 2), (2, 0)], [(1, 1), (1, 0)], [(0, 0), (0, 0)]]
    assert [story.charged(charge) for charge in charges] == [[("2026-04-01", 3000)]] * 3


def test_what_was_missed_is_caught_up_in_order(story: Story) -> None:
    charge = story.telco.create(amount="30", period="monthly")
    assert story.until("2026-09-15 00:00") == 6
    assert [key for key, _ in story.charged(charge)] == [f"2026-{month:02}-01" for month in range(4, 10)]
    found = story.telco.find(TransactionFact, charge_id=charge, order=("transaction_id",))
    assert [t.effective_at for t in found] == sorted(t.effective_at for t in found)
    assert {t.recorded_at for t in found} == {at("2026-09-15 00:00")}


def test_what_is_left_of_the_first_period_is_charged_by_hand_and_the_rest_by_the_run(story: Story) -> None:
    charge = story.telco.create(amount="31", period="monthly")
    assert story.telco.charge(charge).gross_minor == 3100
    with pytest.raises(AlreadyCharged):
        story.telco.charge(charge)
    assert story.until("2026-05-01 12:00") == 2
    assert story.charged(charge) == [("2026-03-01", 3100), ("2026-04-01", 3100), ("2026-05-01", 3100)]


def test_a_period_that_the_run_charged_is_not_charged_by_hand(story: Story) -> None:
    charge = story.telco.create(amount="30", period="monthly")
    story.until("2026-04-10 12:00")
    with pytest.raises(AlreadyCharged):
        story.telco.charge(charge)


@pytest.mark.parametrize(
    ("period", "amount", "now", "net_minor"),
    [
        ("monthly", "30.00", "2026-06-16 12:00", 1500),
        ("quarterly", "90.00", "2026-05-16 12:00", 4549),
        ("annually", "365.00", "2026-12-01 12:00", 3100),
        ("monthly", "30.00", "2026-06-01 12:00", 3000),
    ],
)
def test_by_hand_only_what_is_left_of_the_period_is_charged(
    story: Story, period: str, amount: str, now: str, net_minor: int
) -> None:
    story.clock.now_us = at(now)
    charge = story.telco.create(amount=amount, buy=amount, period=period)
    transaction = story.telco.charge(charge)
    assert (transaction.net_minor, transaction.buy_minor) == (net_minor, net_minor)


def test_only_days_before_the_end_are_charged_by_hand_and_only_periods_that_begin_before_it_by_the_run(
    story: Story,
) -> None:
    story.clock.now_us = at("2026-06-16 12:00")
    charge = story.telco.create(amount="30", period="monthly", end_at=at("2026-07-10 22:00"))
    assert story.telco.charge(charge).net_minor == 1500
    assert story.until("2026-12-01 12:00") == 1
    assert [key for key, _ in story.charged(charge)] == ["2026-06-01", "2026-07-01"]
    short = story.telco.create(amount="31", period="monthly", end_at=at("2026-12-10 23:00"))
    assert story.telco.charge(short).net_minor == 1000


def test_a_number_ends_a_recurring_charge_and_what_was_charged_by_hand_counts(story: Story) -> None:
    charge = story.telco.create(amount="31", period="monthly", number_max=3)
    story.telco.charge(charge)
    assert story.until("2026-12-01 12:00") == 2
    assert story.schedule(charge).state == "done"


def test_counted_from_the_start_month_ends_do_not_drift(story: Story, telco: Telco) -> None:
    telco.count_from_start()
    charge = telco.create(amount="10", period="monthly", start_at=at("2027-01-31 11:00"))
    assert story.until("2027-01-31 10:59:59") == 0
    assert story.until("2027-01-31 11:00") == 1
    assert story.until("2027-06-01 12:00") == 4
    days = ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]
    assert [key for key, _ in story.charged(charge)] == days


def test_counted_from_the_start_a_charge_from_now_waits_for_the_grace(story: Story, telco: Telco) -> None:
    telco.count_from_start()
    charge = telco.create(amount="10", period="monthly")
    assert story.until("2026-03-01 12:59:59") == 0
    assert story.until("2026-03-01 13:00") == 1
    assert story.charged(charge) == [("2026-03-01", 1000)]


def test_immediately_is_one_hour_after_creation_and_once(story: Story) -> None:
    charge = story.telco.create(amount="5")
    assert story.until("2026-03-01 12:59:59") == 0
    assert story.until("2026-03-01 13:00:00") == 1
    assert story.until("2027-01-01 00:00") == 0
    assert story.charged(charge) == [("#1", 500)]


def test_once_falls_due_at_its_start_or_else_with_the_next_month(story: Story) -> None:
    dated = story.telco.create(amount="5", period="once", start_at=at("2026-03-05 10:00"))
    plain = story.telco.create(amount="6", period="once")
    assert story.until("2026-03-05 09:59:59") == 0
    assert story.until("2026-03-05 10:00") == 1
    assert story.until("2026-03-31 21:59:59") == 0
    assert story.until("2026-03-31 22:00") == 1
    assert (story.charged(dated), story.charged(plain)) == ([("#1", 500)], [("#1", 600)])


@pytest.mark.parametrize("period", ["", "once"])
def test_what_was_charged_by_hand_does_not_fall_due_again(story: Story, period: str) -> None:
    charge = story.telco.create(amount="5", period=period)
    story.telco.charge(charge)
    story.telco.do(story.telco.change(charge, name="Another name"))
    assert story.until("2027-01-01 00:00") == 0


def test_a_deleted_charge_falls_due_no_more(story: Story) -> None:
    charge = story.telco.create(amount="5", period="monthly")
    assert story.until("2026-04-02 00:00") == 1
    story.telco.do(story.telco.deletion(charge))
    assert story.until("2027-01-01 00:00") == 0


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu"])
def test_a_changed_time_zone_charges_no_period_twice_and_skips_none(story: Story, zone: str) -> None:
    charge = story.telco.create(amount="5", period="monthly")
    story.until("2026-04-30 23:00")
    story.telco.rezone(11, zone)
    story.until("2026-05-31 12:00")
    story.telco.rezone(11, "Europe/Berlin")
    story.until("2026-08-15 12:00")
    assert [key for key, _ in story.charged(charge)] == [f"2026-{month:02}-01" for month in range(4, 9)]


def test_one_broken_charge_is_parked_with_its_reason_and_holds_up_no_other(story: Story) -> None:
    telco = story.telco
    broken = telco.create(customer=16, amount="9", period="monthly", start_at=at("2026-03-31 21:00"))
    good = telco.create(amount="5", period="monthly")
    with telco.store.unit_of_work(telco.tenant_id) as unit:
        unit.remove(ExchangeRateFact, from_currency="USD")
    assert story.until("2026-04-02 00:00") == 1
    row = story.schedule(broken, 16)
    assert (row.state, row.tries, row.reason) == ("parked", 1, "There is no exchange rate from EUR to USD.")
    assert story.charged(good) == [("2026-04-01", 500)]

    assert story.until("2026-05-02 00:00") == 1
    assert telco.do(RetryParked(tenant_id=telco.tenant_id)).count == 1
    assert story.until("2026-05-02 00:01") == 0
    assert story.schedule(broken, 16).tries == 2
    with telco.store.unit_of_work(telco.tenant_id) as unit:
        unit.insert([ExchangeRateFact(telco.tenant_id, "USD", "EUR", 0, "0.90")])
    assert telco.do(RetryParked(tenant_id=telco.tenant_id, charge_id=broken, customer_number=16)).count == 1
    assert story.until("2026-05-02 00:02") == 2
    assert story.charged(broken, 16) == [("2026-04-01", 1000), ("2026-05-01", 1000)]


def test_customers_that_are_not_billed_have_their_schedule_moved_on(story: Story) -> None:
    charge = story.telco.create(customer=14, amount="5", period="monthly")
    assert story.until("2026-06-02 00:00") == 0
    assert story.schedule(charge, 14).next_key == "2026-07-01"


def test_a_changed_definition_counts_from_the_next_period_on(story: Story) -> None:
    charge = story.telco.create(amount="5", period="monthly")
    story.until("2026-04-10 00:00")
    story.telco.do(story.telco.change(charge, period="quarterly", amount=Decimal(12)))
    assert story.until("2026-06-30 00:00") == 0
    assert story.until("2026-07-02 00:00") == 1
    assert story.charged(charge) == [("2026-04-01", 500), ("2026-07-01", 1200)]


def test_everybody_on_a_plan_is_charged_each_by_their_own_midnight(story: Story) -> None:
    telco = story.telco
    charge = telco.create(customer=0, plan_number=70, amount="10", period="monthly", caller=ROOT)
    story.runner.run()
    assert [row.customer_number for row in telco.find(ScheduleFact, charge_id=charge)] == [11]
    telco.join(12, 70)
    telco.rezone(12, "Asia/Tokyo")
    assert story.until("2026-03-31 14:59:59") == 0
    assert story.until("2026-03-31 15:00") == 1
    assert story.until("2026-03-31 22:00") == 1
    assert (story.charged(charge), story.charged(charge, 12)) == ([("2026-04-01", 1000)], [("2026-04-01", 1605)])


def test_who_leaves_a_plan_is_charged_no_more_and_who_joins_from_the_next_boundary(story: Story) -> None:
    telco = story.telco
    charge = telco.create(customer=0, plan_number=70, amount="10", period="monthly")
    assert story.until("2026-04-02 00:00") == 1
    telco.join(11, 71)
    telco.join(16, 70)
    assert story.until("2026-04-20 00:00") == 0
    assert story.until("2026-05-02 00:00") == 1
    assert story.charged(charge, 16) == [("2026-05-01", 1111)]
    telco.join(11, 70)
    assert story.until("2026-06-02 00:00") == 2
    assert [key for key, _ in story.charged(charge)] == ["2026-04-01", "2026-06-01"]


def test_a_reseller_charges_what_is_below_it(story: Story) -> None:
    charge = story.telco.create(customer=0, plan_number=70, amount="10", period="monthly", caller=NORTH)
    assert story.until("2026-04-02 00:00") == 1
    assert story.charged(charge) == [("2026-04-01", 1000)]

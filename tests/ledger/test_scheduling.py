"""When a charge falls due next: first, after an occurrence, and after its charge or customer changed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.store.facts import row
from tollhouse.ledger.clock import MINUTE
from tollhouse.ledger.facts import ChargeFact, CustomerFact, ScheduleFact, TenantFact
from tollhouse.ledger.scheduling import (
    ONCE,
    Due,
    anchor_on,
    due_after,
    due_from,
    first_due,
    period_of,
    rescheduled,
    scheduled,
    zone_of,
)

BERLIN = "Europe/Berlin"
AUCKLAND = "Pacific/Auckland"
LOS_ANGELES = "America/Los_Angeles"
TENANT = row(TenantFact, 1, timezone=BERLIN, anchor="calendar", empty_period_grace_minutes=60)
HOUR = 60 * MINUTE
LAST = date.max.isoformat()


def at(text: str) -> int:
    """The instant of a UTC time; 0 of an empty text."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000 if text else 0


MADE = at("2026-03-10 12:00")


def charge(period: str = "monthly", *, start: str = "", end: str = "", made: int = MADE, **given: Any) -> ChargeFact:
    """A charge of one customer, made on 10 March 2026 at noon in UTC; its periods are those of the calendar."""
    anchor = given.pop("anchor", "calendar")
    zone = given.pop("zone", BERLIN)
    values: dict[str, Any] = {
        "period": period,
        "start_at": at(start),
        "end_at": at(end),
        "created_at": made,
        "anchor": anchor,
        "anchor_on": anchor_on(anchor, at(start), made, zone).isoformat(),
        "number_max": 0,
        "plan_number": 0,
        "deleted_at": None,
        **given,
    }
    return row(ChargeFact, 1, **values)


def first(asked: ChargeFact, zone: str = BERLIN, joined: int | None = None) -> tuple[str, str] | None:
    return told(first_due(TENANT, asked, zone, asked.created_at if joined is None else joined))


def told(due: Due | None) -> tuple[str, str] | None:
    """The key and the UTC time."""
    return None if due is None else (due.key, text_of(due.due_at))


def text_of(instant: int) -> str:
    return datetime.fromtimestamp(instant // 1_000_000, UTC).isoformat(" ").removesuffix("+00:00").removesuffix(":00")


# First.


@pytest.mark.parametrize(
    ("period", "due"),
    [
        ("monthly", ("2026-04-01", "2026-03-31 22:00")),
        ("quarterly", ("2026-04-01", "2026-03-31 22:00")),
        ("annually", ("2027-01-01", "2026-12-31 23:00")),
        ("once", (ONCE, "2026-03-31 22:00")),
        ("", (ONCE, "2026-03-10 13:00")),
    ],
)
def test_without_a_start_the_next_boundary_and_at_once_after_the_grace(period: str, due: tuple[str, str]) -> None:
    assert first(charge(period)) == due


@pytest.mark.parametrize(
    ("period", "start", "due"),
    [
        ("monthly", "2026-05-15 00:00", ("2026-06-01", "2026-05-31 22:00")),
        ("monthly", "2026-05-31 22:00", ("2026-06-01", "2026-05-31 22:00")),
        ("monthly", "2026-05-31 22:00:01", ("2026-07-01", "2026-06-30 22:00")),
        ("quarterly", "2026-05-15 00:00", ("2026-07-01", "2026-06-30 22:00")),
        ("annually", "2026-05-15 00:00", ("2027-01-01", "2026-12-31 23:00")),
        ("once", "2026-05-15 03:04:05", (ONCE, "2026-05-15 03:04:05")),
        ("", "2026-05-15 03:04:05", (ONCE, "2026-05-15 03:04:05")),
        ("", "2026-03-10 12:30", (ONCE, "2026-03-10 13:00")),
        ("once", "2026-03-10 12:30", (ONCE, "2026-03-10 12:30")),
        ("once", "2026-03-10 11:59", (ONCE, "2026-03-10 13:00")),
        ("monthly", "2025-01-15 00:00", ("2026-04-01", "2026-03-31 22:00")),
    ],
)
def test_with_a_start_the_first_boundary_from_it_on_but_nothing_before_the_charge_was_made(
    period: str, start: str, due: tuple[str, str]
) -> None:
    assert first(charge(period, start=start)) == due


@pytest.mark.parametrize(
    ("period", "end", "is_due"),
    [
        ("monthly", "2026-03-31 22:00", False),
        ("monthly", "2026-03-31 22:00:01", True),
        ("once", "2026-03-31 22:00", False),
        ("once", "2026-03-31 22:00:01", True),
        ("", "2026-03-10 13:00", False),
        ("", "2026-03-10 13:00:01", True),
    ],
)
def test_what_would_begin_at_the_end_or_after_it_never_falls_due(period: str, end: str, is_due: bool) -> None:
    assert (first(charge(period, end=end)) is not None) is is_due


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-05-31 11:00", ("2026-05-31", "2026-05-31 11:00")),
        ("2026-05-30 22:00", ("2026-05-31", "2026-05-30 22:00")),
        ("", ("2026-03-10", "2026-03-10 13:00")),
        ("2026-03-10 12:00", ("2026-03-10", "2026-03-10 13:00")),
        ("2026-03-10 12:00:01", ("2026-03-10", "2026-03-10 12:00:01")),
        # Long before it was made: the anchor counts, the time before does not.
        ("2026-01-31 11:00", ("2026-03-31", "2026-03-30 22:00")),
    ],
)
def test_counted_from_the_start_the_first_period_begins_with_the_start_itself(start: str, due: tuple[str, str]) -> None:
    assert first(charge(start=start, anchor="start")) == due


def test_who_joins_later_waits_for_the_next_boundary_however_it_is_counted() -> None:
    joined = at("2026-07-05 00:00")
    assert first(charge(), joined=joined) == ("2026-08-01", "2026-07-31 22:00")
    assert first(charge(anchor="start"), joined=joined) == ("2026-07-10", "2026-07-09 22:00")
    assert first(charge(start="2026-09-15 00:00"), joined=joined) == ("2026-10-01", "2026-09-30 22:00")
    assert first(charge(start="2026-09-15 09:00", anchor="start"), joined=joined) == ("2026-09-15", "2026-09-15 09:00")


def test_what_is_owed_once_is_not_due_before_it_is_owed() -> None:
    assert first(charge(""), joined=MADE + 99 * HOUR) == (ONCE, text_of(MADE + 99 * HOUR))
    assert first(charge("", end="2026-03-10 13:01"), joined=MADE + 99 * HOUR) is None


@pytest.mark.parametrize(
    ("zone", "due_at"),
    [
        (AUCKLAND, "2026-03-31 11:00"),
        (LOS_ANGELES, "2026-04-01 07:00"),
        ("Asia/Kathmandu", "2026-03-31 18:15"),
        ("UTC", "2026-04-01 00:00"),
    ],
)
def test_a_day_begins_in_the_zone_that_is_asked(zone: str, due_at: str) -> None:
    assert first(charge(), zone) == ("2026-04-01", due_at)


def test_a_day_that_a_zone_leaves_out_begins_with_the_day_after_it() -> None:
    """Samoa went from 29 December 2011 to the 31st."""
    made = at("2011-11-30 12:00")
    asked = charge(made=made, anchor="start", zone="Pacific/Apia")
    assert first(asked, "Pacific/Apia", made + 1) == ("2011-12-30", "2011-12-30 10:00")
    assert told(due_after(TENANT, asked, "Pacific/Apia", "2011-12-30")) == ("2012-01-30", "2012-01-29 10:00")


def test_a_midnight_that_is_skipped_is_the_instant_of_the_jump() -> None:
    """In Cairo the clocks go forward at midnight, on 24 April 2026."""
    asked = charge(made=at("2026-03-24 06:00"), anchor="start", zone="Africa/Cairo")
    assert told(due_after(TENANT, asked, "Africa/Cairo", "2026-03-24")) == ("2026-04-24", "2026-04-23 22:00")


# After.


def test_after_an_occurrence_comes_the_next_boundary_counted_from_the_anchor() -> None:
    asked = charge(start="2027-01-31 11:00", anchor="start")
    keys = ["2027-01-31"]
    for _ in range(5):
        due = due_after(TENANT, asked, BERLIN, keys[-1])
        assert due is not None
        keys.append(due.key)
    assert keys[1:] == ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30"]


def test_after_the_last_that_begins_before_the_end_comes_nothing() -> None:
    asked = charge(end="2026-05-10 00:00")
    assert told(due_after(TENANT, asked, BERLIN, "2026-04-01")) == ("2026-05-01", "2026-04-30 22:00")
    assert due_after(TENANT, asked, BERLIN, "2026-05-01") is None


@pytest.mark.parametrize("period", ["", "once"])
def test_after_what_is_owed_once_comes_nothing(period: str) -> None:
    assert due_after(TENANT, charge(period), BERLIN, ONCE) is None


def test_from_where_all_is_covered_the_boundary_itself_or_the_next() -> None:
    assert told(due_from(TENANT, charge(), BERLIN, "2026-05-01")) == ("2026-05-01", "2026-04-30 22:00")
    assert told(due_from(TENANT, charge("quarterly"), BERLIN, "2026-05-01")) == ("2026-07-01", "2026-06-30 22:00")
    assert due_from(TENANT, charge(end="2026-04-20 00:00"), BERLIN, "2026-05-01") is None


def test_at_the_end_of_the_calendar_nothing_falls_due() -> None:
    assert due_after(TENANT, charge("annually"), BERLIN, "9999-01-01") is None
    assert due_from(TENANT, charge(), BERLIN, LAST) is None
    assert first(charge("annually", made=at("9999-02-01 00:00"))) is None
    assert period_of(TENANT, charge(), date.max).until == date.max


def test_a_charge_that_was_made_before_anchors_were_kept_counts_from_where_it_would_have() -> None:
    old = charge(anchor="start", anchor_on="")
    assert told(due_after(TENANT, old, BERLIN, "2026-03-10")) == ("2026-04-10", "2026-04-09 22:00")


def test_a_customer_without_a_time_zone_has_the_tenants() -> None:
    assert zone_of(TENANT, row(CustomerFact, 1, timezone="")) == BERLIN
    assert zone_of(TENANT, row(CustomerFact, 1, timezone=AUCKLAND)) == AUCKLAND
    assert zone_of(TENANT, None) == BERLIN


# After a change.


def awaiting(asked: ChargeFact, key: str, due: str, *, covered: str = "", state: str = "active") -> ScheduleFact:
    schedule = scheduled(asked, 11, Due(key, at(due)), MADE, covered)
    schedule.state = state
    if state == "parked":
        schedule.reason, schedule.tries = "no rate", 3
    return schedule


def done(asked: ChargeFact, covered: str = "") -> ScheduleFact:
    return scheduled(asked, 11, None, MADE, covered)


def after(asked: ChargeFact, schedule: ScheduleFact, now: str, zone: str = BERLIN) -> tuple[str, str, str]:
    """State, key and time."""
    found = rescheduled(TENANT, asked, schedule, zone, at(now))
    assert found.covered_until == schedule.covered_until
    return (found.state, found.next_key, text_of(found.due_at) if found.due_at else "")


def test_nothing_changes_where_nothing_that_matters_did() -> None:
    for asked, schedule in (
        (charge(), awaiting(charge(), "2026-04-01", "2026-03-31 22:00")),
        (charge(), awaiting(charge(), "2026-04-01", "2026-03-31 22:00", covered="2026-04-01")),
        (charge("quarterly"), awaiting(charge(), "2026-07-01", "2026-06-30 22:00", covered="2026-07-01")),
        (charge("once"), awaiting(charge("once"), ONCE, "2026-03-31 22:00")),
        (charge(""), awaiting(charge(""), ONCE, "2026-03-10 13:00")),
        (charge(anchor="start"), awaiting(charge(), "2026-03-10", "2026-03-10 13:00")),
    ):
        found = rescheduled(TENANT, asked, schedule, BERLIN, at("2026-03-10 12:10"))
        assert (found.state, found.next_key, found.due_at) == ("active", schedule.next_key, schedule.due_at)


def test_what_was_due_already_stays_due() -> None:
    overdue = awaiting(charge(), "2026-04-01", "2026-03-31 22:00")
    assert after(charge(), overdue, "2026-08-20 00:00") == ("active", "2026-04-01", "2026-03-31 22:00")
    quarterly = charge("quarterly")
    assert after(quarterly, overdue, "2026-08-20 00:00") == ("active", "2026-04-01", "2026-03-31 22:00")


def test_what_was_due_and_of_which_a_later_period_was_charged_by_hand_stays_due() -> None:
    overdue = awaiting(charge(), "2026-04-01", "2026-03-31 22:00", covered="2026-09-01")
    assert after(charge(), overdue, "2026-08-20 00:00") == ("active", "2026-04-01", "2026-03-31 22:00")


def test_a_changed_period_counts_from_the_next_boundary_after_what_is_covered() -> None:
    schedule = awaiting(charge(), "2026-05-01", "2026-04-30 22:00", covered="2026-05-01")
    assert after(charge("quarterly"), schedule, "2026-04-10 00:00")[1] == "2026-07-01"
    covered = awaiting(charge("quarterly"), "2026-07-01", "2026-06-30 22:00", covered="2026-07-01")
    assert after(charge(), covered, "2026-04-10 00:00")[1] == "2026-07-01"
    fresh = awaiting(charge("annually"), "2027-01-01", "2026-12-31 23:00")
    assert after(charge(), fresh, "2026-04-10 00:00")[1] == "2026-05-01"


def test_a_start_that_is_put_off_puts_off_the_first_period() -> None:
    schedule = awaiting(charge(), "2026-04-01", "2026-03-31 22:00")
    later = charge(start="2026-06-15 00:00")
    assert after(later, schedule, "2026-03-12 00:00") == ("active", "2026-07-01", "2026-06-30 22:00")
    overdue = "2026-05-20 00:00"
    assert after(later, schedule, overdue) == ("active", "2026-07-01", "2026-06-30 22:00")


def test_a_start_that_comes_sooner_brings_the_first_period_forward_but_never_into_the_past() -> None:
    schedule = awaiting(charge(start="2026-08-15 00:00"), "2026-09-01", "2026-08-31 22:00")
    sooner = charge(start="2026-04-20 00:00")
    assert after(sooner, schedule, "2026-03-12 00:00")[1] == "2026-05-01"
    assert after(sooner, schedule, "2026-06-12 00:00")[1] == "2026-07-01"
    assert after(charge(), schedule, "2026-06-12 00:00")[1] == "2026-07-01"


def test_counted_from_another_start_the_first_period_begins_with_it() -> None:
    schedule = awaiting(charge(anchor="start"), "2026-03-10", "2026-03-10 13:00")
    later = charge(start="2026-06-15 09:30", anchor="start")
    assert after(later, schedule, "2026-03-10 12:30") == ("active", "2026-06-15", "2026-06-15 09:30")
    assert after(later, schedule, "2026-07-01 00:00") == ("active", "2026-07-15", "2026-07-14 22:00")


def test_an_end_stops_what_comes_and_without_it_the_next_boundary_comes_again() -> None:
    schedule = awaiting(charge(), "2026-05-01", "2026-04-30 22:00", covered="2026-05-01")
    ended = charge(end="2026-04-20 00:00")
    assert after(ended, schedule, "2026-04-10 00:00") == ("done", "", "")
    assert after(charge(), done(ended, "2026-05-01"), "2026-04-15 00:00")[1] == "2026-05-01"
    assert after(charge(), done(ended, "2026-05-01"), "2026-08-15 00:00")[1] == "2026-09-01"


def test_what_is_parked_stays_parked_with_its_reason_where_it_is_due_still() -> None:
    schedule = awaiting(charge(), "2026-04-01", "2026-03-31 22:00", state="parked")
    found = rescheduled(TENANT, charge(amount="7"), schedule, AUCKLAND, at("2026-06-01 00:00"))
    assert (found.state, found.next_key, found.reason, found.tries) == ("parked", "2026-04-01", "no rate", 3)
    found = rescheduled(TENANT, charge("annually"), schedule, BERLIN, at("2026-06-01 00:00"))
    assert (found.state, found.next_key, found.reason, found.tries) == ("active", "2027-01-01", "", 0)
    found = rescheduled(TENANT, charge(end="2026-03-20 00:00"), schedule, BERLIN, at("2026-06-01 00:00"))
    assert (found.state, found.next_key, found.reason) == ("done", "", "")


@pytest.mark.parametrize("period", ["", "once"])
def test_what_was_charged_once_is_not_due_again_whatever_it_becomes(period: str) -> None:
    assert after(charge(period), done(charge(period), ONCE), "2026-03-12 00:00")[0] == "done"
    assert after(charge(period), done(charge(), "2026-04-01"), "2026-04-12 00:00")[0] == "done"
    assert after(charge(), done(charge(period), ONCE), "2026-03-12 00:00")[1] == "2026-04-01"


def test_what_comes_to_be_owed_once_falls_due_at_the_change_not_before() -> None:
    monthly = awaiting(charge(), "2026-04-01", "2026-03-31 22:00")
    assert after(charge(""), monthly, "2026-03-12 06:00") == ("active", ONCE, "2026-03-12 06:00")
    assert after(charge("once"), monthly, "2026-03-12 06:00") == ("active", ONCE, "2026-03-31 22:00")
    assert after(charge("", end="2026-03-11 00:00"), monthly, "2026-03-12 06:00")[0] == "done"
    awaited = awaiting(charge(""), ONCE, "2026-03-10 13:00")
    assert after(charge(""), awaited, "2026-03-12 06:00") == ("active", ONCE, "2026-03-10 13:00")


# Another time zone.


def test_another_time_zone_moves_the_instant_and_not_the_key() -> None:
    schedule = awaiting(charge(), "2026-04-01", "2026-03-31 22:00", covered="2026-04-01")
    assert after(charge(), schedule, "2026-03-12 00:00", AUCKLAND) == ("active", "2026-04-01", "2026-03-31 11:00")
    assert after(charge(), schedule, "2026-03-12 00:00", LOS_ANGELES) == ("active", "2026-04-01", "2026-04-01 07:00")
    once = awaiting(charge("once"), ONCE, "2026-03-31 22:00")
    assert after(charge("once"), once, "2026-03-12 00:00", AUCKLAND) == ("active", ONCE, "2026-03-31 11:00")


def test_where_the_day_has_begun_already_in_the_new_zone_it_is_due_and_not_left_out() -> None:
    schedule = awaiting(charge(), "2026-04-01", "2026-04-01 07:00", covered="2026-04-01")
    assert after(charge(), schedule, "2026-03-31 12:00", AUCKLAND) == ("active", "2026-04-01", "2026-03-31 11:00")
    from_a_start = charge(start="2026-04-01 07:00")
    assert after(from_a_start, schedule, "2026-03-31 12:00", AUCKLAND) == ("active", "2026-04-01", "2026-04-01 07:00")


def test_where_the_day_is_yet_to_come_in_the_new_zone_what_was_charged_is_not_due_again() -> None:
    charged = awaiting(charge(), "2026-05-01", "2026-04-30 12:00", covered="2026-05-01")
    assert after(charge(), charged, "2026-03-31 12:00", LOS_ANGELES)[1] == "2026-05-01"
    assert after(charge(), done(charge(), "2026-05-01"), "2026-03-31 12:00", LOS_ANGELES)[1] == "2026-05-01"

"""The charge summary: what one more charge changes, compared with counting again."""

from __future__ import annotations

from functools import reduce
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.money import SUM_MINOR_MAX, OutOfRange
from tollhouse.domain.summaries import (
    EMPTY,
    ChargeSummary,
    Remaining,
    after_charge,
    after_refund,
    after_void,
)

SECOND = 1_000_000

charges = st.lists(st.tuples(st.integers(-(2**53) + 1, 2**53 - 1), st.integers(1, 6)), max_size=30)
"""Amount in minor units and instant: few instants, so that many are equal."""


def summary_of(*stored: tuple[int, int]) -> ChargeSummary:
    return reduce(lambda summary, charge: after_charge(summary, *charge), stored, EMPTY)


def test_nothing_charged_is_zero_and_none() -> None:
    assert summary_of() == ChargeSummary(0, 0, 0, None, None, None)
    assert EMPTY.average_minor is None


def test_charges_raise_count_and_sum() -> None:
    summary = summary_of((1999, 10 * SECOND), (500, 20 * SECOND))
    assert summary == ChargeSummary(2, 2499, 0, 10 * SECOND, 20 * SECOND, 500)
    assert summary.average_minor == 1250


def test_a_free_order_counts_as_a_charge() -> None:
    assert summary_of((0, 5)) == ChargeSummary(1, 0, 0, 5, 5, 0)


def test_first_and_last_follow_the_instant_not_the_arrival() -> None:
    assert summary_of((30, 30), (10, 10), (20, 20)) == ChargeSummary(3, 60, 0, 10, 30, 30)


def test_of_charges_at_one_instant_the_later_stored_is_the_last() -> None:
    assert summary_of((1, 7), (2, 7)).last_amount_minor == 2
    assert summary_of((2, 7), (1, 7)).last_amount_minor == 1


def test_a_negative_charge_lowers_the_sum_and_nothing_else() -> None:
    assert summary_of((1000, 10), (-300, 99), (-1, 1)) == ChargeSummary(1, 699, 0, 10, 10, 1000)
    alone = summary_of((-300, 99))
    assert alone == ChargeSummary(0, -300, 0, None, None, None)
    assert alone.average_minor is None


def test_a_charge_leaves_what_was_refunded_alone() -> None:
    before = ChargeSummary(1, 100, 40, 5, 5, 100)
    assert after_charge(before, 10, 6).refunded_minor == 40
    assert after_charge(before, -10, 6).refunded_minor == 40


@pytest.mark.parametrize("sign", [1, -1])
def test_the_sum_may_reach_its_bound_but_not_leave_it(sign: int) -> None:
    nearly = ChargeSummary(1, sign * (SUM_MINOR_MAX - 5), 0, 1, 1, 1)
    assert after_charge(nearly, sign * 5, 2).sum_minor == sign * SUM_MINOR_MAX
    with pytest.raises(OutOfRange):
        after_charge(nearly, sign * 6, 2)


@given(charges)
def test_the_summary_equals_counting_all_charges_again(stored: list[tuple[int, int]]) -> None:
    counted = [(amount, at) for amount, at in stored if amount >= 0]
    in_time = sorted(counted, key=lambda charge: charge[1])
    summary = summary_of(*stored)
    assert summary.count == len(counted)
    assert summary.sum_minor == sum(amount for amount, _ in stored)
    assert summary.first_at == (in_time[0][1] if in_time else None)
    assert (summary.last_amount_minor, summary.last_at) == (in_time[-1] if in_time else (None, None))


@given(charges, st.randoms(use_true_random=False))
def test_only_the_last_amount_may_depend_on_the_order(stored: list[tuple[int, int]], random: Random) -> None:
    shuffled = list(stored)
    random.shuffle(shuffled)
    one, other = summary_of(*stored), summary_of(*shuffled)
    assert (one.count, one.sum_minor, one.first_at, one.last_at) == (
        other.count,
        other.sum_minor,
        other.first_at,
        other.last_at,
    )


# Refunds and voids.


def test_what_remains_is_what_was_charged_less_what_was_paid_back() -> None:
    summary = after_refund(summary_of((1000, 10), (500, 20)), 499)
    assert summary == ChargeSummary(2, 1500, 499, 10, 20, 500)
    assert (summary.remaining_minor, summary.average_minor) == (1001, 501)


def test_the_average_of_what_remains_is_rounded_half_away_from_zero_below_it_too() -> None:
    assert ChargeSummary(2, 10, 13, 1, 1, 5).average_minor == -2


@pytest.mark.parametrize("amount", [1, 2**53 - 1])
def test_refunds_may_reach_the_bound_of_a_sum_but_not_leave_it(amount: int) -> None:
    nearly = ChargeSummary(1, SUM_MINOR_MAX, SUM_MINOR_MAX - amount, 1, 1, 1)
    assert after_refund(nearly, amount).remaining_minor == 0
    with pytest.raises(OutOfRange):
        after_refund(nearly, amount + 1)


@given(charges, st.randoms(use_true_random=False))
def test_a_void_charge_is_as_if_it_had_never_been(stored: list[tuple[int, int]], random: Random) -> None:
    places = [place for place, (amount, _) in enumerate(stored) if amount >= 0]
    if places:
        place = random.choice(places)
        others = summary_of(*stored[:place], *stored[place + 1 :])
        remaining = Remaining(others.first_at, others.last_at, others.last_amount_minor)
        assert after_void(summary_of(*stored), stored[place][0], remaining) == others


def test_without_a_charge_the_sum_may_reach_its_bound_but_not_leave_it() -> None:
    """Where credits are nearly as much as can be kept, a charge is needed to stay within."""
    nearly = ChargeSummary(1, 5 - SUM_MINOR_MAX, 0, 1, 1, 6)
    assert after_void(nearly, 5, Remaining(None, None, None)).sum_minor == -SUM_MINOR_MAX
    with pytest.raises(OutOfRange):
        after_void(nearly, 6, Remaining(None, None, None))


def test_a_summary_cannot_be_edited() -> None:
    with pytest.raises(AttributeError):
        EMPTY.count = 1  # type: ignore[misc]

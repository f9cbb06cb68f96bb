"""How many cards a customer may begin to save."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tollhouse.apis.pages.cards import BEGUN_MAX, BEGUN_SECONDS, REMEMBERED_MAX, Begun


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def customer(number: int, tenant_id: int = 1) -> Any:
    return SimpleNamespace(tenant_id=tenant_id, number=number)


def test_a_customer_may_begin_only_so_many_within_the_hour() -> None:
    clock = Clock()
    begun = Begun(clock)
    assert [begun.may_begin(customer(7)) for _ in range(BEGUN_MAX + 2)] == [True] * BEGUN_MAX + [False] * 2
    assert begun.may_begin(customer(8))
    assert begun.may_begin(customer(7, tenant_id=2))
    clock.now = BEGUN_SECONDS + 1
    assert begun.may_begin(customer(7))


def test_those_who_were_last_seen_longest_ago_are_forgotten_first() -> None:
    begun = Begun(Clock())
    for _ in range(BEGUN_MAX):
        begun.may_begin(customer(0))
    for number in range(1, REMEMBERED_MAX):
        begun.may_begin(customer(number))
    assert not begun.may_begin(customer(0))
    begun.may_begin(customer(REMEMBERED_MAX + 1))
    assert not begun.may_begin(customer(0))

"""The queue before the ledger: bounded, and whatever it accepts is answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tollhouse.ledger.commands import Command, Receipt
from tollhouse.ledger.group_commit import BATCH_WEIGHT_MAX, GroupCommit
from tollhouse.ledger.refusals import Overloaded


class Work(Command, frozen=True, kw_only=True):
    name: str
    facts: int = 1

    @property
    def weight(self) -> int:
        return self.facts


class SlowLedger:
    """Answers each command with its name, once it may go on; remembers its batches."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.has_begun = threading.Event()
        self.batches: list[tuple[int, list[str]]] = []

    def execute_batch(self, tenant_id: int, commands: Sequence[Work]) -> list[Receipt | Exception]:
        self.batches.append((tenant_id, [command.name for command in commands]))
        self.has_begun.set()
        assert self.may_go_on.wait(timeout=60)
        if any(command.name == "fault" for command in commands):
            raise ZeroDivisionError
        return [Receipt(command.name) for command in commands]


class Queue:
    """A group commit over the slow ledger; `answers` are what was delivered, by ticket."""

    def __init__(self, weight_max: int) -> None:
        self.ledger = SlowLedger()
        self.answers: dict[Any, Any] = {}
        self.observed: list[int] = []
        self.commits = GroupCommit(self.ledger, self._deliver, weight_max=weight_max, observe=self.observed.append)  # type: ignore[arg-type]
        self.commits.start()

    def _deliver(self, answers: Sequence[tuple[object, Any]]) -> None:
        self.answers.update((ticket, getattr(outcome, "result", outcome)) for ticket, outcome in answers)

    def submit(self, name: str, *, facts: int = 1, tenant_id: int = 1) -> None:
        self.commits.submit(Work(tenant_id=tenant_id, name=name, facts=facts), name)

    def submit_and_wait_for_the_ledger(self, name: str) -> None:
        """From here on the ledger is busy, and what comes waits."""
        self.submit(name)
        assert self.ledger.has_begun.wait(timeout=60)

    def end(self) -> None:
        self.ledger.may_go_on.set()
        self.commits.stop()


@pytest.fixture
def queue() -> Iterator[Callable[[int], Queue]]:
    made: list[Queue] = []

    def make(weight_max: int = 1000) -> Queue:
        made.append(Queue(weight_max))
        return made[-1]

    yield make
    for each in made:
        each.end()


def test_what_waits_together_is_one_batch(queue: Callable[..., Queue]) -> None:
    q = queue()
    q.submit_and_wait_for_the_ledger("first")
    for name in ("a", "b", "c"):
        q.submit(name)
    q.end()
    assert q.ledger.batches == [(1, ["first"]), (1, ["a", "b", "c"])]
    assert q.observed == [1, 3]
    assert q.answers == {"first": "first", "a": "a", "b": "b", "c": "c"}


def test_tenants_do_not_share_a_batch_and_keep_their_order(queue: Callable[..., Queue]) -> None:
    q = queue()
    q.submit_and_wait_for_the_ledger("first")
    for name, tenant_id in (("a", 1), ("b", 2), ("c", 1), ("d", 2)):
        q.submit(name, tenant_id=tenant_id)
    q.end()
    assert q.ledger.batches[1:] == [(1, ["a", "c"]), (2, ["b", "d"])]
    assert len(q.answers) == 5


def test_a_full_queue_refuses_at_once_and_answers_what_it_accepted(queue: Callable[..., Queue]) -> None:
    q = queue(3)
    q.submit_and_wait_for_the_ledger("first")
    q.submit("two", facts=2)
    q.submit("one")
    for facts in (1, 2, 100):
        with pytest.raises(Overloaded):
            q.submit("refused", facts=facts)
    assert q.commits.waiting_weight == 3
    q.end()
    assert q.answers == {"first": "first", "two": "two", "one": "one"}
    assert q.commits.waiting_weight == 0


def test_what_weighs_more_than_the_queue_is_accepted_when_nothing_waits(queue: Callable[..., Queue]) -> None:
    """Else it could never be answered but with 503."""
    q = queue(3)
    q.submit_and_wait_for_the_ledger("first")
    q.submit("large", facts=1000)
    with pytest.raises(Overloaded):
        q.submit("small")
    q.end()
    assert q.answers == {"first": "first", "large": "large"}


def test_a_batch_is_bounded_by_its_weight(queue: Callable[..., Queue]) -> None:
    q = queue(10 * BATCH_WEIGHT_MAX)
    q.submit_and_wait_for_the_ledger("first")
    q.submit("half", facts=BATCH_WEIGHT_MAX // 2)
    q.submit("other half", facts=BATCH_WEIGHT_MAX // 2)
    q.submit("one more")
    q.submit("far too large", facts=2 * BATCH_WEIGHT_MAX)
    q.submit("last")
    q.end()
    assert [names for _, names in q.ledger.batches] == [
        ["first"],
        ["half", "other half"],
        ["one more"],
        ["far too large"],
        ["last"],
    ]


def test_a_fault_of_the_ledger_is_answered_and_the_next_batch_goes_on(queue: Callable[..., Queue]) -> None:
    q = queue()
    q.submit_and_wait_for_the_ledger("first")
    q.submit("fault")
    q.submit("beside it")
    q.submit("of another tenant", tenant_id=2)
    q.end()
    assert isinstance(q.answers["fault"], ZeroDivisionError)
    assert isinstance(q.answers["beside it"], ZeroDivisionError)
    assert q.answers["of another tenant"] == "of another tenant"


def test_stopping_answers_what_was_accepted_and_accepts_nothing_more(queue: Callable[..., Queue]) -> None:
    q = queue()
    q.submit_and_wait_for_the_ledger("first")
    names = [f"n{n}" for n in range(20)]
    for name in names:
        q.submit(name)
    stopping = threading.Thread(target=q.commits.stop)
    stopping.start()
    while True:
        try:
            q.submit("late")
            names.append("late")
        except Overloaded:
            break
    q.ledger.may_go_on.set()
    stopping.join(timeout=60)
    assert set(q.answers) == {"first", *names}

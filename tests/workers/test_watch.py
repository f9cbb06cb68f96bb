"""What is open is counted again and again, whatever fails; the sandbox's events are brought until they are taken."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.harness import TestClock
from tests.workers.test_resolver import House
from tollhouse.ledger.ledger import Ledger
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.store.store import SqlStore
from tollhouse.workers.postman import Postman
from tollhouse.workers.watch import Watch


class Heard:
    def __init__(self, seen: list[Any]) -> None:
        self._seen = seen

    def open_outcomes(self, *counted: object) -> None:
        self._seen.append(counted)

    def parked(self, count: int) -> None:
        self._seen.append(("parked", count))


async def _nobody_parked() -> int:
    return 0


def test_what_is_open_is_counted(ledger: Ledger, store: SqlStore, clock: TestClock) -> None:
    queries, seen = SqlQueries(store), []

    async def count_open() -> dict[str, tuple[int, int | None]]:
        return queries.open_outcomes()

    watch = Watch(count_open, _nobody_parked, Heard(seen), clock)
    asyncio.run(watch.look())
    house = House(ledger, store, clock)
    house.purchase()
    clock.advance(100)
    house.purchase()
    asyncio.run(watch.look())
    parked = ("parked", 0)
    assert seen == [("payment", 0, 0), ("refund", 0, 0), parked, ("payment", 2, 92), ("refund", 0, 0), parked]


def test_it_looks_again_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollhouse.workers.watch.PAUSE_SECONDS", 0.001)
    calls = []

    async def count_open() -> dict[str, tuple[int, int | None]]:
        calls.append(1)
        if len(calls) < 3:
            raise OSError
        return {"payment": (0, None)}

    async def run() -> list[Any]:
        seen: list[Any] = []
        watch = Watch(count_open, _nobody_parked, Heard(seen), TestClock())
        watch.start()
        while not seen:
            await asyncio.sleep(0.001)
        await watch.stop()
        return seen

    assert asyncio.run(run())[0] == ("payment", 0, 0)


def test_an_event_that_is_not_taken_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollhouse.workers.postman.PAUSE_SECONDS", 0.001)
    waiting, tried, failures = ["a", "b"], [], [OSError(), OSError()]

    async def due(count: int) -> list[str]:
        if failures and len(failures) == 1:
            raise failures.pop()
        return waiting[:count]

    async def deliver(event: str) -> None:
        tried.append(event)
        if event == "a" and len(failures) == 2:
            raise failures.pop()

    async def sent(event: str) -> None:
        waiting.remove(event)

    async def run() -> None:
        postman = Postman(due=due, deliver=deliver, sent=sent)
        postman.start()
        while waiting:
            await asyncio.sleep(0.001)
        await postman.stop()

    asyncio.run(run())
    assert tried == ["a", "b", "a"]

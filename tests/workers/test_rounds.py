"""Rounds of a worker: again at once while there is something to do, else after a pause, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tollhouse.workers.rounds import Rounds

LONG = 60.0


class Work:
    """Does in each round what it is told to; the last goes on. `seen` ends when it was asked so often."""

    def __init__(self, *counts: int | Exception) -> None:
        self._counts = list(counts)
        self.rounds = 0
        self._seen = asyncio.Event()
        self._wanted = 0

    async def round(self) -> int:
        self.rounds += 1
        if self.rounds >= self._wanted:
            self._seen.set()
        count = self._counts.pop(0) if len(self._counts) > 1 else self._counts[0]
        if isinstance(count, Exception):
            raise count
        return count

    async def seen(self, rounds: int) -> None:
        self._wanted = rounds
        if self.rounds < rounds:
            self._seen.clear()
            async with asyncio.timeout(5):
                await self._seen.wait()


def played(
    work: Work, rounds: int, pause_seconds: float, meanwhile: Callable[[asyncio.Event], None] | None = None
) -> int:
    """How many rounds there were when so many were seen, and the loop had time for one more."""

    async def play() -> int:
        wake = asyncio.Event()
        running = Rounds("test", work.round, pause_seconds, wake)
        running.start()
        if meanwhile is not None:
            await work.seen(1)
            await asyncio.sleep(0)
            meanwhile(wake)
        await work.seen(rounds)
        for _ in range(5):
            await asyncio.sleep(0)
        await running.stop()
        return work.rounds

    return asyncio.run(play())


def test_while_there_is_something_to_do_there_is_no_pause() -> None:
    assert played(Work(3, 2, 1, 0), rounds=4, pause_seconds=LONG) == 4


def test_where_there_was_nothing_to_do_the_next_comes_after_the_pause() -> None:
    assert played(Work(0), rounds=3, pause_seconds=0.001) >= 3
    assert played(Work(0), rounds=1, pause_seconds=LONG) == 1


def test_a_round_that_fails_is_tried_again_after_the_pause() -> None:
    assert played(Work(RuntimeError(), 0), rounds=2, pause_seconds=0.001) >= 2
    assert played(Work(RuntimeError(), 0), rounds=1, pause_seconds=LONG) == 1


def test_a_pause_can_be_ended() -> None:
    assert played(Work(0), rounds=2, pause_seconds=LONG, meanwhile=asyncio.Event.set) == 2


def test_what_never_began_can_be_stopped() -> None:
    asyncio.run(Rounds("test", Work(0).round, LONG).stop())

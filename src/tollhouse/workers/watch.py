"""Counts, every so often, what waits for somebody: payments and refunds whose outcome nobody knows yet, and charges
that are parked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from tollhouse.ledger.clock import SECOND, Clock
from tollhouse.workers.rounds import Rounds

PAUSE_SECONDS = 15.0


class Seen(Protocol):
    """Who hears of it."""

    def open_outcomes(self, kind: str, count: int, oldest_seconds: int) -> None:
        """Of a kind of money on its way: how many are open, and for how long the first should have been answered."""
        ...

    def parked(self, count: int) -> None: ...


class Watch:
    def __init__(
        self,
        count_open: Callable[[], Awaitable[dict[str, tuple[int, int | None]]]],
        count_parked: Callable[[], Awaitable[int]],
        seen: Seen,
        clock: Clock,
    ) -> None:
        """`count_open` tells, of each kind of money on its way, how many are open and by when the first of them should
        have been answered."""
        self._count_open = count_open
        self._count_parked = count_parked
        self._seen = seen
        self._clock = clock
        self._rounds = Rounds("watch", self.look, PAUSE_SECONDS)

    def start(self) -> None:
        self._rounds.start()

    async def stop(self) -> None:
        await self._rounds.stop()

    async def look(self) -> int:
        """Count, and tell; 0, for there is nothing to go on with before the pause."""
        now = self._clock.now()
        for kind, (count, oldest_at) in (await self._count_open()).items():
            self._seen.open_outcomes(kind, count, 0 if oldest_at is None else max(now - oldest_at, 0) // SECOND)
        self._seen.parked(await self._count_parked())
        return 0

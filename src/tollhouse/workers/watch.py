"""Counts, every so often, the payments and refunds whose outcome nobody knows yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tollhouse.ledger.clock import SECOND, Clock
from tollhouse.workers.rounds import Rounds

PAUSE_SECONDS = 15.0


class Watch:
    def __init__(
        self,
        count_open: Callable[[], Awaitable[dict[str, tuple[int, int | None]]]],
        observe: Callable[[str, int, int], None],
        clock: Clock,
    ) -> None:
        """`count_open` tells, of each kind of money on its way, how many are open and by when the first of them should
        have been answered; `observe` hears kind, count and how many seconds that is ago."""
        self._count_open = count_open
        self._observe = observe
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
            self._observe(kind, count, 0 if oldest_at is None else max(now - oldest_at, 0) // SECOND)
        return 0

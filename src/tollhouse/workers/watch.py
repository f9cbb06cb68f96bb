"""Counts, every so often, the payments and refunds whose outcome nobody knows yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from tollhouse.ledger.clock import SECOND, Clock

PAUSE_SECONDS = 15.0

log = structlog.get_logger("tollhouse.resolver")


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
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="watch")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - tried again after the pause, whatever it was
                log.error("counting open outcomes failed", reason=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(self) -> None:
        now = self._clock.now()
        for kind, (count, oldest_at) in (await self._count_open()).items():
            self._observe(kind, count, 0 if oldest_at is None else max(now - oldest_at, 0) // SECOND)

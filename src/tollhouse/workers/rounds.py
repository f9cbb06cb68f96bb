"""What every worker on the event loop has in common: one round after another, until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger("tollhouse.workers")


class Rounds:
    """Runs a round again and again: at once while there was something to do, else after a pause.

    A round that fails is logged and tried again after the pause, whatever it was.
    """

    def __init__(
        self,
        name: str,
        one_round: Callable[[], Awaitable[int]],
        pause_seconds: float,
        wake: asyncio.Event | None = None,
    ) -> None:
        """`one_round` tells how much it did. `wake` ends a pause; each round begins with it cleared."""
        self._name = name
        self._one_round = one_round
        self._pause_seconds = pause_seconds
        self._wake = wake or asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """End at once, in the middle of a round."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            if not await self._done():
                await self._pause()

    async def _done(self) -> int:
        try:
            return await self._one_round()
        except Exception as error:  # noqa: BLE001 - tried again after the pause, whatever it was
            log.error("a round failed", worker=self._name, reason=type(error).__name__)
            return 0

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._pause_seconds):
                await self._wake.wait()
        except TimeoutError:
            return

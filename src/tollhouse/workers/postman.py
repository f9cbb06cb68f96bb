"""Brings the sandbox's events to where gateways tell of them, signed as from outside: late, or twice, as scripted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from tollhouse.workers.rounds import Rounds

PAUSE_SECONDS = 1.0
EVENTS_AT_ONCE = 20

log = structlog.get_logger("tollhouse.sandbox")


class Postman:
    def __init__(
        self,
        *,
        due: Callable[[int], Awaitable[list[Any]]],
        deliver: Callable[[Any], Awaitable[None]],
        sent: Callable[[Any], Awaitable[None]],
    ) -> None:
        """`due` gives up to so many events, which come again unless `sent` is told of them; `deliver` raises when one
        was not taken."""
        self._due = due
        self._deliver = deliver
        self._sent = sent
        self._rounds = Rounds("postman", self.bring_due, PAUSE_SECONDS)

    def start(self) -> None:
        self._rounds.start()

    async def stop(self) -> None:
        """End at once: what is under way comes again."""
        await self._rounds.stop()

    async def bring_due(self) -> int:
        """Bring some of the events that are due; how many."""
        events = await self._due(EVENTS_AT_ONCE)
        for event in events:
            try:
                await self._deliver(event)
                await self._sent(event)
            except Exception as error:  # noqa: BLE001 - it comes again
                log.warning("an event of the sandbox's was not taken", reason=type(error).__name__)
        return len(events)

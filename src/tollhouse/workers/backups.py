"""Makes a backup of a SQLite store whenever the newest is too old."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final, Protocol

import structlog

from tollhouse.clock import SystemClock
from tollhouse.ledger.clock import SECOND, Clock
from tollhouse.ledger.ports import UnusableStore
from tollhouse.workers.rounds import Rounds

HOUR: Final = 3600 * SECOND
#: How often it looks whether one is due.
PAUSE_SECONDS: Final = 60.0
#: How long it leaves alone what has just failed: a full disk does not get better by being filled again.
RETRY_SECONDS: Final = 600

log = structlog.get_logger("tollhouse.backups")


class Folder(Protocol):
    """Where backups are kept; all of it may take long."""

    def newest_at(self, now: int) -> int | None:
        """When the newest was made; None where there is none."""
        ...

    def make(self, now: int) -> Path:
        """Make one, and remove those that are too many."""
        ...

    def stop(self) -> None:
        """Have one that is being made given up; from any thread."""
        ...


class Watch(Protocol):
    def backup(self, at_seconds: int) -> None:
        """When the last good backup was made."""
        ...

    def backup_failed(self) -> None: ...


class Backups:
    def __init__(self, folder: Folder, *, every_hours: int, watch: Watch, clock: Clock | None = None) -> None:
        self._folder = folder
        self._every = every_hours * HOUR
        self._watch = watch
        self._clock = clock or SystemClock()
        self._not_before = 0
        self._rounds = Rounds("backups", self.look, PAUSE_SECONDS)

    def start(self) -> None:
        self._rounds.start()

    async def stop(self) -> None:
        """End at once: a backup that is half made is given up, and made after the next start."""
        self._folder.stop()
        await self._rounds.stop()

    async def look(self) -> int:
        """Make one where that is due; 0, for there is nothing to go on with before the pause."""
        now = self._clock.now()
        if now < self._not_before:
            return 0
        try:
            await self._make_due(now)
        except Exception as error:  # noqa: BLE001 - told, and tried again
            self._not_before = now + RETRY_SECONDS * SECOND
            self._watch.backup_failed()
            reason = str(error) if isinstance(error, UnusableStore) else type(error).__name__
            log.error("a backup failed", reason=reason, next_try_seconds=RETRY_SECONDS)
        return 0

    async def _make_due(self, now: int) -> None:
        newest_at = await asyncio.to_thread(self._folder.newest_at, now)
        if newest_at is None or now - newest_at >= self._every:
            began = time.monotonic()
            file = await asyncio.to_thread(self._folder.make, now)
            newest_at = now
            log.info("a backup is made", file=str(file), milliseconds=int(1000 * (time.monotonic() - began)))
        self._watch.backup(newest_at // SECOND)

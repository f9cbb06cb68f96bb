"""Who was charged most, counted now and then beside everything else: no page waits until all have been looked at.

Nothing is kept for it in a commit: an order of all customers by what they were charged changes with every charge. One
thread goes through the summaries when somebody asks and the last count is old; the longer that takes, the less often.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from tollhouse.ledger.clock import Clock
from tollhouse.ledger.queries.overview import TopCustomer
from tollhouse.ledger.refusals import StoreUnavailable

#: A count stands so long, and at least so many times as long as it took.
STANDS_SECONDS: Final = 1
TIMES_AS_LONG: Final = 100
#: Whoever asks waits so long for a new count before the last one is shown.
PATIENCE_SECONDS: Final = 0.02

Counting = Callable[[int], dict[str, list[TopCustomer]]]


class Standing(msgspec.Struct, frozen=True):
    """By currency those who were charged most, as it was at `counted_at` by the system's clock."""

    counted_at: int
    customers: dict[str, list[TopCustomer]]


class _Kept:
    """What is known of one tenant."""

    def __init__(self) -> None:
        self.standing: Standing | None = None
        self.stands_until = 0.0
        self.counting: threading.Event | None = None


class Standings:
    """Safe for threads. Of each tenant one count at a time is under way."""

    def __init__(self, count: Counting, clock: Clock) -> None:
        self._count = count
        self._clock = clock
        self._kept: dict[int, _Kept] = {}
        self._lock = threading.Lock()

    def of(self, tenant_id: int, patience_seconds: float = PATIENCE_SECONDS) -> Standing | None:
        """The last count, None where the first is still under way. A count that failed is tried again at the next
        call."""
        with self._lock:
            kept = self._kept.setdefault(tenant_id, _Kept())
            if kept.counting is None and time.monotonic() >= kept.stands_until:
                kept.counting = threading.Event()
                look = (tenant_id, kept, kept.counting)
                threading.Thread(target=self._look, args=look, name="standings", daemon=True).start()
            under_way = kept.counting
        if under_way is not None:
            under_way.wait(patience_seconds)
        return kept.standing

    def _look(self, tenant_id: int, kept: _Kept, done: threading.Event) -> None:
        began = time.monotonic()
        try:
            with suppress(StoreUnavailable):
                kept.standing = Standing(self._clock.now(), self._count(tenant_id))
                kept.stands_until = began + max(STANDS_SECONDS, TIMES_AS_LONG * (time.monotonic() - began))
        finally:
            kept.counting = None
            done.set()

"""Time, as it comes in from outside. Instants are integer microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from typing import Protocol

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
#: The year 5000. Test tenants' clocks stay below it: within what every wire can say, and what counts from them too.
CLOCK_MAX = 95_617_584_000 * SECOND


class Clock(Protocol):
    def now(self) -> int:
        """The present instant in microseconds."""
        ...

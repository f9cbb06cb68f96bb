"""The system's clock."""

from __future__ import annotations

import time


class SystemClock:
    """Wall time in integer microseconds since 1970-01-01 UTC."""

    def now(self) -> int:
        return time.time_ns() // 1000

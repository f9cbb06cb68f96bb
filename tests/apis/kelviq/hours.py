"""The time that a charge or refund lives by on its way through a gateway, without the waiting."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tollhouse.apis import moving
from tollhouse.clock import SystemClock
from tollhouse.gateways.sandbox import SandboxGateway


class Hours:
    """Time that goes by where somebody waits, and nowhere else: a slow machine is as quick as any.

    In seconds. A silent sandbox is silent at once, and who waits for what another does looks again at once.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self._passed = 0
        waited, now = SandboxGateway._waited, SystemClock.now

        def waited_here(gateway: SandboxGateway, *asked: Any) -> bool:
            gateway._sleep = self._rest
            return waited(gateway, *asked)

        monkeypatch.setattr(SandboxGateway, "_waited", waited_here)
        monkeypatch.setattr(moving, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(moving, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": self._sleep}))
        monkeypatch.setattr(SystemClock, "now", lambda clock: now(clock) + self._passed * 1_000_000)

    def pass_by(self, seconds: int) -> None:
        """Later, by the clock on the wall too."""
        self.now += seconds
        self._passed += seconds

    def _rest(self, seconds: float) -> None:
        self.now += seconds

    async def _sleep(self, seconds: float) -> None:
        until = self.now + seconds
        await asyncio.sleep(0.001)
        self.now = max(self.now, until)

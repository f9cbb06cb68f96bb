"""A server that is asked to stop: it says so at once, goes on for a while if that is wanted, and then ends."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog

from tollhouse.supervisor import tell

log = structlog.get_logger("tollhouse.stopping")


class Stopping:
    def __init__(self, drain_seconds: int) -> None:
        self._is_under_way = False
        self._drain_seconds = drain_seconds
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._drain: asyncio.TimerHandle | None = None

    def asked(self) -> bool:
        """Whether SIGTERM or SIGINT has come: nobody should send this server anything more."""
        return self._is_under_way

    def listen(self) -> None:
        """Hear signals before those do who have set a handler by now, which is the HTTP server.

        It ends by its own handler's word. Nothing happens where nobody has set one, or in a thread.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            handler = signal.getsignal(number)
            if callable(handler):
                self._handlers[number] = handler
                signal.signal(number, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        """Whoever presses Ctrl-C, or asks twice by it, does not want to wait; systemd may well say SIGTERM twice."""
        was_under_way, self._is_under_way = self._is_under_way, True
        if number == signal.SIGINT or not self._drain_seconds:
            self._handlers[number](number, frame)
        elif not was_under_way and self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin_draining)

    def _begin_draining(self) -> None:
        if self._loop is not None:
            log.info("stopping", drain_seconds=self._drain_seconds)
            tell("STOPPING=1")
            self._drain = self._loop.call_later(self._drain_seconds, self._end)

    def _end(self) -> None:
        self._handlers[signal.SIGTERM](signal.SIGTERM, None)

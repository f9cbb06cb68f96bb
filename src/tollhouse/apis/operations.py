"""Our own pages for those who run the server: health, readiness, metrics, and each wire's OpenAPI."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec

from tollhouse.web import JSON, RETRY_AFTER, Reply, Request, Trouble

TEXT = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")

READY_SECONDS = 1.0

_STATUSES = {
    Trouble.TOO_LARGE: 413,
    Trouble.OVERLOADED: 503,
    Trouble.STOPPING: 503,
    Trouble.UNAVAILABLE: 503,
    Trouble.FAULT: 500,
}


class OperationsDoor:
    name = "operations"

    def __init__(
        self,
        *,
        ready: Callable[[], bool],
        is_stopping: Callable[[], bool],
        metrics: Callable[[], bytes],
        descriptions: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        """`ready` asks the store; a server that `is_stopping` is not ready whatever the store says; `descriptions` are
        the OpenAPI documents by wire."""
        self._ready = ready
        self._is_stopping = is_stopping
        self._asking = asyncio.Lock()
        self._asked_again_at = 0.0
        self._was_ready = False
        self._metrics = metrics
        self._descriptions = {
            f"/openapi/{wire}.json": msgspec.json.encode(document) for wire, document in (descriptions or {}).items()
        }

    async def answer(self, request: Request) -> Reply:
        if request.method not in ("GET", "HEAD"):
            return Reply(405, b'{"detail":"Use GET."}', (JSON, (b"allow", b"GET, HEAD")))
        if request.path == "/healthz":
            return Reply(200, b'{"status":"alive"}')
        if request.path == "/readyz":
            if self._is_stopping():
                return self.trouble(Trouble.STOPPING)
            ready = await self._is_ready()
            return Reply(200, b'{"status":"ready"}') if ready else self.trouble(Trouble.UNAVAILABLE)
        if request.path == "/metrics":
            return Reply(200, self._metrics(), (TEXT,))
        document = self._descriptions.get(request.path)
        return Reply(200, document) if document else Reply(404, b'{"detail":"There is nothing at this path."}')

    async def _is_ready(self) -> bool:
        """The store's answer, asked by one at a time and remembered for a second."""
        async with self._asking:
            if time.monotonic() >= self._asked_again_at:
                self._was_ready = await asyncio.to_thread(self._ready)
                self._asked_again_at = time.monotonic() + READY_SECONDS
            return self._was_ready

    def trouble(self, what: str) -> Reply:
        status = _STATUSES[what]
        headers = (JSON, RETRY_AFTER) if status == 503 else (JSON,)
        return Reply(status, msgspec.json.encode({"detail": what.replace("_", " ")}), headers)

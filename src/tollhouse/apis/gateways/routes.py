"""The door for gateways. What is signed by the gateway itself opens it; there is no key."""

from __future__ import annotations

import re

import msgspec

from tollhouse.apis.desk import Desk
from tollhouse.apis.gateways.events import Arrivals
from tollhouse.ledger.ports import EventRefused
from tollhouse.web import JSON, RETRY_AFTER, Headers, Reply, Request, Trouble

_PATH = re.compile(r"/gateways/([a-z0-9_-]{1,64})/([^/]{1,255})")

_TROUBLES = {
    Trouble.TOO_LARGE: (413, "The body is too large."),
    Trouble.OVERLOADED: (503, "Too much is waiting. Try again shortly."),
    Trouble.STOPPING: (503, "The server is stopping. Nothing was done; try again shortly."),
    Trouble.UNAVAILABLE: (503, "The store is not available. Try again shortly."),
    Trouble.FAULT: (500, "Something went wrong here."),
}


class GatewaysDoor:
    name = "gateways"

    def __init__(self, desk: Desk, arrivals: Arrivals) -> None:
        self._desk = desk
        self._arrivals = arrivals
        self._tenants: dict[str, int] = {}

    def trouble(self, what: str) -> Reply:
        status, sentence = _TROUBLES[what]
        return _error(status, sentence, (RETRY_AFTER,) if status == 503 else ())

    async def answer(self, request: Request) -> Reply:
        """200 once the event is durable, also for one that says nothing new: gateways send again what is not."""
        path = _PATH.fullmatch(request.path)
        if path is None or path[1] not in self._desk.gateways:
            return _error(404, "There is nothing at this path.")
        if request.method != "POST":
            return _error(405, "Use POST.", ((b"allow", b"POST"),))
        body = await request.body(self._desk.settings.body_bytes_max)
        tenant_id = await self._tenant_id(path[2])
        if tenant_id is None:
            return _error(404, "There is nothing at this path.")
        try:
            await self._arrivals.take(path[1], tenant_id, request.header, body)
        except EventRefused as refused:
            return _error(400, str(refused))
        return Reply(200, b'{"received":true}')

    async def _tenant_id(self, slug: str) -> int | None:
        """Known slugs are remembered: a tenant keeps its own for ever."""
        if slug not in self._tenants:
            tenants = await self._desk.strangers.run(self._desk.store.tenants)
            self._tenants = {tenant.slug: tenant.tenant_id for tenant in tenants}
        return self._tenants.get(slug)


def _error(status: int, sentence: str, headers: Headers = ()) -> Reply:
    return Reply(status, msgspec.json.encode({"detail": sentence}), (JSON, *headers))

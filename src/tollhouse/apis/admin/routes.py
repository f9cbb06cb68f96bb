"""Our own administration under /admin/v1: what no wire has. API keys, payment methods, exchange rates, webhooks.

A POST takes one row of the provisioning file's table, as JSON, and means what the file means; a GET lists the rows, a
page at a time. What has more to it is a noun of its own, in a file of its own.
Opened by a tenant's secret or application keys. No secret is ever listed: of a key only its name and kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tollhouse.apis.actors import actor_of_key, signed
from tollhouse.apis.admin import lists
from tollhouse.apis.admin.answers import Refused, answered, error_to_wire
from tollhouse.apis.admin.paths import Call, Noun, Routes
from tollhouse.apis.admin.rows import listing
from tollhouse.apis.admin.running import clock_to_move, clock_to_wire, parked_to_retry
from tollhouse.apis.desk import Credential, Desk
from tollhouse.apis.paths import Paths
from tollhouse.ledger.commands import Actor
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.refusals import (
    AlreadyVoided,
    ChargeRefunded,
    ChargeUnknown,
    EndpointUnknown,
    EventUnknown,
    IdempotencyKeyReused,
    KeyUnknown,
    Refusal,
    SegmentUnknown,
    TransactionUnknown,
)
from tollhouse.web import RETRY_AFTER, Reply, Request, Trouble

ADMINISTRATORS = frozenset({"secret", "application"})
#: Refusals by which something is not there; any other is of what was sent.
UNKNOWN: tuple[type[Refusal], ...] = (
    ChargeUnknown,
    EndpointUnknown,
    EventUnknown,
    KeyUnknown,
    SegmentUnknown,
    TransactionUnknown,
)
#: Refusals because of what was done before.
CONFLICTS: tuple[type[Refusal], ...] = (AlreadyVoided, ChargeRefunded, IdempotencyKeyReused)

#: Moves a test tenant's clock on, and returns when all that falls due on the way has been charged.
MoveClock = Callable[[int, int, Actor], Any]

_TROUBLES = {
    Trouble.TOO_LARGE: (413, "The body is too large."),
    Trouble.OVERLOADED: (503, "Too much is waiting. Try again shortly."),
    Trouble.STOPPING: (503, "The server is stopping. Nothing was done; try again shortly."),
    Trouble.UNAVAILABLE: (503, "The store is not available. Try again shortly."),
    Trouble.FAULT: (500, "Something went wrong here."),
}


class AdminDoor:
    name = "admin"

    def __init__(self, desk: Desk, move_clock: MoveClock, *nouns: Noun) -> None:
        self._desk = desk
        self._move_clock = move_clock
        routes: Routes = {
            "topup_requests": {"GET": listing(desk, lists.topup_requests)},
            "parked_charges": {"GET": listing(desk, lists.parked_charges), "POST": self._retry},
            "pending_payments": {"GET": listing(desk, lists.pending_payments)},
            "pending_refunds": {"GET": listing(desk, lists.pending_refunds)},
            "clock": {"GET": self._clock, "POST": self._move},
        }
        for noun in nouns:
            routes |= noun.routes()
        self._paths = Paths(routes)

    def trouble(self, what: str) -> Reply:
        status, sentence = _TROUBLES[what]
        return error_to_wire(status, sentence, (RETRY_AFTER,) if status == 503 else ())

    async def answer(self, request: Request) -> Reply:
        found = self._paths.found(request.path.removeprefix("/admin/v1"))
        if found is None:
            return error_to_wire(404, "There is nothing at this path.")
        methods, params = found
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            names = [name for method in methods for name in ((method, "HEAD") if method == "GET" else (method,))]
            return error_to_wire(405, f"Use {' or '.join(names)}.", ((b"allow", ", ".join(names).encode()),))
        credential = await self._credential(request)
        if credential is None:
            return error_to_wire(401, "A valid API key is required.")
        if credential.kind not in ADMINISTRATORS:
            return error_to_wire(403, "This kind of API key may not administer.")
        try:
            by = actor_of_key(credential, self.name, request, self._desk.trusted_proxies)
            return await handler(Call(request, credential, params, by))
        except Refused as error:
            return error_to_wire(error.status, str(error))
        except Refusal as refusal:
            return error_to_wire(_status(refusal), str(refusal))

    async def _credential(self, request: Request) -> Credential | None:
        scheme, _, key = (request.header(b"authorization") or "").partition(" ")
        return await self._desk.credential(key.strip()) if scheme.lower() == "bearer" else None

    async def _clock(self, call: Call) -> Reply:
        return answered(clock_to_wire(await self._desk.reads.run(self._tenant, call.tenant_id)))

    async def _move(self, call: Call) -> Reply:
        """Move a test tenant's clock on; answers when everything that fell due on the way has run."""
        to = clock_to_move(await call.request.body(self._desk.settings.body_bytes_max))
        try:
            totals = await self._desk.long_work.run(self._move_clock, call.tenant_id, to, call.by)
        except Refusal as refusal:
            raise Refused(422, f"now: {refusal}") from refusal
        tenant = await self._desk.reads.run(self._tenant, call.tenant_id)
        ran = {"charged": totals.charged, "plans": totals.plans, "parked": totals.parked}
        return answered({**clock_to_wire(tenant), **ran})

    async def _retry(self, call: Call) -> Reply:
        """Let what is parked fall due again."""
        body = await call.request.body(self._desk.settings.body_bytes_max)
        receipt = await self._desk.execute(signed(parked_to_retry(body, call.tenant_id), call.by))
        return answered({"retried": receipt.result.count})

    def _tenant(self, tenant_id: int) -> TenantFact:
        with self._desk.store.reading(tenant_id) as reader:
            (tenant,) = reader.find(TenantFact)
            return tenant


def _status(refusal: Refusal) -> int:
    if isinstance(refusal, UNKNOWN):
        return 404
    return 409 if isinstance(refusal, CONFLICTS) else 422

"""Our own administration under /admin/v1: what no wire has. API keys, payment methods, exchange rates.

A POST takes one row of the provisioning file's table, as JSON, and means what the file means; a GET lists the rows, a
page at a time.
Opened by a tenant's secret or application keys. No secret is ever listed: of a key only its name and kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tollhouse.apis.admin import lists
from tollhouse.apis.admin.lists import List
from tollhouse.apis.admin.running import Refused, clock_to_move, clock_to_wire, parked_to_retry
from tollhouse.apis.desk import Bounded, Credential, Desk
from tollhouse.apis.strict_json import JsonMalformed, parse
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.ports import StoreConflict
from tollhouse.ledger.provisioning.apply import Applied
from tollhouse.ledger.provisioning.document import Document, ProvisioningRefused, document_from_tables
from tollhouse.ledger.queries import Found, Page
from tollhouse.ledger.refusals import Refusal
from tollhouse.web import JSON, RETRY_AFTER, Headers, Reply, Request, Trouble

#: Tables of the provisioning file of which one row can be applied.
APPLIED = ("keys", "payment_methods", "exchange_rates")

ADMINISTRATORS = frozenset({"secret", "application"})
#: Changes wait for one another; more than so many waiting are refused.
CHANGES_MAX = 64
#: Rows on a page, and the most that can be asked for.
PER_PAGE = 50
PER_PAGE_MAX = 100

Provision = Callable[[Document], Applied]
#: Moves a test tenant's clock on, and returns when all that falls due on the way has been charged.
MoveClock = Callable[[int, int], Any]

_TROUBLES = {
    Trouble.TOO_LARGE: (413, "The body is too large."),
    Trouble.OVERLOADED: (503, "Too much is waiting. Try again shortly."),
    Trouble.UNAVAILABLE: (503, "The store is not available. Try again shortly."),
    Trouble.FAULT: (500, "Something went wrong here."),
}


class AdminDoor:
    name = "admin"

    def __init__(self, desk: Desk, provision: Provision, move_clock: MoveClock) -> None:
        self._desk = desk
        self._provision = provision
        self._move_clock = move_clock
        self._changes = Bounded("admin", 1, CHANGES_MAX)
        self._lists: dict[str, List] = {
            "keys": lists.keys,
            "payment_methods": lists.payment_methods,
            "exchange_rates": lists.exchange_rates,
            "parked_charges": lists.parked_charges,
            "topup_requests": lists.topup_requests,
        }
        self._changed: dict[str, Callable[[Request, Credential], Awaitable[Reply]]] = {
            **{table: self._apply_row(table) for table in APPLIED},
            "clock": self._move,
            "parked_charges": self._retry,
        }

    def trouble(self, what: str) -> Reply:
        status, sentence = _TROUBLES[what]
        return _error(status, sentence, (RETRY_AFTER,) if status == 503 else ())

    async def answer(self, request: Request) -> Reply:
        table = request.path.removeprefix("/admin/v1/")
        listed, changed = self._lists.get(table), self._changed.get(table)
        if listed is None and changed is None and table != "clock":
            return _error(404, "There is nothing at this path.")
        methods = ("GET", "HEAD", "POST") if changed is not None else ("GET", "HEAD")
        if request.method not in methods:
            return _error(405, f"Use {' or '.join(methods)}.", ((b"allow", ", ".join(methods).encode()),))
        credential = await self._credential(request)
        if credential is None:
            return _error(401, "A valid API key is required.")
        if credential.kind not in ADMINISTRATORS:
            return _error(403, "This kind of API key may not administer.")
        if request.method == "POST" and changed is not None:
            return await changed(request, credential)
        if listed is None:
            return await self._clock(credential)
        page = _page(request.query)
        if page is None:
            return _error(422, "page and per_page: must be a whole number from 1.")
        found = await self._desk.reads.run(self._read, credential.tenant.tenant_id, listed, page)
        meta = {"page": page.number, "per_page": page.size, "total": found.total}
        return Reply(200, msgspec.json.encode({"data": found.rows, "meta": meta}))

    async def close(self) -> None:
        """Finish what was accepted."""
        self._changes.close()

    async def _credential(self, request: Request) -> Credential | None:
        scheme, _, key = (request.header(b"authorization") or "").partition(" ")
        return await self._desk.credential(key.strip()) if scheme.lower() == "bearer" else None

    def _apply_row(self, table: str) -> Callable[[Request, Credential], Awaitable[Reply]]:
        return lambda request, credential: self._apply(request, credential, table)

    async def _apply(self, request: Request, credential: Credential, table: str) -> Reply:
        body = await request.body(self._desk.settings.body_bytes_max)
        try:
            row = parse(body)
            document = document_from_tables({"tenant": {"slug": credential.tenant.slug}, table: [row]})
            applied = await self._changes.run(self._provision, document)
        except JsonMalformed as error:
            return _error(400, str(error))
        except ProvisioningRefused as error:
            return _error(422, str(error))
        except StoreConflict:
            return _error(409, "Somebody else changed the same thing. Try again.")
        data: dict[str, Any] = {"made": bool(applied.made)}
        for _, secret in applied.secrets:
            data["secret"] = secret
        return Reply(200, msgspec.json.encode({"data": data}))

    async def _clock(self, credential: Credential) -> Reply:
        tenant = await self._desk.reads.run(self._tenant, credential.tenant.tenant_id)
        return Reply(200, msgspec.json.encode({"data": clock_to_wire(tenant)}))

    async def _move(self, request: Request, credential: Credential) -> Reply:
        """Move a test tenant's clock on; answers when everything that fell due on the way has run."""
        tenant_id = credential.tenant.tenant_id
        body = await request.body(self._desk.settings.body_bytes_max)
        try:
            to = clock_to_move(body)
            totals = await self._desk.long_work.run(self._move_clock, tenant_id, to)
        except Refused as error:
            return _error(error.status, str(error))
        except Refusal as refusal:
            return _error(422, f"now: {refusal}")
        tenant = await self._desk.reads.run(self._tenant, tenant_id)
        ran = {"charged": totals.charged, "plans": totals.plans, "parked": totals.parked}
        return Reply(200, msgspec.json.encode({"data": {**clock_to_wire(tenant), **ran}}))

    async def _retry(self, request: Request, credential: Credential) -> Reply:
        """Let what is parked fall due again."""
        body = await request.body(self._desk.settings.body_bytes_max)
        try:
            command = parked_to_retry(body, credential.tenant.tenant_id)
        except Refused as error:
            return _error(error.status, str(error))
        receipt = await self._desk.execute(command)
        return Reply(200, msgspec.json.encode({"data": {"retried": receipt.result.count}}))

    def _tenant(self, tenant_id: int) -> TenantFact:
        with self._desk.store.reading(tenant_id) as reader:
            (tenant,) = reader.find(TenantFact)
            return tenant

    def _read(self, tenant_id: int, listed: List, page: Page) -> Found[dict[str, Any]]:
        with self._desk.store.reading(tenant_id) as reader:
            return listed(reader, page)


def _error(status: int, sentence: str, headers: Headers = ()) -> Reply:
    return Reply(status, msgspec.json.encode({"detail": sentence}), (JSON, *headers))


def _page(query: bytes) -> Page | None:
    """The page asked for; None when it is no number."""
    given = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    texts = (given.get("page", "1"), given.get("per_page", str(PER_PAGE)))
    if not all(text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= 10**9 for text in texts):
        return None
    number, size = map(int, texts)
    return Page(number, min(size, PER_PAGE_MAX))

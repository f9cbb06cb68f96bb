"""Our own administration under /admin/v1: what no wire has. API keys, payment methods, exchange rates.

A POST takes one row of the provisioning file's table, as JSON, and means what the file means; a GET lists the rows, a
page at a time.
Opened by a tenant's secret or application keys. No secret is ever listed: of a key only its name and kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from tollhouse.apis.desk import Bounded, Credential, Desk
from tollhouse.apis.strict_json import JsonMalformed, parse
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import CustomerFact, ExchangeRateFact, Fact, KeyFact, PaymentMethodFact
from tollhouse.ledger.ports import Reader, StoreConflict
from tollhouse.ledger.provisioning.apply import Applied
from tollhouse.ledger.provisioning.document import Document, ProvisioningRefused, document_from_tables
from tollhouse.ledger.queries import Found, Page
from tollhouse.web import JSON, RETRY_AFTER, Headers, Reply, Request, Trouble

ADMINISTRATORS = frozenset({"secret", "application"})
#: Changes wait for one another; more than so many waiting are refused.
CHANGES_MAX = 64
#: Rows on a page, and the most that can be asked for.
PER_PAGE = 50
PER_PAGE_MAX = 100

F = TypeVar("F", bound=Fact)

Provision = Callable[[Document], Applied]
List = Callable[[Reader, Page], Found[dict[str, Any]]]

_TROUBLES = {
    Trouble.TOO_LARGE: (413, "The body is too large."),
    Trouble.OVERLOADED: (503, "Too much is waiting. Try again shortly."),
    Trouble.UNAVAILABLE: (503, "The store is not available. Try again shortly."),
    Trouble.FAULT: (500, "Something went wrong here."),
}


class AdminDoor:
    name = "admin"

    def __init__(self, desk: Desk, provision: Provision) -> None:
        self._desk = desk
        self._provision = provision
        self._changes = Bounded("admin", 1, CHANGES_MAX)
        self._lists: dict[str, List] = {
            "keys": _keys,
            "payment_methods": _payment_methods,
            "exchange_rates": _exchange_rates,
        }

    def trouble(self, what: str) -> Reply:
        status, sentence = _TROUBLES[what]
        return _error(status, sentence, (RETRY_AFTER,) if status == 503 else ())

    async def answer(self, request: Request) -> Reply:
        table = request.path.removeprefix("/admin/v1/")
        listed = self._lists.get(table)
        if listed is None:
            return _error(404, "There is nothing at this path.")
        if request.method not in ("GET", "HEAD", "POST"):
            return _error(405, "Use GET or POST.", ((b"allow", b"GET, HEAD, POST"),))
        credential = await self._credential(request)
        if credential is None:
            return _error(401, "A valid API key is required.")
        if credential.kind not in ADMINISTRATORS:
            return _error(403, "This kind of API key may not administer.")
        if request.method == "POST":
            return await self._apply(request, credential, table)
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


def _on_page(reader: Reader, kind: type[F], order: Sequence[str], page: Page) -> Found[F]:
    total = reader.count(kind)
    if page.offset >= total:
        return Found([], total)
    until = page.offset + page.size
    # The last page reads to the end, so that the cursor is done.
    rows = islice(reader.stream(kind, order=order), page.offset, until if until < total else None)
    return Found(list(rows), total)


def _keys(reader: Reader, page: Page) -> Found[dict[str, Any]]:
    keys = _on_page(reader, KeyFact, ("created_at", "name"), page)
    rows = [{"name": key.name, "kind": key.kind, "created_at": key.created_at // SECOND} for key in keys.rows]
    return Found(rows, keys.total)


def _payment_methods(reader: Reader, page: Page) -> Found[dict[str, Any]]:
    methods = _on_page(reader, PaymentMethodFact, ("payment_method_id",), page)
    numbers = sorted({method.customer_number for method in methods.rows})
    customers = {c.number: c.reference for c in reader.find(CustomerFact, number=numbers)}
    rows = [
        {
            "id": method.payment_method_id,
            "customer": customers.get(method.customer_number),
            "gateway": method.gateway,
            "default": bool(method.is_default),
            "state": method.state,
        }
        for method in methods.rows
    ]
    return Found(rows, methods.total)


def _exchange_rates(reader: Reader, page: Page) -> Found[dict[str, Any]]:
    rates = _on_page(reader, ExchangeRateFact, ("from_currency", "to_currency", "effective_at"), page)
    rows = [
        {
            "from": rate.from_currency,
            "to": rate.to_currency,
            "rate": rate.rate,
            "time": rate.effective_at // SECOND or None,
        }
        for rate in rates.rows
    ]
    return Found(rows, rates.total)

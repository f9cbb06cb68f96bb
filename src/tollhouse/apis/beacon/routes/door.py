"""Beacon's paths: writes at the root, Core reads under /v1."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tollhouse.apis.beacon.reply import charges as charge_reply
from tollhouse.apis.beacon.reply import customers as customer_reply
from tollhouse.apis.beacon.reply import envelope
from tollhouse.apis.beacon.request import body as bodies
from tollhouse.apis.beacon.request import charges
from tollhouse.apis.desk import Credential, Desk
from tollhouse.ledger.commands import PUBLIC_SCOPE, TENANT_SCOPE, RecordCharges
from tollhouse.ledger.queries import Page, Queries
from tollhouse.ledger.refusals import Refusal
from tollhouse.web import Reply, Request

WRITERS = frozenset({"secret", "public", "application"})
READERS = frozenset({"secret", "application"})
PER_PAGE = 50
PER_PAGE_MAX = 100
DIGITS_MAX = 10
SEARCH_LENGTH_MAX = 255

Write = Callable[[dict[str, Any], Credential, Request], RecordCharges]
Read = Callable[[Credential, list[str], dict[str, str]], Awaitable[Reply]]


class BeaconDoor:
    name = "beacon"

    def __init__(self, desk: Desk, queries: Queries) -> None:
        self._desk = desk
        self._queries = queries
        self._writes: dict[str, Write] = {"/charges": self._charge, "/charges/bulk": self._charges}

    def trouble(self, what: str) -> Reply:
        return envelope.trouble_to_wire(what)

    async def answer(self, incoming: Request) -> Reply:
        write = self._writes.get(incoming.path)
        if write is not None:
            if incoming.method == "POST":
                return await self._write(incoming, write)
            if incoming.method == "OPTIONS":
                return Reply(204, b"", envelope.PREFLIGHT)
            return envelope.error_to_wire(405, "Use POST.", headers=((b"allow", b"POST, OPTIONS"),))
        read = self._reading(incoming.path.split("/")[1:])
        if read is None:
            return envelope.error_to_wire(404, "There is nothing at this path.")
        if incoming.method not in ("GET", "HEAD"):
            return envelope.error_to_wire(405, "Use GET.", headers=((b"allow", b"GET, HEAD"),))
        return await self._read(incoming, *read)

    # Writes.

    async def _write(self, incoming: Request, write: Write) -> Reply:
        try:
            credential, body = await self._authorised_body(incoming)
        except _Unauthorised:
            return envelope.error_to_wire(401, "A valid API key is required.")
        except bodies.Malformed as error:
            return envelope.error_to_wire(400, str(error))
        if credential.kind not in WRITERS:
            return envelope.error_to_wire(403, "This kind of API key may not be used here.")
        if credential.kind == "public" and not credential.tenant.public_keys_may_charge:
            return envelope.error_to_wire(403, "Public keys may not charge in this project.")
        try:
            receipt = await self._desk.execute(write(body, credential, incoming))
        except bodies.Invalid as error:
            return envelope.error_to_wire(422, str(error), error.errors)
        except Refusal as refusal:
            return envelope.refusal_to_wire(refusal)
        return envelope.SUCCESS_REPLAYED if receipt.replayed else envelope.SUCCESS

    async def _authorised_body(self, incoming: Request) -> tuple[Credential, dict[str, Any]]:
        """Key, size, JSON; where neither header nor query has a key: size, JSON, key, and what is no JSON is no key."""
        limit = self._desk.settings.body_bytes_max
        key = _key_of(incoming)
        if key is not None:
            credential = await self._credential(key)
            body = bodies.body_from_wire(await incoming.body(limit))
            body.pop("api_key", None)
            return credential, body
        try:
            body = bodies.body_from_wire(await incoming.body(limit))
        except bodies.Malformed as error:
            raise _Unauthorised from error
        return await self._credential(body.pop("api_key", None)), body

    async def _credential(self, key: Any) -> Credential:
        credential = await self._desk.credential(key) if isinstance(key, str) else None
        if credential is None:
            raise _Unauthorised
        return credential

    def _charge(self, body: dict[str, Any], credential: Credential, incoming: Request) -> RecordCharges:
        return charges.charge_from_wire(
            body,
            tenant_id=credential.tenant.tenant_id,
            currency=credential.tenant.currency,
            idempotency=_idempotency(body, credential, incoming),
            now=self._now(credential),
        )

    def _charges(self, body: dict[str, Any], credential: Credential, incoming: Request) -> RecordCharges:
        return charges.charges_from_wire(
            body,
            tenant_id=credential.tenant.tenant_id,
            currency=credential.tenant.currency,
            idempotency=_idempotency(body, credential, incoming),
            now=self._now(credential),
            items_max=self._desk.settings.bulk_items_max,
        )

    def _now(self, credential: Credential) -> int:
        clock_at = credential.tenant.clock_at
        return self._desk.clock.now() if clock_at is None else clock_at

    # Reads.

    def _reading(self, parts: list[str]) -> tuple[Read, list[str]] | None:
        match parts:
            case ["v1", "projects", slug, "customers"]:
                return self._customers, [slug]
            case ["v1", "customers", uid]:
                return self._customer, [uid]
            case ["v1", "customers", uid, "charges"]:
                return self._customer_charges, [uid]
        return None

    async def _read(self, incoming: Request, read: Read, arguments: list[str]) -> Reply:
        try:
            credential = await self._credential(_key_of(incoming))
        except _Unauthorised:
            return envelope.error_to_wire(401, "A valid API key is required.")
        if credential.kind not in READERS:
            return envelope.error_to_wire(403, "This kind of API key may not read.")
        try:
            return await read(credential, arguments, bodies.query_from_wire(incoming.query))
        except bodies.Invalid as error:
            return envelope.error_to_wire(422, str(error), error.errors)

    async def _customers(self, credential: Credential, arguments: list[str], query: dict[str, str]) -> Reply:
        tenant = credential.tenant
        if arguments[0] != tenant.slug:
            return _not_found()
        page = _page(query)
        search = query.get("q", "")
        if len(search) > SEARCH_LENGTH_MAX:
            raise bodies.Invalid({"q": [f"must have at most {SEARCH_LENGTH_MAX} characters"]})
        found = await self._desk.reads.run(self._queries.customers, tenant.tenant_id, search, page)
        data = [customer_reply.customer_to_wire(customer, rows, tenant) for customer, rows in found.rows]
        return envelope.data_to_wire(data, meta={"page": page.number, "per_page": page.size, "total": found.total})

    async def _customer(self, credential: Credential, arguments: list[str], _query: dict[str, str]) -> Reply:
        found = await self._desk.reads.run(self._queries.customer, credential.tenant.tenant_id, arguments[0])
        if found is None:
            return _not_found()
        return envelope.data_to_wire(customer_reply.customer_to_wire(*found, credential.tenant))

    async def _customer_charges(self, credential: Credential, arguments: list[str], query: dict[str, str]) -> Reply:
        page = _page(query)
        tenant_id = credential.tenant.tenant_id
        found = await self._desk.reads.run(self._queries.customer_charges, tenant_id, arguments[0], page)
        if found is None:
            return _not_found()
        data = [charge_reply.charge_to_wire(transaction, arguments[0]) for transaction in found.rows]
        return envelope.data_to_wire(data, meta={"page": page.number, "per_page": page.size, "total": found.total})


class _Unauthorised(Exception):
    pass


def _not_found() -> Reply:
    return envelope.error_to_wire(404, "There is no such object in this project.")


def _key_of(incoming: Request) -> str | None:
    """The API key of the header, else of the query."""
    header = incoming.header(b"authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""
    if b"api_key=" in incoming.query:
        return bodies.query_from_wire(incoming.query).get("api_key")
    return None


def _idempotency(body: dict[str, Any], credential: Credential, incoming: Request) -> Any:
    given = body.get("idempotency_key")
    if given is None and b"idempotency_key=" in incoming.query:
        given = bodies.query_from_wire(incoming.query).get("idempotency_key")
    scope = PUBLIC_SCOPE if credential.kind == "public" else TENANT_SCOPE
    return bodies.idempotency_from_wire(incoming.key_header(b"idempotency-key"), given, scope)


def _page(query: dict[str, str]) -> Page:
    number = _positive(query, "page", 1, 10**9)
    return Page(number, min(_positive(query, "per_page", PER_PAGE, 10**9), PER_PAGE_MAX))


def _positive(query: dict[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (len(text) <= DIGITS_MAX and text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise bodies.Invalid({name: ["must be a whole number from 1"]})
    return int(text)

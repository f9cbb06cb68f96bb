"""Beacon's paths: writes at the root, Core under /v1."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.actors import actor_of_key
from tollhouse.apis.beacon.reply import envelope
from tollhouse.apis.beacon.request.body import (
    Invalid,
    Malformed,
    body_from_wire,
    idempotency_from_wire,
    query_from_wire,
)
from tollhouse.apis.beacon.routes.asked import Answers, Asked, Noun
from tollhouse.apis.beacon.routes.writes import PATHS, Writes, charges_something
from tollhouse.apis.desk import Credential, Desk
from tollhouse.apis.paths import Paths, is_keepable
from tollhouse.ledger.commands import PUBLIC_SCOPE, TENANT_SCOPE, Actor, Idempotency
from tollhouse.ledger.refusals import Refusal
from tollhouse.web import Reply, Request

WRITERS = frozenset({"secret", "public", "application"})
READERS = frozenset({"secret", "application"})
CORE = "/v1/"


class BeaconDoor:
    name = "beacon"

    def __init__(self, desk: Desk, *nouns: Noun) -> None:
        """`nouns` are what Core knows."""
        self._desk = desk
        self._writes = Writes(desk)
        answers: Answers = {}
        for noun in nouns:
            answers |= noun.answers()
        self._core = Paths(answers)

    def trouble(self, what: str) -> Reply:
        return envelope.trouble_to_wire(what)

    async def answer(self, incoming: Request) -> Reply:
        if incoming.path in PATHS:
            if incoming.method == "POST":
                return await self._write(incoming)
            if incoming.method == "OPTIONS":
                return Reply(204, b"", envelope.PREFLIGHT)
            return envelope.error_to_wire(405, "Use POST.", headers=((b"allow", b"POST, OPTIONS"),))
        found = self._core.found(incoming.path.removeprefix(CORE)) if incoming.path.startswith(CORE) else None
        if found is None:
            return envelope.error_to_wire(404, "There is nothing at this path.")
        methods, params = found
        answer = methods.get("GET" if incoming.method == "HEAD" else incoming.method)
        if answer is None:
            names = [name for method in methods for name in ((method, "HEAD") if method == "GET" else (method,))]
            message, allowed = f"Use {' or '.join(methods)}.", ", ".join(names).encode()
            return envelope.error_to_wire(405, message, headers=((b"allow", allowed),))
        try:
            credential, body = await self._authorised(incoming)
            if credential.kind not in READERS:
                return envelope.error_to_wire(403, "This kind of API key may not be used here.")
            if not is_keepable(params):
                return envelope.NOT_FOUND
            return await answer(
                Asked(credential, params, query_from_wire(incoming.query), body, self._by(credential, incoming))
            )
        except _Unauthorised:
            return envelope.error_to_wire(401, "A valid API key is required.")
        except Malformed as error:
            return envelope.error_to_wire(400, str(error))
        except Invalid as error:
            return envelope.error_to_wire(422, str(error), error.errors)
        except Refusal as refusal:
            return envelope.refusal_to_wire(refusal)

    def _by(self, credential: Credential, incoming: Request) -> Actor | None:
        is_read = incoming.method in ("GET", "HEAD")
        return None if is_read else actor_of_key(credential, "beacon", incoming, self._desk.trusted_proxies)

    # Writes.

    async def _write(self, incoming: Request) -> Reply:
        try:
            credential, body = await self._authorised_body(incoming)
        except _Unauthorised:
            return envelope.error_to_wire(401, "A valid API key is required.")
        except Malformed as error:
            return envelope.error_to_wire(400, str(error))
        if credential.kind not in WRITERS:
            return envelope.error_to_wire(403, "This kind of API key may not be used here.")
        may_charge = credential.kind != "public" or credential.tenant.public_keys_may_charge
        if not may_charge and charges_something(incoming.path, body):
            return envelope.error_to_wire(403, "Public keys may not charge in this project.")
        try:
            idempotency = _idempotency(body, credential, incoming)
            receipt = await self._desk.execute(self._writes.command(incoming, credential, body, idempotency))
        except Invalid as error:
            return envelope.error_to_wire(422, str(error), error.errors)
        except Refusal as refusal:
            return envelope.refusal_to_wire(refusal, of_items=incoming.path != "/charges")
        return envelope.SUCCESS_REPLAYED if receipt.replayed else envelope.SUCCESS

    # Who calls, and with what.

    async def _authorised(self, incoming: Request) -> tuple[Credential, dict[str, Any]]:
        """The same, for calls that may come without a body."""
        if incoming.method in ("GET", "HEAD"):
            return await self._credential(_key_of(incoming)), {}
        if not incoming.header(b"content-length") and not incoming.header(b"transfer-encoding"):
            return await self._credential(_key_of(incoming)), {}
        if incoming.header(b"content-length") == "0":
            return await self._credential(_key_of(incoming)), {}
        return await self._authorised_body(incoming)

    async def _authorised_body(self, incoming: Request) -> tuple[Credential, dict[str, Any]]:
        """Key, size, JSON; where neither header nor query has a key: size, JSON, key, and what is no JSON is no key."""
        limit = self._desk.settings.body_bytes_max
        key = _key_of(incoming)
        if key is not None:
            credential = await self._credential(key)
            body = body_from_wire(await incoming.body(limit))
            body.pop("api_key", None)
            return credential, body
        try:
            body = body_from_wire(await incoming.body(limit))
        except Malformed as error:
            raise _Unauthorised from error
        return await self._credential(body.pop("api_key", None)), body

    async def _credential(self, key: Any) -> Credential:
        credential = await self._desk.credential(key) if isinstance(key, str) else None
        if credential is None:
            raise _Unauthorised
        return credential


class _Unauthorised(Exception):
    pass


def _key_of(incoming: Request) -> str | None:
    """The API key of the header, else of the query."""
    header = incoming.header(b"authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""
    if b"api_key=" in incoming.query:
        return query_from_wire(incoming.query).get("api_key")
    return None


def _idempotency(body: dict[str, Any], credential: Credential, incoming: Request) -> Idempotency | None:
    given = body.get("idempotency_key")
    if given is None and b"idempotency_key=" in incoming.query:
        given = query_from_wire(incoming.query).get("idempotency_key")
    scope = PUBLIC_SCOPE if credential.kind == "public" else TENANT_SCOPE
    return idempotency_from_wire(incoming.key_header(b"idempotency-key"), given, scope)

"""Kelviq's paths: /api/v1/charges/."""

from __future__ import annotations

from tollhouse.apis.desk import Credential, Desk
from tollhouse.apis.kelviq import reply, request
from tollhouse.apis.kelviq.purchases import Purchases
from tollhouse.ledger.refusals import Refusal
from tollhouse.web import Reply, Request

CHARGERS = frozenset({"secret", "application"})


class KelviqDoor:
    name = "kelviq"

    def __init__(self, desk: Desk, purchases: Purchases) -> None:
        self._desk = desk
        self._purchases = purchases
        self._gateways = frozenset(desk.gateways)

    def trouble(self, what: str) -> Reply:
        return reply.trouble_to_wire(what)

    async def answer(self, incoming: Request) -> Reply:
        if incoming.path != "/api/v1/charges":
            return reply.NOT_FOUND
        if incoming.method != "POST":
            return reply.error_to_wire(405, "method_not_allowed", "Use POST.", ((b"allow", b"POST"),))
        credential = await self._credential(incoming)
        if credential is None:
            return reply.error_to_wire(
                401, "not_authenticated", "A valid API key is required.", ((b"www-authenticate", b"Bearer"),)
            )
        if credential.kind not in CHARGERS:
            return reply.error_to_wire(403, "permission_denied", "This kind of API key may not charge.")
        if not _is_json(incoming.header(b"content-type")):
            return reply.error_to_wire(415, "unsupported_media_type", "Send the body as application/json.")
        return await self._charge(incoming, credential)

    async def _charge(self, incoming: Request, credential: Credential) -> Reply:
        try:
            body = request.body_from_wire(await incoming.body(self._desk.settings.body_bytes_max))
            command = request.purchase_from_wire(
                body,
                tenant_id=credential.tenant.tenant_id,
                idempotency=request.idempotency_from_wire(incoming.key_header(b"idempotency-key")),
                gateways=self._gateways,
                settings=self._desk.settings,
            )
            bought = await self._purchases.buy(command)
        except request.Malformed as error:
            return reply.error_to_wire(400, "body_malformed", str(error))
        except request.Invalid as error:
            return reply.invalid_to_wire(error.errors)
        except request.BadKey as error:
            return reply.error_to_wire(400, "idempotency_key_invalid", str(error))
        except Refusal as refusal:
            return reply.refusal_to_wire(refusal)
        return reply.payment_to_wire(bought.payment, replayed=bought.replayed)

    async def _credential(self, incoming: Request) -> Credential | None:
        scheme, _, key = (incoming.header(b"authorization") or "").partition(" ")
        return await self._desk.credential(key.strip()) if scheme.lower() == "bearer" and key.strip() else None


def _is_json(content_type: str | None) -> bool:
    """Whether the body may be read as JSON: says so, or says nothing."""
    return not content_type or content_type.partition(";")[0].strip().lower() == "application/json"

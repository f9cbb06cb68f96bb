"""Kelviq's door: finds the operation of a path, sees who calls, and turns what is refused into Kelviq's form."""

from __future__ import annotations

from typing import Protocol

from tollhouse.apis.desk import Credential, Desk
from tollhouse.apis.kelviq.call import Answers, BadKey, Call
from tollhouse.apis.kelviq.fields import Invalid, Malformed
from tollhouse.apis.kelviq.operations import OPERATIONS
from tollhouse.apis.kelviq.operations.operation import Operation
from tollhouse.apis.kelviq.reply import envelope
from tollhouse.apis.paths import Paths, is_keepable
from tollhouse.ledger.refusals import Refusal
from tollhouse.web import Reply, Request

PREFIX = "/api/v1"


class Noun(Protocol):
    def answers(self) -> Answers: ...


class KelviqDoor:
    name = "kelviq"

    def __init__(self, desk: Desk, *nouns: Noun) -> None:
        """`nouns` are those that answer the operations, together all of them."""
        self._desk = desk
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in OPERATIONS:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        self._paths = Paths(by_path)
        self._answers: Answers = {}
        for noun in nouns:
            self._answers |= noun.answers()
        if self._answers.keys() != {operation.name for operation in OPERATIONS}:
            raise ValueError("operations and answers do not match")

    def trouble(self, what: str) -> Reply:
        return envelope.trouble_to_wire(what)

    async def answer(self, incoming: Request) -> Reply:
        found = self._paths.found(incoming.path.removeprefix(PREFIX))
        if found is None or not is_keepable(found[1]):
            return envelope.NOT_FOUND
        methods, params = found
        operation = methods.get("GET" if incoming.method == "HEAD" else incoming.method)
        if operation is None:
            allowed = ", ".join(sorted(methods))
            return envelope.error_to_wire(405, "method_not_allowed", f"Use {allowed}.", ((b"allow", allowed.encode()),))
        credential = await self._credential(incoming)
        if credential is None:
            return envelope.UNAUTHORISED
        if credential.kind not in operation.keys:
            return envelope.error_to_wire(403, "permission_denied", "This kind of API key may not do this.")
        if operation.body and not _is_json(incoming.header(b"content-type")):
            return envelope.error_to_wire(415, "unsupported_media_type", "Send the body as application/json.")
        call = Call(self._desk, incoming, credential, params, self._base_url(incoming))
        try:
            return await self._answers[operation.name](call)
        except Malformed as error:
            return envelope.error_to_wire(400, "body_malformed", str(error))
        except Invalid as error:
            return envelope.invalid_to_wire(error.errors)
        except BadKey as error:
            return envelope.error_to_wire(400, "idempotency_key_invalid", str(error))
        except Refusal as refusal:
            return envelope.refusal_to_wire(refusal)

    async def _credential(self, incoming: Request) -> Credential | None:
        scheme, _, key = (incoming.header(b"authorization") or "").partition(" ")
        return await self._desk.credential(key.strip()) if scheme.lower() == "bearer" and key.strip() else None

    def _base_url(self, incoming: Request) -> str:
        return self._desk.settings.public_url or f"{incoming.scheme}://{incoming.host}"


def _is_json(content_type: str | None) -> bool:
    """Whether the body may be read as JSON: says so, or says nothing."""
    return not content_type or content_type.partition(";")[0].strip().lower() == "application/json"

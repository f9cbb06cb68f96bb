"""Kelviq's door: finds the operation of a path, sees who calls, and turns what is refused into Kelviq's form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from tollhouse.apis.desk import Credential, Desk
from tollhouse.apis.kelviq.call import Answers, BadKey, Call
from tollhouse.apis.kelviq.fields import Invalid, Malformed
from tollhouse.apis.kelviq.operations import OPERATIONS
from tollhouse.apis.kelviq.operations.operation import Operation
from tollhouse.apis.kelviq.reply import envelope
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.refusals import Refusal
from tollhouse.web import Reply, Request

PREFIX = "/api/v1"

#: A place in the tree of paths: what comes next by its text or, under `{}`, by a name for whatever it is.
_Place = dict[str, Any]


class Noun(Protocol):
    def answers(self) -> Answers: ...


class KelviqDoor:
    name = "kelviq"

    def __init__(self, desk: Desk, *nouns: Noun) -> None:
        """`nouns` are those that answer the operations, together all of them."""
        self._desk = desk
        self._paths = _tree(OPERATIONS)
        self._answers: Answers = {}
        for noun in nouns:
            self._answers |= noun.answers()
        if self._answers.keys() != {operation.name for operation in OPERATIONS}:
            raise ValueError("operations and answers do not match")

    def trouble(self, what: str) -> Reply:
        return envelope.trouble_to_wire(what)

    async def answer(self, incoming: Request) -> Reply:
        found = _found(self._paths, incoming.path.removeprefix(PREFIX).split("/")[1:])
        if found is None:
            return envelope.NOT_FOUND
        methods, values = found
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
        call = Call(self._desk, incoming, credential, _params(operation, values), self._base_url(incoming))
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


def _tree(operations: Sequence[Operation]) -> _Place:
    tree: _Place = {}
    for operation in operations:
        place = tree
        for part in operation.path.split("/")[1:]:
            place = place.setdefault("{}" if part.startswith("{") else part, {})
        methods = place.setdefault("", {})
        if operation.method in methods:
            raise ValueError(f"{operation.method} {operation.path} is there twice")
        methods[operation.method] = operation
    return tree


def _found(tree: _Place, parts: Sequence[str]) -> tuple[dict[str, Operation], list[str]] | None:
    """The operations of a path by method, and what stands where it varies."""
    place, values = tree, []
    for part in parts:
        if part and part in place:
            place = place[part]
        elif part and "{}" in place and is_storable(part):
            place = place["{}"]
            values.append(part)
        else:
            return None
    return (place[""], values) if "" in place else None


def _params(operation: Operation, values: Sequence[str]) -> dict[str, str]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    return dict(zip(names, values, strict=True))


def _is_json(content_type: str | None) -> bool:
    """Whether the body may be read as JSON: says so, or says nothing."""
    return not content_type or content_type.partition(";")[0].strip().lower() == "application/json"

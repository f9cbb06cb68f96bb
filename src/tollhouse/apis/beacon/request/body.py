"""The body as a JSON object, and what is wrong with it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from tollhouse.apis.strict_json import JsonMalformed, parse
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.commands import Idempotency

KEY_LENGTH_MAX = 255

#: For each field that is refused, sentences. `charges.3.amount` names a field of an item.
Errors = dict[str, list[str]]


class Malformed(ValueError):
    """The body is not one JSON object; the sentence says why."""


class Invalid(ValueError):
    """Fields that were refused."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(next(f"{field} {texts[0]}" for field, texts in errors.items()))
        self.errors = errors


def body_from_wire(body: bytes) -> dict[str, Any]:
    try:
        value = parse(body)
    except JsonMalformed as error:
        raise Malformed(str(error)) from error
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


def query_from_wire(query: bytes) -> dict[str, str]:
    """The query's parameters; of one given twice the first counts."""
    if not query:
        return {}
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")
    return dict(reversed(pairs))


def idempotency_from_wire(header: str | None, given: Any, scope: str) -> Idempotency | None:
    """The caller's token, from the header or else the body or query. Raises Invalid for one that cannot be kept."""
    key = given if header is None else header
    if key is None:
        return None
    if not isinstance(key, str) or not 1 <= len(key) <= KEY_LENGTH_MAX or not is_storable(key):
        raise Invalid({"idempotency_key": [f"must be a text of 1 to {KEY_LENGTH_MAX} characters"]})
    return Idempotency(scope, key)

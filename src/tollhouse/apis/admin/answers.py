"""What goes in and out under /admin/v1: JSON objects, pages, and errors of one sentence."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tollhouse.apis.strict_json import JsonMalformed, parse
from tollhouse.ledger.queries import Found, Page
from tollhouse.web import JSON, Headers, Reply

#: Rows on a page, and the most that can be asked for.
PER_PAGE = 50
PER_PAGE_MAX = 100

REPLAYED = (b"idempotency-replayed", b"true")


class Refused(ValueError):
    """A request that cannot be used: an HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def object_from_wire(body: bytes, *names: str) -> dict[str, Any]:
    """A JSON object that has no other keys than these. Raises Refused."""
    try:
        values = parse(body)
    except JsonMalformed as error:
        raise Refused(400, str(error)) from error
    if not isinstance(values, dict):
        raise Refused(422, "The body must be a JSON object.")
    for name in values:
        if name not in names:
            raise Refused(422, f"There is no {name[:50]!r} here." if name.isprintable() else "There is an unknown key.")
    return values


def query_from_wire(query: bytes) -> dict[str, str]:
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


def page_from_wire(query: bytes) -> Page:
    """The page asked for. Raises Refused when it is no number."""
    given = query_from_wire(query)
    texts = (given.get("page", "1"), given.get("per_page", str(PER_PAGE)))
    if not all(text.isascii() and text.isdigit() and len(text) <= 12 and 1 <= int(text) <= 10**9 for text in texts):
        raise Refused(422, "page and per_page: must be a whole number from 1.")
    number, size = map(int, texts)
    return Page(number, min(size, PER_PAGE_MAX))


def page_to_wire(page: Page, found: Found[dict[str, Any]]) -> Reply:
    meta = {"page": page.number, "per_page": page.size, "total": found.total}
    return Reply(200, msgspec.json.encode({"data": found.rows, "meta": meta}))


def answered(data: Any) -> Reply:
    return Reply(200, msgspec.json.encode({"data": data}))


def replayable(data: Any, replayed: bool) -> Reply:
    """The answer to what an idempotency key may stand for; all but the first say so."""
    return Reply(200, msgspec.json.encode({"data": data}), (JSON, REPLAYED) if replayed else (JSON,))


def error_to_wire(status: int, sentence: str, headers: Headers = ()) -> Reply:
    return Reply(status, msgspec.json.encode({"detail": sentence}), (JSON, *headers))

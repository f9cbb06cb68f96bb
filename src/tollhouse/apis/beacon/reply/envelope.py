"""What every answer is wrapped in. The HTTP status is always the envelope's `code`."""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.queries import Page
from tollhouse.ledger.refusals import (
    CustomerInUse,
    CustomerUnknown,
    IdempotencyKeyReused,
    NegativeAmountRefused,
    RefundExceedsCharges,
    Refusal,
    SumTooLarge,
    TooManyDefinitions,
)
from tollhouse.web import JSON, RETRY_AFTER, Headers, Reply, Trouble

CORS: Headers = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Idempotency-Replayed, Retry-After, X-Request-Id"),
)
PREFLIGHT: Headers = (
    *CORS,
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key"),
    (b"access-control-max-age", b"86400"),
)
REPLAYED = (b"idempotency-replayed", b"true")

SUCCESS = Reply(200, b'{"success":true,"code":200,"data":null}', (JSON, *CORS))
SUCCESS_REPLAYED = Reply(200, SUCCESS.body, (JSON, *CORS, REPLAYED))

_REFUSALS: dict[type[Refusal], tuple[int, str]] = {
    IdempotencyKeyReused: (409, "idempotency_key"),
    SumTooLarge: (422, "amount"),
    NegativeAmountRefused: (422, "amount"),
    RefundExceedsCharges: (422, "amount"),
}

_TROUBLES = {
    Trouble.TOO_LARGE: (413, "The body is too large."),
    Trouble.OVERLOADED: (503, "Too much is waiting. Try again shortly."),
    Trouble.STOPPING: (503, "The server is stopping. Nothing was done; try again shortly."),
    Trouble.UNAVAILABLE: (503, "The store is not available. Try again shortly."),
    Trouble.FAULT: (500, "Something went wrong here."),
}


def data_to_wire(data: Any, **more: Any) -> Reply:
    return Reply(200, msgspec.json.encode({"success": True, "code": 200, "data": data, **more}), (JSON, *CORS))


def error_to_wire(
    status: int, message: str, errors: dict[str, list[str]] | None = None, headers: Headers = ()
) -> Reply:
    body = {"success": False, "code": status, "data": None, "message": message, "errors": errors or {}}
    return Reply(status, msgspec.json.encode(body), (JSON, *CORS, *headers))


NOT_FOUND = error_to_wire(404, "There is no such object in this project.")


def page_of_data(data: list[dict[str, Any]], page: Page, total: int | None) -> Reply:
    """One page of a list; what it is a page of stands beside the data."""
    return data_to_wire(data, meta={"page": page.number, "per_page": page.size, "total": total})


def refusal_to_wire(refusal: Refusal, *, of_items: bool = False) -> Reply:
    """`of_items`: the charges are items of a list, and what is refused of one names it."""
    if isinstance(refusal, CustomerUnknown):
        return NOT_FOUND
    if isinstance(refusal, CustomerInUse):
        return error_to_wire(409, str(refusal))
    if isinstance(refusal, TooManyDefinitions):
        return error_to_wire(422, str(refusal), {refusal.kind: [str(refusal)]})
    status, field = _REFUSALS[type(refusal)]
    if of_items and isinstance(refusal, NegativeAmountRefused | RefundExceedsCharges):
        field = f"charges.{refusal.item}.{field}"
    return error_to_wire(status, str(refusal), {field: [str(refusal)]})


def trouble_to_wire(what: str) -> Reply:
    status, message = _TROUBLES[what]
    return error_to_wire(status, message, headers=(RETRY_AFTER,) if status == 503 else ())


def seconds(instant: int | None) -> int | None:
    """UNIX seconds of an instant, its fraction dropped."""
    return None if instant is None else instant // SECOND

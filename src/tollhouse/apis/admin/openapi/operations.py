"""Operations: what may be asked of a path under /admin/v1, and what it may answer."""

from __future__ import annotations

import re
from typing import Any

from tollhouse.apis.admin.answers import PER_PAGE, PER_PAGE_MAX
from tollhouse.apis.beacon.openapi.schemas import COUNT, Schema, list_of, ref, whole

PREFIX = "/admin/v1/"
KEY_LENGTH_MAX = 255

ERROR = whole({"detail": {"type": "string", "description": "A sentence that names what is wrong."}})

_ERRORS = {
    400: "The body is not JSON.",
    401: "No valid API key.",
    403: "This kind of key may not administer.",
    404: "There is no such thing.",
    409: "Somebody else changed the same thing, or what was done before is in the way.",
    413: "The body is too large.",
    422: "Refused; the sentence names the key.",
    500: "A fault of the server's.",
    503: "Too much is waiting, or the store is not available; nothing is acknowledged.",
}
_ALWAYS = (401, 403, 500, 503)
_OF_BODIES = (400, 413, 422)
_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` on every answer of a key but its first.",
        "schema": {"const": "true"},
    }
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "One effect for ever: a repeat is answered with what came of the first.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX},
}


def listing(name: str, summary: str, row: Schema, *query: dict[str, Any]) -> dict[str, Any]:
    """A list, page by page."""
    meta = whole({"page": COUNT, "per_page": COUNT, "total": COUNT})
    answer = whole({"data": list_of(row), "meta": meta})
    return {"get": {**_operation(name, summary, answer, 422), "parameters": [*query, *PAGING]}}


def read(name: str, summary: str, data: Schema, *errors: int) -> dict[str, Any]:
    return {"get": _operation(name, summary, answered(data), *errors)}


def change(
    method: str,
    named: tuple[str, str],
    data: Schema,
    *errors: int,
    body: Schema | None = None,
    body_is_optional: bool = False,
    idempotent: bool = False,
) -> dict[str, Any]:
    """`named` are its id and its summary; `body` is what it takes, if anything."""
    operation = _operation(*named, answered(data), *(_OF_BODIES if body else ()), *errors)
    if idempotent:
        operation["parameters"] = [_KEY]
        operation["responses"]["200"]["headers"] = _REPLAYED
    if body:
        content = {"application/json": {"schema": body}}
        operation["requestBody"] = {"required": not body_is_optional, "content": content}
    return {method: operation}


def at(path: str, *operations: dict[str, Any]) -> dict[str, Any]:
    """A path and what may be asked of it; what varies in it is a parameter of each."""
    schema = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
    named = [
        {"name": name, "in": "path", "required": True, "schema": schema} for name in re.findall(r"\{(\w+)\}", path)
    ]
    described = {method: operation for given in operations for method, operation in given.items()}
    for operation in described.values():
        operation["parameters"] = [*named, *operation.get("parameters", ())]
    return {PREFIX + path: described}


def in_query(name: str, description: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def answered(data: Schema) -> Schema:
    return whole({"data": data})


def _operation(name: str, summary: str, answer: Schema, *errors: int) -> dict[str, Any]:
    refused = {str(status): _error(status) for status in sorted({*_ALWAYS, *errors})}
    return {"operationId": name, "summary": summary, "responses": {"200": _response("Done.", answer), **refused}}


def _error(status: int) -> dict[str, Any]:
    return {**_response(_ERRORS[status], ref("Error")), **({"headers": _RETRY_AFTER} if status == 503 else {})}


def _response(description: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


PAGE_SIZE = in_query(
    "per_page", f"{PER_PAGE}; at most {PER_PAGE_MAX}.", {"type": "integer", "minimum": 1, "maximum": 10**9}
)
PAGING = (in_query("page", "Counts from 1.", {"type": "integer", "minimum": 1, "maximum": 10**9}), PAGE_SIZE)

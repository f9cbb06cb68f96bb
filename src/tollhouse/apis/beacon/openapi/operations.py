"""Operations: what may be asked of a path, and what it may answer."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.openapi.schemas import COUNT, NULL, STRING, Schema, list_of, ref, whole
from tollhouse.apis.beacon.request.body import KEY_LENGTH_MAX
from tollhouse.apis.beacon.routes.asked import SEARCH_LENGTH_MAX

_ERRORS = {
    "400": "The body is not one JSON object, or gives a key twice.",
    "401": "No valid API key.",
    "403": "This kind of key may not do this.",
    "404": "No such object in this project.",
    "409": "The idempotency key was used with other content.",
    "413": "The body is too large.",
    "422": "Fields were refused; `errors` names each.",
    "500": "A fault of the server's.",
    "503": "Too much is waiting, or the store is not available; nothing is acknowledged.",
}
_ALWAYS = ("401", "403", "500", "503")
_OF_BODIES = ("400", "413", "422")

ERROR = whole(
    {
        "success": {"const": False},
        "code": {"type": "integer", "description": "The HTTP status."},
        "data": NULL,
        "message": STRING,
        "errors": {
            "type": "object",
            "description": "For each refused field, sentences; `charges.3.amount` is a field of an item.",
            "additionalProperties": list_of(STRING, minItems=1),
        },
    }
)

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "One effect for ever. Also taken as `idempotency_key` from the body or query.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX},
}
_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` on every answer of a key but its first.",
        "schema": {"const": "true"},
    }
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}


def write(name: str, summary: str, body: str) -> dict[str, Any]:
    """A write at the root: for keys of every kind, with an idempotency key if one is wanted."""
    return {
        "post": {
            "operationId": name,
            "summary": summary,
            "parameters": [_KEY],
            "requestBody": _body(ref(body)),
            "responses": {
                "200": _answer("Durable.", _envelope(NULL), headers=_REPLAYED),
                **_errors(*_ALWAYS, *_OF_BODIES, "409"),
            },
        }
    }


def read(name: str, summary: str, path: str, data: Schema) -> dict[str, Any]:
    """A read of one thing."""
    return {"get": _core(name, summary, _in_path(path), _envelope(data))}


def listing(name: str, summary: str, path: str, item: Schema, *query: dict[str, Any]) -> dict[str, Any]:
    """A list, page by page."""
    meta = whole({"page": COUNT, "per_page": COUNT, "total": COUNT})
    answer = _envelope(list_of(item), meta=meta)
    return {"get": _core(name, summary, [*_in_path(path), *query, *_PAGING], answer, "422")}


def change(
    method: str,
    named: tuple[str, str],
    path: str,
    data: Schema,
    *,
    body: Schema | None = None,
    errors: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A change through Core. `named` are its id and its summary; `body` is what it wants, if anything."""
    errors = ("400", "413", *errors) if body is None else (*_OF_BODIES, *errors)
    operation = _core(*named, _in_path(path), _envelope(data), *errors)
    return {method: operation if body is None else {**operation, "requestBody": _body(body)}}


def in_query(name: str, description: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def search(description: str) -> dict[str, Any]:
    return in_query("q", description, {"type": "string", "maxLength": SEARCH_LENGTH_MAX})


_PAGING = (
    in_query("page", "Counts from 1.", {"type": "integer", "minimum": 1, "maximum": 10**9}),
    in_query("per_page", "50; at most 100.", {"type": "integer", "minimum": 1, "maximum": 10**9}),
)


def _core(name: str, summary: str, parameters: list[Any], answer: Schema, *errors: str) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": parameters,
        "responses": {"200": _answer("Done.", answer), **_errors(*_ALWAYS, "404", *errors)},
    }


def _in_path(path: str) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _body(schema: Schema) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _envelope(data: Schema, **more: Schema) -> Schema:
    return whole({"success": {"const": True}, "code": {"const": 200}, "data": data, **more})


def _answer(description: str, schema: Schema, **more: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}, **more}


def _errors(*statuses: str) -> dict[str, Any]:
    return {
        status: _answer(_ERRORS[status], ref("Error"), **({"headers": _RETRY_AFTER} if status == "503" else {}))
        for status in sorted(statuses)
    }

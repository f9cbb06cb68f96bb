"""What this door serves, as OpenAPI, made of its operations. Compatible with the vendor's own description."""

from __future__ import annotations

import re
from typing import Any

from tollhouse.apis.kelviq.call import KEY_LENGTH_MAX
from tollhouse.apis.kelviq.operations import OPERATIONS, SCHEMAS
from tollhouse.apis.kelviq.operations.operation import Operation, ref

_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` on every answer of a key but its first.",
        "schema": {"type": "string", "const": "true"},
    }
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "One effect for ever: a repeat is answered with what came of the first.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX},
}

_ERROR_FIELDS = {
    "detail": {"type": "string", "description": "A sentence to be read."},
    "code": {"type": "string", "description": "Stays as it is; absent where fields were refused."},
    "error": {"type": "string", "description": "Of refunds: what was refused, in one sentence."},
    "orderId": {"type": "string", "description": "The order of a payment whose outcome is not known yet."},
    "refundId": {"type": "string", "description": "A refund that was accepted and could not be shown."},
}

_FAULTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_WORDS_OR_FAULTS = {"anyOf": [{"type": "string"}, _FAULTS]}

_ERRORS = {
    400: "Refused. Nothing was changed.",
    401: "The key is missing or wrong.",
    403: "This kind of key may not do this.",
    404: "There is no such thing.",
    409: "The idempotency key stands for other content.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    500: "A fault of the server's.",
    503: "Not now; try again.",
    504: "There was no time for the whole answer: what was begun goes on, and can be looked up.",
}
_DETAILED = (400, 404)


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_parameters(operation), *operation.query, *([_KEY] if operation.idempotent else ())],
        "responses": {str(status): _response(operation, status) for status in _statuses(operation)},
    }
    if operation.body:
        described["requestBody"] = {"required": not operation.body_is_optional, "content": _json(operation.body)}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
    names = re.findall(r"\{(\w+)\}", operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _statuses(operation: Operation) -> list[int]:
    statuses = {operation.success, 400, 401, 403, 500, 503, *operation.errors}
    if operation.body:
        statuses |= {413, 415}
    if "{" in operation.path:
        statuses.add(404)
    if any(parameter["name"] == "page" for parameter in operation.query):
        statuses.add(404)
    if operation.idempotent:
        statuses.add(409)
    return sorted(statuses)


def _response(operation: Operation, status: int) -> dict[str, Any]:
    headers = {**(_RETRY_AFTER if status == 503 else {})}
    if operation.idempotent and status in (operation.success, 400, 504):
        headers |= _REPLAYED
    more = {"headers": headers} if headers else {}
    if status == operation.success:
        content = {"content": _json(operation.reply)} if operation.reply else {}
        return {"description": "Done.", **content, **more}
    schema = "DetailError" if status in _DETAILED else "Error"
    return {"description": _ERRORS[status], "content": _json(schema), **more}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": ref(schema)}}


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"/api/v1{operation.path}/", {})[operation.method.lower()] = _described(operation)
    return paths


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Tollhouse: one-time charges, compatible with Kelviq",
        "version": "v1",
        "description": "One-time charges against a customer's saved payment method, and everything around them.",
    },
    "security": [{"key": []}],
    "paths": _paths(),
    "components": {
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            **SCHEMAS,
            "Error": {
                "type": "object",
                "required": ["detail", "code"],
                "properties": _ERROR_FIELDS,
                "additionalProperties": False,
            },
            "DetailError": {
                "type": "object",
                "description": "`detail` and `code`, or `detail` and the faults of each field by its name. "
                "An offering's has `status` and `message` besides, both in words.",
                "required": ["detail"],
                "properties": {
                    **_ERROR_FIELDS,
                    # Names of fields as well, which may be at fault.
                    **dict.fromkeys(("orderId", "status", "message"), _WORDS_OR_FAULTS),
                },
                "additionalProperties": _FAULTS,
            },
        },
    },
}

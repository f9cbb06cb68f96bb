"""What this door serves, as OpenAPI."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.request.body import KEY_LENGTH_MAX
from tollhouse.apis.beacon.request.values import SECONDS_MAX
from tollhouse.domain.identity import EMAIL_LENGTH_MAX, REFERENCE_LENGTH_MAX
from tollhouse.domain.money import AMOUNT_MINOR_MAX

_ERRORS = {
    "400": "The body is not one JSON object, or gives a key twice.",
    "401": "No valid API key.",
    "403": "This kind of key may not do this.",
    "404": "No such object in this project.",
    "405": "Another method; `Allow` names the right one.",
    "409": "The idempotency key was used with other content.",
    "413": "The body is too large.",
    "422": "Fields were refused; `errors` names each.",
    "503": "Too much is waiting, or the store is not available; nothing is acknowledged.",
}


def _nullable(**schema: Any) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _answer(description: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}, **more}


def _envelope(data: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {"success": {"const": True}, "code": {"const": 200}, "data": data, **more}
    return {"type": "object", "required": list(properties), "properties": properties}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _errors(*statuses: str) -> dict[str, Any]:
    return {status: _answer(_ERRORS[status], _ref("Error")) for status in statuses}


def _write(summary: str, schema: str) -> dict[str, Any]:
    return {
        "post": {
            "summary": summary,
            "security": [{"bearer": []}, {"query": []}],
            "parameters": [
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "description": "One effect for ever. Also taken as `idempotency_key` from the body or query.",
                    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX},
                }
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(schema)}}},
            "responses": {
                "200": _answer(
                    "Durable.",
                    _envelope({"type": "null"}),
                    headers={
                        "Idempotency-Replayed": {
                            "description": "`true` on every answer of a key but its first.",
                            "schema": {"type": "string"},
                        }
                    },
                ),
                **_errors("400", "401", "403", "409", "413", "422", "503"),
            },
        }
    }


def _read(summary: str, schema: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "get": {
            "summary": summary,
            "security": [{"bearer": []}, {"query": []}],
            "parameters": list(parameters),
            "responses": {"200": _answer("Found.", schema), **_errors("401", "403", "404", "422", "503")},
        }
    }


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _in_query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_PAGING = (
    _in_query("page", "Counts from 1.", {"type": "integer", "minimum": 1, "maximum": 10**9}),
    _in_query("per_page", "50; at most 100.", {"type": "integer", "minimum": 1, "maximum": 10**9}),
)
_IDENTITY = {
    "user_id": {
        "description": "The caller's own id; an integer means its digits. Needed when there is no email.",
        "anyOf": [{"type": "string", "maxLength": REFERENCE_LENGTH_MAX}, {"type": "integer"}, {"type": "null"}],
    },
    "email": _nullable(type="string", maxLength=EMAIL_LENGTH_MAX),
}
_CHARGE = {
    "amount": {
        "description": (
            "In the currency's smallest unit: an integer, or a string of its digits. A negative one is a refund in a "
            "project that has it so, and refused in any other."
        ),
        "anyOf": [
            {"type": "integer", "minimum": -AMOUNT_MINOR_MAX, "maximum": AMOUNT_MINOR_MAX},
            {"type": "string", "pattern": "^-?[0-9]{1,16}$"},
        ],
    },
    "created_at": {
        "description": "UNIX seconds; the server's time when absent. Not in the future.",
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": SECONDS_MAX},
            {"type": "string", "pattern": "^[0-9]{1,16}$"},
            {"type": "null"},
        ],
    },
}
_TOUCH = {
    "update_session": {"description": "false leaves no session.", "anyOf": [{"type": "boolean"}, {"type": "null"}]}
}
_TIME = _nullable(type="integer", description="UNIX seconds.")
_TEXT = _nullable(type="string")
_PAGE = {
    "type": "object",
    "required": ["page", "per_page", "total"],
    "properties": {name: {"type": "integer"} for name in ("page", "per_page", "total")},
}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_SCHEMAS: dict[str, Any] = {
    "Charge": {"type": "object", "required": ["amount"], "properties": {**_IDENTITY, **_CHARGE, **_TOUCH}},
    "Charges": {
        "type": "object",
        "required": ["charges"],
        "properties": {
            **_IDENTITY,
            **_TOUCH,
            "charges": {
                "type": "array",
                "items": {"type": "object", "required": ["amount"], "properties": {**_CHARGE, **_TOUCH}},
            },
        },
    },
    "ChargeSummary": _object(
        {
            "count": {"type": "integer", "minimum": 0},
            "sum": {"type": "integer", "description": "What remains: charges less refunds."},
            "refunded": {"type": "integer", "minimum": 0},
            "average": _nullable(type="integer"),
            "first_charged_at": _TIME,
            "last_charged_at": _TIME,
            "last_amount": _nullable(type="integer"),
        }
    ),
    "Customer": _object(
        {
            "id": {"type": "string", "format": "uuid"},
            "project_id": {"type": "string"},
            "user_id": _TEXT,
            "email": _TEXT,
            "name": _TEXT,
            "first_name": _TEXT,
            "last_name": _TEXT,
            "initials": _TEXT,
            "charge_summary": _ref("ChargeSummary"),
            "charge_summaries": {"type": "object", "additionalProperties": _ref("ChargeSummary")},
            "session": _object(
                {"count": {"type": "integer", "minimum": 0}, "first_seen_at": _TIME, "last_seen_at": _TIME}
            ),
            "created_at": {"type": "integer"},
            "updated_at": {"type": "integer"},
        }
    ),
    "RecordedCharge": _object(
        {
            "id": {"type": "string"},
            "customer_id": {"type": "string", "format": "uuid"},
            "amount": {"type": "integer"},
            "refunded": {"type": "integer", "minimum": 0, "description": "How much of it was paid back."},
            "currency": {"type": "string"},
            "source": {"type": "string", "description": "The door it came through."},
            "created_at": {"type": "integer"},
            "updated_at": {"type": "integer"},
        }
    ),
    "Error": _object(
        {
            "success": {"const": False},
            "code": {"type": "integer", "description": "The HTTP status."},
            "data": {"type": "null"},
            "message": {"type": "string"},
            "errors": {
                "type": "object",
                "description": "For each refused field, sentences; `charges.3.amount` is a field of an item.",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
        }
    ),
}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Tollhouse: the Beacon door",
        "version": "1",
        "description": "Compatible with the CrowdPower Beacon API; not affiliated with CrowdPower.",
    },
    "paths": {
        "/charges": _write("Record a charge of one customer", "Charge"),
        "/charges/bulk": _write("Record charges of one customer, all or none", "Charges"),
        "/v1/projects/{slug}/customers": _read(
            "List customers",
            _envelope({"type": "array", "items": _ref("Customer")}, meta=_PAGE),
            _in_path("slug"),
            _in_query("q", "Finds by user_id, email and name.", {"type": "string"}),
            *_PAGING,
        ),
        "/v1/customers/{id}": _read("Read a customer", _envelope(_ref("Customer")), _in_path("id")),
        "/v1/customers/{id}/charges": _read(
            "List a customer's charges through every door, latest first",
            _envelope({"type": "array", "items": _ref("RecordedCharge")}, meta=_PAGE),
            _in_path("id"),
            *_PAGING,
        ),
    },
    "components": {
        "schemas": _SCHEMAS,
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "query": {"type": "apiKey", "in": "query", "name": "api_key"},
        },
    },
}

"""What this door serves, as OpenAPI: made from the table of functions."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.enswitch.functions import DECIMAL, FUNCTIONS, INTEGER, LOGIN, Function, Parameter
from tollhouse.domain.periods import PERIODS
from tollhouse.ledger.seeing import LIABLE_OBJECTS

_INTEGER = {"type": "integer"}
_FLAG = {"type": "integer", "enum": [0, 1]}
_TEXT = {"type": "string"}
_SECONDS = {"type": "integer", "description": "UNIX seconds; 0 is none."}
_MONEY = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2,}$"}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


_CHARGE = _object(
    id=_INTEGER,
    name=_TEXT,
    customer={"type": "integer", "description": "0 for a rate plan's charge."},
    plan={"type": "integer", "description": "0 for a customer's charge."},
    amount=_MONEY,
    buy=_MONEY,
    currency=_TEXT,
    description=_TEXT,
    end=_SECONDS,
    number=_INTEGER,
    period={"type": "string", "enum": list(PERIODS)},
    start=_SECONDS,
)
_TRANSACTION = _object(
    id=_INTEGER,
    customer=_INTEGER,
    person=_INTEGER,
    type=_TEXT,
    reference=_TEXT,
    time=_INTEGER,
    amount={**_MONEY, "description": "With tax; negative is owed."},
    currency=_TEXT,
    description=_TEXT,
    charge=_INTEGER,
    invoice=_INTEGER,
    taxes={"type": "string", "description": "The ids of the taxes in it, separated by commas."},
)
_CUSTOMER = _object(
    id=_INTEGER,
    name=_TEXT,
    email=_TEXT,
    reference=_TEXT,
    parent={"type": "integer", "description": "0 for the caller's own customer."},
    plan=_INTEGER,
    balance=_MONEY,
    currency=_TEXT,
    bill_type=_TEXT,
    timezone=_TEXT,
    country=_TEXT,
    created=_INTEGER,
)

_DATA: dict[str, dict[str, Any]] = {
    "created": _object(id=_INTEGER),
    "charge": _CHARGE,
    "charges": {"type": "array", "items": _CHARGE},
    "liability": _object(
        tax=_INTEGER, type={"type": "string", "enum": list(LIABLE_OBJECTS)}, number=_INTEGER, liable=_FLAG
    ),
    "transactions": {"type": "array", "items": _TRANSACTION},
    "customer": {
        "anyOf": [_CUSTOMER, {"type": "object", "maxProperties": 0, "description": "With check=1."}],
    },
}

_RESPONSES = {
    "type": "array",
    "minItems": 1,
    "items": _object(
        code={"type": "string", "pattern": "^[2-5][0-9]{2}$"},
        key={"type": "string", "description": "The parameter that is at fault, else empty."},
        message=_TEXT,
    ),
}

_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": _INTEGER}}
_ALLOW = {"Allow": {"description": "`GET, POST`", "schema": _TEXT}}
_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` on every answer of a key but its first.",
        "schema": {"type": "string", "const": "true"},
    }
}


def _document() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tollhouse: ENSwitch-compatible charges",
            "version": "1",
            "description": (
                "Every function is called by GET or POST alike, with or without the last slash; parameters are "
                "separated by `&` or `;`. Whether a call succeeded is told by `responses[].code` in the body: the "
                "HTTP status of a function is 200 but for what is documented here. An unknown path is answered 404 "
                "with the same envelope."
            ),
        },
        "paths": {f"/api/json/{function.path}/": _operations(function) for function in FUNCTIONS},
        "components": {"schemas": {"Envelope": _object(responses=_RESPONSES)}},
    }


def _operations(function: Function) -> dict[str, Any]:
    responses = _responses(function)
    return {
        "get": {
            "operationId": function.path.replace("/", "_") + "_get",
            "summary": function.about,
            "parameters": [_parameter_in_query(parameter) for parameter in function.parameters],
            "responses": responses,
        },
        "post": {
            "operationId": function.path.replace("/", "_") + "_post",
            "summary": function.about,
            "requestBody": {
                "required": True,
                "content": {
                    kind: {"schema": _form(function)}
                    for kind in ("application/x-www-form-urlencoded", "multipart/form-data")
                },
            },
            "responses": {**responses, "413": _envelope("The body is too large.")},
        },
    }


def _responses(function: Function) -> dict[str, Any]:
    answer = _object(responses=_RESPONSES)
    if function.data is not None:
        answer["properties"]["data"] = _DATA[function.data]
    replays = any(parameter.name == "idempotency_key" for parameter in function.parameters)
    return {
        "200": {
            "description": f"What happened. Needs the privilege {' or '.join(function.privileges)}.",
            "content": {"application/json": {"schema": answer}},
            **({"headers": _REPLAYED} if replays else {}),
        },
        "405": {**_envelope("Neither GET nor POST."), "headers": _ALLOW},
        "503": {**_envelope("Too much is waiting, or the store is not available."), "headers": _RETRY_AFTER},
    }


def _envelope(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Envelope"}}},
    }


def _parameter_in_query(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.about,
        "required": _is_required(parameter),
        "schema": _schema(parameter),
    }


def _form(function: Function) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [parameter.name for parameter in function.parameters if _is_required(parameter)],
        "properties": {
            parameter.name: {**_schema(parameter), "description": parameter.about} for parameter in function.parameters
        },
    }


def _is_required(parameter: Parameter) -> bool:
    return parameter.required or parameter in LOGIN


def _schema(parameter: Parameter) -> dict[str, Any]:
    if parameter.kind == INTEGER:
        bounds = {"minimum": parameter.least, "maximum": parameter.most}
        return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}
    if parameter.kind == DECIMAL:
        before, behind = parameter.digits
        sign = "-?" if parameter.least is None else ""
        return {"type": "string", "pattern": rf"^{sign}[0-9]{{1,{before}}}(\.[0-9]{{1,{behind}}})?$"}
    if parameter.choices:
        return {"type": "string", "enum": list(parameter.choices)}
    return {"type": "string", "minLength": 0 if parameter.empty else 1, "maxLength": parameter.length_max}


DOCUMENT = _document()

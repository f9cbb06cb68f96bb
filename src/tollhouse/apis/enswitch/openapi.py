"""What this door serves, as OpenAPI: made from the table of functions."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.enswitch.functions import FUNCTIONS
from tollhouse.apis.enswitch.functions.parameters import DECIMAL, INTEGER, Function, Parameter
from tollhouse.apis.enswitch.functions.shapes import A_TEXT, AN_INTEGER, an_object

_RESPONSES = {
    "type": "array",
    "minItems": 1,
    "items": an_object(
        code={"type": "string", "pattern": "^[2-5][0-9]{2}$"},
        key={"type": "string", "description": "The parameter that is at fault, else empty."},
        message=A_TEXT,
    ),
}

_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": AN_INTEGER}}
_ALLOW = {"Allow": {"description": "`GET, POST`", "schema": A_TEXT}}
_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` on every answer of a key but its first.",
        "schema": {"type": "string", "const": "true"},
    }
}


_HEAD_TOO_LARGE = {
    "description": "The query is too large: use POST. The connection is closed before any function sees the call.",
    "content": {"application/json": {"schema": an_object(detail=A_TEXT)}},
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
        "components": {"schemas": {"Envelope": an_object(responses=_RESPONSES)}},
    }


def _operations(function: Function) -> dict[str, Any]:
    responses = _responses(function)
    return {
        "get": {
            "operationId": function.path.replace("/", "_") + "_get",
            "summary": function.about,
            "parameters": [_parameter_in_query(parameter) for parameter in function.parameters],
            "responses": {**responses, "431": _HEAD_TOO_LARGE},
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
    answer = an_object(responses=_RESPONSES)
    if function.data is not None:
        answer["properties"]["data"] = function.data
    replays = any(parameter.name == "idempotency_key" for parameter in function.parameters)
    return {
        "200": {
            "description": f"What happened. {_needs(function)}",
            "content": {"application/json": {"schema": answer}},
            **({"headers": _REPLAYED} if replays else {}),
        },
        "405": {**_envelope("Neither GET nor POST."), "headers": _ALLOW},
        "503": {**_envelope("Too much is waiting, or the store is not available."), "headers": _RETRY_AFTER},
    }


def _needs(function: Function) -> str:
    flags = [
        f"With {flag}=1 it needs the privilege {' or '.join(privileges)}."
        for flag, privileges in function.modes.items()
    ]
    if function.privileges:
        flags.insert(0, f"Needs the privilege {' or '.join(function.privileges)}.")
    if function.public:
        flags.append(f"With {function.public}=1 it needs no login.")
    if function.optional_login:
        flags.append(f"With {function.optional_login} given the login may be left out.")
    return " ".join(flags)


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
        "required": parameter.required,
        "schema": _schema(parameter),
    }


def _form(function: Function) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [parameter.name for parameter in function.parameters if parameter.required],
        "properties": {
            parameter.name: {**_schema(parameter), "description": parameter.about} for parameter in function.parameters
        },
    }


def _schema(parameter: Parameter) -> dict[str, Any]:
    if parameter.kind == INTEGER:
        bounds = {"minimum": parameter.least, "maximum": parameter.most}
        return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}
    if parameter.kind == DECIMAL:
        before, behind = parameter.digits
        sign = "-?" if parameter.least is None or parameter.least < 0 else ""
        return {"type": "string", "pattern": rf"^{sign}[0-9]{{1,{before}}}(\.[0-9]{{1,{behind}}})?$"}
    if parameter.choices:
        return {"type": "string", "enum": list(parameter.choices)}
    return {"type": "string", "minLength": 0 if parameter.empty else 1, "maxLength": parameter.length_max}


DOCUMENT = _document()

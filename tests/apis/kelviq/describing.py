"""Whether an answer is as it is described: in our own document, and in the vendor's where that is at hand."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec

from tests.harness import Answer
from tollhouse.apis.kelviq.openapi import DOCUMENT
from tollhouse.apis.kelviq.operations import OPERATIONS
from tollhouse.apis.kelviq.operations.operation import Operation

VENDORS = Path(__file__).parents[4] / "shared" / "reference" / "kelviq-openapi.json"


def operation_at(method: str, target: str) -> Operation | None:
    """The operation of Kelviq's door that a request is for."""
    path = target.partition("?")[0].rstrip("/")
    for operation in OPERATIONS:
        pattern = re.sub(r"\{\w+\}", "[^/]+", f"/api/v1{operation.path}")
        if operation.method == method and re.fullmatch(pattern, path):
            return operation
    return None


def check_described(method: str, path: str, answer: Answer) -> None:
    """Fail unless the answer of an operation is as it is described. `path` is under /api/v1, with names in braces."""
    assert _faults("ours", method, f"/api/v1{path}", answer) == []
    if VENDORS.exists():
        assert _faults("vendor's", method, path, answer) == []


def _faults(whose: str, method: str, path: str, answer: Answer) -> list[str]:
    operation = _document(whose)["paths"].get(path, {}).get(method.lower())
    responses = {} if operation is None else operation["responses"]
    if whose == "ours":
        assert str(answer.status) in responses, f"{method} {path} answered {answer.status}: {answer.body!r}"
    schema = responses.get(str(answer.status), {}).get("content", {}).get("application/json", {}).get("schema")
    if schema is None or answer.status == 204:
        return []
    validator = _validator(whose, msgspec.json.encode(schema))
    return [str(error) for error in validator.iter_errors(answer.json())]


@cache
def _document(whose: str) -> dict[str, Any]:
    return DOCUMENT if whose == "ours" else msgspec.json.decode(VENDORS.read_bytes(), type=dict[str, Any])


@cache
def _validator(whose: str, schema: bytes) -> Any:
    components = _document(whose)["components"]["schemas"]
    whole = _resolved(msgspec.json.decode(schema), components)
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def _resolved(schema: Any, components: dict[str, Any]) -> Any:
    """With its references put in, and OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(schema, list):
        return [_resolved(item, components) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        named = _resolved(components[schema["$ref"].rpartition("/")[2]], components)
        return {"anyOf": [named, {"type": "null"}]} if schema.get("nullable") is True else named
    plain = {name: _resolved(value, components) for name, value in schema.items() if name != "example"}
    return {"anyOf": [plain, {"type": "null"}]} if plain.pop("nullable", False) is True else plain

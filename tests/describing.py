"""Whether a door's answers are as they are described."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import jsonschema_rs
import msgspec

from tests.harness import Answer
from tollhouse.web import plain_path


class Description:
    """An OpenAPI document as answers are held against it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._validators: dict[bytes, Any] = {}

    def path_of(self, method: str, target: str) -> str | None:
        """The path, with names in braces, of the operation that a request is for; None where none is described."""
        plain = plain_path(target.partition("?")[0])
        found = (path for path, pattern in self._patterns.items() if pattern.fullmatch(plain))
        return next((path for path in found if self.operation(method, path)), None)

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """What is described of a method at a path with names in braces; empty where nothing is."""
        described: dict[str, Any] = self._document["paths"].get(path, {}).get(method.lower(), {})
        return described

    def faults(self, method: str, path: str, answer: Answer) -> list[str]:
        """How an answer of an operation is not as it is described."""
        responses = self.operation(method, path).get("responses", {})
        content = responses.get(str(answer.status), {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None or answer.status == 204:
            return []
        validator = self._validator(msgspec.json.encode(schema))
        return [str(error) for error in validator.iter_errors(answer.json())]

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Fail unless an answer of an operation is as it is described, and its status is described at all."""
        statuses = self.operation(method, path)["responses"]
        assert str(answer.status) in statuses, f"{method} {path} answered {answer.status}: {answer.body!r}"
        assert self.faults(method, path, answer) == []

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        return {path: re.compile(re.sub(r"\{\w+\}", "[^/]+", plain_path(path))) for path in self._document["paths"]}

    def _validator(self, schema: bytes) -> Any:
        if schema not in self._validators:
            whole = _resolved(msgspec.json.decode(schema), self._document["components"]["schemas"])
            self._validators[schema] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self._validators[schema]


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

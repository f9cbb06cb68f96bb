"""An operation as a call in a terminal: what it must be given, with `…` where the caller knows better."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

import msgspec

from tollhouse.apis.docs.schemas import Schema, schema_named

BLANK: Final = "…"
_FORM: Final = "application/x-www-form-urlencoded"
#: What a call of a person must carry, although a token may stand for it.
_LOGIN: Final = ("auth_username", "auth_password")
_DEPTH_MAX: Final = 4


def call_of(path: str, methods: list[str], operation: dict[str, Any], schemas: dict[str, Schema], *, key: bool) -> str:
    """`key` is whether an API key opens the door. `$SERVER` and `$KEY` stand for the reader's own."""
    parameters = operation.get("parameters", [])
    target = re.sub(r"\{\w+\}", BLANK, path)
    lines = []
    if len(methods) > 1:
        names = [one["name"] for one in parameters if one.get("required") or one["name"] in _LOGIN]
        lines.append(f"-d '{'&'.join(f'{name}={BLANK}' for name in names)}'")
    else:
        asked = [f"{quote(one['name'])}={BLANK}" for one in parameters if one["in"] == "query" and one.get("required")]
        target += f"?{'&'.join(asked)}" if asked else ""
    if key:
        lines.append('-H "Authorization: Bearer $KEY"')
    content = operation.get("requestBody", {}).get("content", {})
    if content and _FORM not in content:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d '{_json(example_of(next(iter(content.values()))['schema'], schemas))}'")
    method = "" if methods[0] in ("GET", "POST") and (methods[0] == "GET" or content) else f"-X {methods[0]} "
    return " \\\n  ".join((f'curl -s {method}"$SERVER{target}"', *lines))


def example_of(schema: Schema, schemas: dict[str, Schema], depth: int = 0) -> Any:
    """The example that a description gives, else what must be there at least."""
    schema = schema_named(schema, schemas)
    for given in (*schema.get("examples", ()), *([schema["example"]] if "example" in schema else [])):
        return given
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if depth < _DEPTH_MAX and "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas, depth + 1)
    if schema.get("type") == "object" and depth < _DEPTH_MAX:
        properties = schema.get("properties", {})
        return {name: example_of(properties[name], schemas, depth + 1) for name in schema.get("required", ())}
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas, depth + 1)] if "items" in schema and depth < _DEPTH_MAX else []
    plain = {"integer": max(1, schema.get("minimum", 1)), "number": 1, "boolean": True, "null": None}
    return plain.get(str(schema.get("type")), BLANK)


def _json(value: Any) -> str:
    """On one line, as people write it, and safe between a shell's single quotation marks."""
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode().replace("'", "'\\''")

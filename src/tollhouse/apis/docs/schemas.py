"""From JSON Schema to rows of a table: a field, what it may be, and what it means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

Schema = dict[str, Any]

#: Objects within objects that are spelled out in one table; deeper ones are only named.
DEPTH_MAX = 4

_WORDS = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
    "array": "list",
}


class Part(NamedTuple):
    """A piece of what a field may be: text, code, or the name of a schema that the page leads to."""

    text: str
    is_code: bool = False
    leads_to: str = ""


class Field(NamedTuple):
    """`name` is the field's path, such as `charges[].amount`; `parts` are what it may be."""

    name: str
    is_required: bool
    parts: list[Part]
    about: str


class Shown(NamedTuple):
    """A schema: what it is in all, and its fields if it has some."""

    parts: list[Part]
    about: str
    fields: list[Field]


def schema_named(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """The schema itself, where it is only named."""
    return schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)


def shown(schema: Schema) -> Shown:
    return Shown(list(_parts(schema)), schema.get("description", ""), list(_fields(schema, "", 0)))


def field_of(name: str, schema: Schema, *, is_required: bool, about: str = "") -> Field:
    return Field(name, is_required, list(_parts(schema)), about or schema.get("description", ""))


def _fields(schema: Schema, prefix: str, depth: int) -> Iterator[Field]:
    """The fields of an object, and of those within it; of a list those of its items."""
    item, place = schema, prefix
    while item.get("type") == "array":
        item, place = item.get("items", {}), f"{place}[]"
    required = item.get("required", ())
    for name, inner in item.get("properties", {}).items():
        path = f"{place}.{name}" if place else name
        yield field_of(path, inner, is_required=name in required)
        if depth < DEPTH_MAX:
            yield from _fields(_alone(inner), path, depth + 1)
    others = item.get("additionalProperties")
    if isinstance(others, dict) and "properties" not in others:
        yield field_of(f"{place}.…" if place else "…", others, is_required=False)


def _alone(schema: Schema) -> Schema:
    """What may be null, without the null."""
    others = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return others[0] if len(others) == 1 else schema


def _parts(schema: Schema) -> Iterator[Part]:
    """What a value may be, read from left to right."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield Part(name, leads_to=name)
    elif "anyOf" in schema or "oneOf" in schema:
        for index, one in enumerate(schema.get("anyOf") or schema["oneOf"]):
            yield from [Part(" or ")] if index else []
            yield from _parts(one)
    elif "const" in schema:
        yield from (Part("always "), Part(_value(schema["const"]), is_code=True))
    elif "enum" in schema:
        for index, value in enumerate(schema["enum"]):
            yield from [Part(", ")] if index else []
            yield Part(_value(value), is_code=True)
    elif schema.get("type") == "array":
        yield Part("list of " if schema.get("items") else "list")
        yield from _parts(schema["items"]) if schema.get("items") else ()
        yield from _bounds(schema)
    else:
        yield Part(_kind(schema))
        yield from _bounds(schema)


def _kind(schema: Schema) -> str:
    kind = schema.get("type", "anything")
    names = kind if isinstance(kind, list) else [kind]
    words = " or ".join(_WORDS.get(name, str(name)) for name in names)
    return f"{words} ({schema['format']})" if "format" in schema else words


def _bounds(schema: Schema) -> Iterator[Part]:
    for least, most, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " keys"),
    ):
        span = _span(schema.get(least), schema.get(most))
        if span == "at least 1" and unit:
            yield Part(", not empty")
        elif span:
            yield Part(f", {span}{unit}")
    if "exclusiveMinimum" in schema:
        yield Part(f", above {schema['exclusiveMinimum']}")
    if "pattern" in schema:
        yield from (Part(", like "), Part(schema["pattern"], is_code=True))


def _span(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return f"{least} to {most}"
    if most is not None:
        return f"at most {most}"
    return f"at least {least}" if least else ""


def _value(value: Any) -> str:
    """A value as JSON has it, texts without their quotation marks but where they are empty."""
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    return '""' if value == "" else str(value)

"""What a project knows by name: events, tags and traits, each made when it is first sent."""

from __future__ import annotations

from typing import Any, Final

from tollhouse.apis.beacon.openapi.operations import in_query, listing, read, search
from tollhouse.apis.beacon.openapi.schemas import NULL, STRING, Schema, definition, ref

_KINDS: Final[Schema] = {"enum": ["string", "number", "boolean", "date"]}
_SCHEMAS_BY_NOUN: Final = {"events": "Event", "tags": "Tag", "traits": "Trait"}
_NOTHING: Final[Schema] = {"not": {}}

SCHEMAS: dict[str, Any] = {
    "Event": definition(action=STRING, name=STRING),
    "Tag": definition(name=STRING),
    "Trait": definition(
        field=STRING,
        name=STRING,
        type=_KINDS,
        format=STRING,
        description=NULL,
        editable={"const": True},
        sort=NULL,
        visibility={"const": "visible"},
    ),
}


def _listed(noun: str, item: Schema, *query: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/projects/{{slug}}/{noun}"
    return {path: listing(f"list{noun.title()}OfProject", f"List the project's {noun} by name", path, item, *query)}


def _one(noun: str, item: Schema) -> dict[str, Any]:
    path = f"/v1/{noun}/{{id}}"
    return {path: read(f"read{noun.title()[:-1]}", f"Read one of the project's {noun}", path, item)}


PATHS: dict[str, Any] = {}
for _noun, _schema in _SCHEMAS_BY_NOUN.items():
    _types = [in_query("type", "Of this type alone.", _KINDS)] if _noun == "traits" else []
    PATHS |= _listed(_noun, ref(_schema), search("Part of the name, in any case."), *_types)
    PATHS |= _one(_noun, ref(_schema))

#: No messages are sent from here.
PATHS |= _listed("templates", _NOTHING) | _listed("campaigns", _NOTHING) | _one("campaigns", _NOTHING)

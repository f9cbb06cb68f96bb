"""The shapes of what functions answer with, as JSON Schema: for the OpenAPI document and the tests against it."""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]

AN_INTEGER: Shape = {"type": "integer"}
A_FLAG: Shape = {"type": "integer", "enum": [0, 1]}
A_TEXT: Shape = {"type": "string"}
A_TIME: Shape = {"type": "integer", "description": "UNIX seconds; 0 is none."}
A_DECIMAL: Shape = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2,}$"}


def an_object(**properties: Shape) -> Shape:
    """An object with all of these members and no others."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def a_list(row: Shape) -> Shape:
    return {"type": "array", "items": row}


def a_listing(row: Shape) -> Shape:
    """What a list with the parameters `count` and `pages` answers: rows, a count, or a name for each page."""
    page = an_object(offset=AN_INTEGER, name=A_TEXT)
    return {"anyOf": [a_list(row), an_object(count=AN_INTEGER), a_list(page)]}


A_NEW_ID = an_object(id=AN_INTEGER)

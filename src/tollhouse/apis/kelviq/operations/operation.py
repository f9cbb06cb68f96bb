"""One operation of Kelviq's: where it is, who may call it, and what it takes and answers, as JSON Schema."""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse.apis.kelviq.fields import TEXT_LENGTH_MAX

#: Kinds of API keys that may do everything here; client keys may only do what is said of them.
SERVER_KEYS = frozenset({"secret", "application"})
CLIENT_KEYS = SERVER_KEYS | {"client"}


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """`path` is under /api/v1, with `{name}` for what varies and without the last slash; `name` is the operation's id.

    `success` is the status of a success and `reply` the name of its schema, empty for no body; `body` the name of the
    request's, empty for none. `query` holds OpenAPI parameters. `idempotent` ones take an Idempotency-Key. `errors` are
    statuses besides those that every operation of its kind may answer.
    """

    method: str
    path: str
    name: str
    summary: str
    success: int = 200
    body: str = ""
    body_is_optional: bool = False
    reply: str = ""
    query: tuple[dict[str, Any], ...] = ()
    keys: frozenset[str] = SERVER_KEYS
    idempotent: bool = False
    errors: tuple[int, ...] = ()


def a_query(name: str, about: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    """A parameter of the query, a text unless the schema says otherwise."""
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": about,
        "schema": {"type": "string", **schema},
    }


PAGING = (
    a_query("page", "Counts from 1.", type="integer", minimum=1),
    a_query("page_size", "At most 100; more is taken as 100.", type="integer", minimum=1),
)
DAYS = (
    a_query("start_date", "From this day on, in UTC.", format="date"),
    a_query("end_date", "To this day, included, in UTC.", format="date"),
)
SEARCH = a_query("search", "A part of what the operation searches by, in any case.", maxLength=255)


TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": TEXT_LENGTH_MAX}
UUID: dict[str, Any] = {"type": "string", "format": "uuid"}
INSTANT: dict[str, Any] = {"type": "string", "format": "date-time"}
DAY: dict[str, Any] = {"type": "string", "format": "date"}


def nullable(**schema: Any) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def nullable_ref(name: str) -> dict[str, Any]:
    return {"anyOf": [ref(name), {"type": "null"}]}


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def an_object(required: tuple[str, ...] | None = None, /, **properties: Any) -> dict[str, Any]:
    """An object of which all these are there, unless it is said which."""
    return {
        "type": "object",
        "required": list(properties if required is None else required),
        "properties": properties,
    }


def a_list_of(name: str) -> dict[str, Any]:
    """A page of these."""
    return an_object(
        count={"type": "integer"},
        next=nullable(type="string", format="uri"),
        previous=nullable(type="string", format="uri"),
        results={"type": "array", "items": ref(name)},
    )

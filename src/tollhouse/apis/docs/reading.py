"""From an OpenAPI document to what its page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from tollhouse.apis.docs.calling import call_of
from tollhouse.apis.docs.schemas import Field, Schema, Shown, field_of, schema_named, shown

#: Parts of a path that say which door it is, not what it is about.
_PREFIXES = frozenset({"api", "json", "v1", "admin"})
_SUCCESS = 300
_PLACES = {"path": "in the path", "query": "in the query", "header": "a header"}


class Parameter(NamedTuple):
    field: Field
    place: str


class Body(NamedTuple):
    """`kinds` are its content types."""

    kinds: list[str]
    is_required: bool
    shown: Shown


class Answer(NamedTuple):
    """`shown` is None where there is no body; `headers` are those that it may have."""

    status: int
    about: str
    shown: Shown | None
    headers: list[Field]


class Operation(NamedTuple):
    """`methods` have more than one where a path takes the same by each of them; `call` is one from a terminal."""

    anchor: str
    methods: list[str]
    path: str
    summary: str
    about: str
    parameters: list[Parameter]
    body: Body | None
    answers: list[Answer]
    call: str

    @property
    def successes(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status < _SUCCESS]

    @property
    def failures(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status >= _SUCCESS]


class Noun(NamedTuple):
    name: str
    operations: list[Operation]


class Named(NamedTuple):
    name: str
    shown: Shown
    example: str


class Description(NamedTuple):
    """A door's whole page."""

    title: str
    about: str
    keys: list[str]
    nouns: list[Noun]
    schemas: list[Named]

    @property
    def operations_count(self) -> int:
        return sum(len(noun.operations) for noun in self.nouns)


class _Shared(NamedTuple):
    """What all operations of a door have in common."""

    schemas: dict[str, Schema]
    has_keys: bool


def description_of(document: dict[str, Any]) -> Description:
    components = document.get("components", {})
    keys = components.get("securitySchemes", {})
    shared = _Shared(components.get("schemas", {}), has_keys=bool(keys))
    nouns: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for operation in _operations(path, methods, shared):
            nouns.setdefault(_noun(path), []).append(operation)
    return Description(
        title=document["info"]["title"],
        about=document["info"].get("description", ""),
        keys=[_key(scheme) for scheme in keys.values()],
        nouns=[Noun(name, operations) for name, operations in nouns.items()],
        schemas=[Named(name, shown(schema), _example(schema)) for name, schema in sorted(shared.schemas.items())],
    )


def _noun(path: str) -> str:
    parts = [part for part in path.split("/") if part and part not in _PREFIXES and not part.startswith("{")]
    return parts[0] if parts else path


def _operations(path: str, methods: dict[str, Any], shared: _Shared) -> Iterator[Operation]:
    """What may be asked of a path, GET and POST as one where they take and mean the same."""
    get, post = methods.get("get"), methods.get("post")
    if get and post and _names_in_query(get) and _names_in_query(get) == _names_in_body(post):
        merged = {**get, "operationId": path.strip("/").replace("/", "-")}
        yield _operation(path, ["GET", "POST"], merged, shared)
        return
    for method, described in methods.items():
        yield _operation(path, [method.upper()], described, shared)


def _names_in_query(operation: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}


def _names_in_body(operation: dict[str, Any]) -> set[str]:
    contents = operation.get("requestBody", {}).get("content", {}).values()
    return {name for content in contents for name in content["schema"].get("properties", {})}


def _operation(path: str, methods: list[str], described: dict[str, Any], shared: _Shared) -> Operation:
    is_form = len(methods) > 1
    return Operation(
        anchor=_anchor(described["operationId"]),
        methods=methods,
        path=path,
        summary=described["summary"],
        about=described.get("description", ""),
        parameters=[_parameter(parameter, is_form=is_form) for parameter in described.get("parameters", ())],
        body=_body(described["requestBody"], shared.schemas) if "requestBody" in described else None,
        answers=[_answer(int(status), answer) for status, answer in sorted(described["responses"].items())],
        call=call_of(path, methods, described, shared.schemas, key=shared.has_keys),
    )


def _anchor(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def _parameter(parameter: dict[str, Any], *, is_form: bool) -> Parameter:
    field = field_of(
        parameter["name"],
        parameter["schema"],
        is_required=bool(parameter.get("required")),
        about=parameter.get("description", ""),
    )
    return Parameter(field, "in the query or a form" if is_form else _PLACES[parameter["in"]])


def _body(body: dict[str, Any], schemas: dict[str, Schema]) -> Body:
    """A body is spelled out where it is asked for, also one that has a name."""
    content = body["content"]
    schema = schema_named(next(iter(content.values()))["schema"], schemas)
    return Body([*content], bool(body.get("required")), shown(schema))


def _answer(status: int, answer: dict[str, Any]) -> Answer:
    content = answer.get("content")
    schema = next(iter(content.values()))["schema"] if content else None
    headers = [
        field_of(name, header["schema"], is_required=False, about=header.get("description", ""))
        for name, header in answer.get("headers", {}).items()
    ]
    return Answer(status, answer["description"], shown(schema) if schema else None, headers)


def _example(schema: Schema) -> str:
    example = schema.get("example", next(iter(schema.get("examples", ())), None))
    return "" if example is None else msgspec.json.format(msgspec.json.encode(example), indent=2).decode()


def _key(scheme: dict[str, Any]) -> str:
    if scheme["type"] == "http":
        return f"the header `Authorization: {scheme['scheme'].title()} …`"
    return f"`{scheme['name']}` in the {scheme['in']}"

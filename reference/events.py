"""Every type of event, and the fields of what it tells, from where the objects are put together."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from reference.markdown import code, table
from reference.markdown import page as markdown_page
from tollhouse.ledger.events import objects
from tollhouse.ledger.events.emitting import EVENT_TYPES

#: Objects whose name is not what stands before the dot of their events.
_OBJECTS = {"checkout": "checkout_session"}


def page() -> str:
    kinds = list(dict.fromkeys(map(_object_of, EVENT_TYPES)))
    return markdown_page(
        "Events",
        "Every type of event that endpoints may subscribe to, and the fields of its `data.object`. When each is sent, "
        "how it is signed and in which order: [webhooks.md](../webhooks.md).",
        table(
            ("type", "`data.object`"),
            [(code(event), f"[{_object_of(event)}](#{_object_of(event)})") for event in EVENT_TYPES],
        ),
        *(f"## {kind}\n\n{', '.join(map(code, fields_of(kind)))}" for kind in kinds),
    )


def _object_of(event_type: str) -> str:
    noun = event_type.partition(".")[0]
    return _OBJECTS.get(noun, noun)


def fields_of(kind: str) -> list[str]:
    """The keys of an object, in their order; those of the functions that it begins with first."""
    module = ast.parse(inspect.getsource(objects))
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    return list(dict.fromkeys(_keys(functions, f"{kind}_object")))


def _keys(functions: dict[str, ast.FunctionDef], name: str) -> Iterator[str]:
    told = functions[name].body[-1]
    if not (isinstance(told, ast.Return) and isinstance(told.value, ast.Dict)):
        raise ValueError(f"{name} does not end with an object")
    for key, value in zip(told.value.keys, told.value.values, strict=True):
        if isinstance(key, ast.Constant):
            yield str(key.value)
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            yield from _keys(functions, value.func.id)

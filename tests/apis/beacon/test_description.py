"""What the Beacon door says of itself is what it serves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.harness import InProcess
from tollhouse.apis.beacon.openapi import DOCUMENT
from tollhouse.apis.beacon.routes.writes import PATHS
from tollhouse.app import doors


def served(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """The methods and paths that the door is built with."""
    monkeypatch.setattr(doors, "BeaconDoor", lambda _desk, *nouns: nouns)
    anything: Any = SimpleNamespace()
    nouns: Any = doors.open_beacon(anything, anything, anything)
    core = {(method, f"/v1/{path}") for noun in nouns for path, methods in noun.answers().items() for method in methods}
    return core | {("POST", path) for path in PATHS}


def test_exactly_the_paths_that_are_served_are_described(monkeypatch: pytest.MonkeyPatch) -> None:
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == served(monkeypatch)


def test_each_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))


def test_each_schema_is_used_and_each_that_is_used_is_there() -> None:
    named = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert set(_references(DOCUMENT)) == named


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [found for value in part.values() for found in _references(value)]
    return [found for value in part for found in _references(value)] if isinstance(part, list | tuple) else []


def test_it_is_served(application: InProcess) -> None:
    assert application.request("GET", "/openapi/beacon.json", key=None).json() == DOCUMENT

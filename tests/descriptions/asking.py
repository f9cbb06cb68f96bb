"""How each door is asked by its own description."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from requests import Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.harness import Server

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KEY = {"Authorization": "Bearer sk_test_acme"}
LOGIN = {"auth_username": "user", "auth_password": "password"}


def operations(document: dict[str, Any]) -> list[Any]:
    """Each operation of a description, as a parameter by its own name.

    Not by schemathesis' own `parametrize`: that gives all of them one name, and of tests with one name pytest-xdist
    runs a single one.
    """
    asked = [operation.ok() for operation in schemathesis.openapi.from_dict(document).get_all_operations()]
    assert asked
    return [pytest.param(operation, id=operation.label) for operation in asked]


def send(case: Any, server: Server, **more: Any) -> Response:
    response: Response = case.call_and_validate(base_url=server.base, checks=CHECKS, **more)
    return response


def send_to_beacon(case: Any, server: Server, known: dict[str, str]) -> None:
    """To what there is, where the path names something: what there is not is soon told. Nothing known is deleted."""
    noun = case.operation.path.split("/")[2] if case.operation.path.startswith("/v1/") else ""
    deletes = (case.method, case.operation.path) == ("DELETE", "/v1/customers/{id}")
    if "slug" in case.path_parameters:
        case.path_parameters["slug"] = "acme"
    elif noun in known and not deletes:
        case.path_parameters["id"] = known[noun]
    send(case, server, headers=KEY)


def send_to_enswitch(case: Any, server: Server) -> None:
    """As somebody who may do everything: what is refused is refused for what was sent."""
    if case.method == "GET":
        case.query = {**dict(case.query or {}), **LOGIN}
    elif isinstance(case.body, dict):
        case.body = {**case.body, **LOGIN}
    response = send(case, server)
    assert all(entry["code"] != "500" for entry in response.json()["responses"])

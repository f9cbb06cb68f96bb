"""How each door is asked by its own description."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from requests import Response
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.harness import Server

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KEY = {"Authorization": "Bearer sk_test_acme"}
LOGIN = {"auth_username": "user", "auth_password": "password"}

SHORT = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))

#: Some of what may be sent, at random. Every bound of every field in turn takes minutes: that is asked for long.
AT_RANDOM = SchemathesisConfig.from_dict({"phases": {"coverage": {"enabled": False}}})


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

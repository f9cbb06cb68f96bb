"""How each door is asked by its own description."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from requests import Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.harness import Server
from tollhouse.apis.beacon import openapi as beacon
from tollhouse.apis.enswitch import openapi as enswitch
from tollhouse.apis.kelviq import openapi as kelviq

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KEY = {"Authorization": "Bearer sk_test_acme"}
LOGIN = {"auth_username": "user", "auth_password": "password"}

SHORT = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))

BEACON = schemathesis.openapi.from_dict(beacon.DOCUMENT)
ENSWITCH = schemathesis.openapi.from_dict(enswitch.DOCUMENT)
KELVIQ = schemathesis.openapi.from_dict(kelviq.DOCUMENT)


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

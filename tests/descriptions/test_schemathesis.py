"""Each door keeps to its own description, whatever it is sent: schemathesis asks, a real server answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from requests import Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.harness import Server, provisioned_sqlite, sqlite_copy, start_server
from tollhouse.apis.beacon import openapi as beacon
from tollhouse.apis.enswitch import openapi as enswitch
from tollhouse.apis.kelviq import openapi as kelviq

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KEY = {"Authorization": "Bearer sk_test_acme"}
LOGIN = {"auth_username": "user", "auth_password": "password"}

SHORT = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
SHORTER = settings(SHORT, max_examples=5)
LONG = settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))

BEACON = schemathesis.openapi.from_dict(beacon.DOCUMENT)
ENSWITCH = schemathesis.openapi.from_dict(enswitch.DOCUMENT)
KELVIQ = schemathesis.openapi.from_dict(kelviq.DOCUMENT)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("described")
    running = start_server(sqlite_copy(provisioned_sqlite(), folder), folder)
    yield running
    running.kill()


def send(case: Any, server: Server, **more: Any) -> Response:
    response: Response = case.call_and_validate(base_url=server.base, checks=CHECKS, **more)
    return response


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, str]:
    """Ids that Beacon's paths may name, by the part of the path before them."""
    body = {"user_id": "known", "events": [{"action": "a"}], "tags": ["a"], "custom_attributes": {"a": 1}}
    with server.client(key="sk_test_acme") as client:
        assert client.post("/track", json=body).status_code == 200
        lists = ("customers", "events", "tags", "traits")
        return {name: client.get(f"/v1/projects/acme/{name}").json()["data"][-1]["id"] for name in lists}


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


@pytest.mark.parametrize(
    ("wire", "document"),
    [("beacon", beacon.DOCUMENT), ("enswitch", enswitch.DOCUMENT), ("kelviq", kelviq.DOCUMENT)],
)
def test_the_description_that_is_served_is_the_one_that_is_tested(
    wire: str, document: dict[str, Any], server: Server
) -> None:
    with server.client(key=None) as client:
        assert client.get(f"/openapi/{wire}.json").json() == document


@BEACON.parametrize()
@SHORTER
def test_beacon_keeps_to_its_description(case: Any, server: Server, known: dict[str, str]) -> None:
    send_to_beacon(case, server, known)


@ENSWITCH.parametrize()
@SHORT
def test_enswitch_keeps_to_its_description(case: Any, server: Server) -> None:
    send_to_enswitch(case, server)


@KELVIQ.parametrize()
@SHORT
def test_kelviq_keeps_to_its_description(case: Any, server: Server) -> None:
    send(case, server, headers=KEY)


@pytest.mark.soak
@BEACON.parametrize()
@LONG
def test_beacon_keeps_to_its_description_for_long(case: Any, server: Server, known: dict[str, str]) -> None:
    send_to_beacon(case, server, known)


@pytest.mark.soak
@ENSWITCH.parametrize()
@LONG
def test_enswitch_keeps_to_its_description_for_long(case: Any, server: Server) -> None:
    send_to_enswitch(case, server)


@pytest.mark.soak
@KELVIQ.parametrize()
@LONG
def test_kelviq_keeps_to_its_description_for_long(case: Any, server: Server) -> None:
    send(case, server, headers=KEY)

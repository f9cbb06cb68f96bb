"""/openapi/admin.json tells what /admin/v1 serves, no more and no less."""

from __future__ import annotations

import jsonschema_rs
import pytest

from tests.harness import InProcess
from tollhouse.apis.admin.openapi import DOCUMENT
from tollhouse.apis.admin.openapi.operations import PREFIX
from tollhouse.app.front import build_front
from tollhouse.config import Settings

LISTS = [path for path, methods in DOCUMENT["paths"].items() if "get" in methods and "{" not in path]


def bare(path: str) -> str:
    """The path with a `{}` where it varies."""
    return "/" + "/".join("{}" if part.startswith("{") else part for part in path.strip("/").split("/"))


def test_what_is_described_is_what_is_served(acme_url: str) -> None:
    doors = dict(build_front(Settings(database_url=acme_url))._doors)
    routes = doors["/admin/v1"]._paths.things  # type: ignore[attr-defined]
    served = {bare(path): {method.lower() for method in methods} for path, methods in routes.items()}
    assert served == {bare(path.removeprefix(PREFIX)): set(methods) for path, methods in DOCUMENT["paths"].items()}


@pytest.mark.parametrize("path", LISTS)
def test_what_is_read_is_as_described(application: InProcess, path: str) -> None:
    application.request("POST", "/admin/v1/webhook_endpoints", {"url": "https://shop.example.com/hook"})
    application.request("POST", "/admin/v1/segments", {"slug": "new", "rules": []})
    answer = application.request("GET", path)
    assert answer.status == 200
    schema = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema_rs.validate({**schema, "components": DOCUMENT["components"]}, answer.json())


def test_a_correction_and_an_explanation_are_as_described(application: InProcess) -> None:
    application.request("POST", "/charges", {"user_id": "cust_789", "amount": 1999})
    for path, body in (
        ("charges/{charge}/refund", {"amount": 500}),
        ("transactions/{transaction}/explain", None),
    ):
        methods = DOCUMENT["paths"][PREFIX + path]
        ((method, operation),) = methods.items()
        target = PREFIX + path.replace("{charge}", "1").replace("{transaction}", "1")
        answer = application.request(method.upper(), target, body if body else b"")
        assert answer.status == 200, answer.body
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema_rs.validate({**schema, "components": DOCUMENT["components"]}, answer.json())

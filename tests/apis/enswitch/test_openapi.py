"""The description and the page name every function, parameter and answer that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apis.enswitch.client import Client
from tests.harness import InProcess
from tollhouse.apis.enswitch.functions import FUNCTIONS
from tollhouse.apis.enswitch.functions.parameters import Function
from tollhouse.apis.enswitch.openapi import DOCUMENT
from tollhouse.apis.enswitch.reply.envelope import REFUSALS

PAGE = (Path(__file__).parents[3] / "docs" / "enswitch.md").read_text(encoding="utf-8")


def test_the_description_is_served(application: InProcess) -> None:
    assert application.request("GET", "/openapi/enswitch.json").json() == DOCUMENT


def test_every_function_is_described_for_both_methods(acme: Client) -> None:
    assert set(DOCUMENT["paths"]) == {f"/api/json/{function.path}/" for function in FUNCTIONS}
    for function in FUNCTIONS:
        operations = DOCUMENT["paths"][f"/api/json/{function.path}/"]
        names = [parameter.name for parameter in function.parameters]
        assert [parameter["name"] for parameter in operations["get"]["parameters"]] == names
        for form in operations["post"]["requestBody"]["content"].values():
            assert list(form["schema"]["properties"]) == names
        assert acme.raw(function.path).status == 200


def test_rows_have_the_described_columns(acme: Client) -> None:
    def columns(function: str) -> list[str]:
        answer = DOCUMENT["paths"][f"/api/json/{function}/"]["get"]["responses"]["200"]
        data = answer["content"]["application/json"]["schema"]["properties"]["data"]
        while "properties" not in data:
            data = data.get("items") or data["anyOf"][0]
        return list(data["properties"])

    charge_id = acme.create(amount="1")
    acme("charges/charge", id=charge_id)
    acme("taxes/liable/set", tax=1, type="charge", number=charge_id, liable=1)
    assert list(acme("charges/get", id=charge_id).data) == columns("charges/get")
    assert list(acme("charges/list", customer=123).data[0]) == columns("charges/list")
    assert list(acme("transactions/list", customer=123).data[0]) == columns("transactions/list")
    assert list(acme("customers/get", id=123).data) == columns("customers/get")
    assert list(acme("taxes/liable/get", tax=1, type="charge", number=charge_id).data) == columns("taxes/liable/get")
    assert list(acme("people/get", id=1).data) == columns("people/get")
    assert list(acme("people/list").data[0]) == columns("people/list")
    assert list(acme("user/login", token=1).data) == columns("user/login")
    assert list(acme("user/switch", id=1, token=1).data) == columns("user/switch")
    assert list(acme("roles/list").data[0]) == columns("roles/list")
    assert list(acme("charges/create", name="x", customer=123).data) == columns("charges/create")


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.path)
def test_every_function_is_told_with_its_privileges(function: Function) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| `") and f"`{function.path}`" in line]
    assert all(privilege in row for privilege in function.privileges)


def test_every_code_is_told() -> None:
    tables = [REFUSALS, *(function.refusals for function in FUNCTIONS)]
    codes = {
        "200",
        "201",
        "202",
        "204",
        "401",
        "402",
        "405",
        "413",
        "503",
        *(code for t in tables for code, _ in t.values()),
    }
    assert [code for code in sorted(codes) if code not in PAGE] == []

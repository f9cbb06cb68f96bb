"""What we say of ourselves, what the vendor says, and what we do: all three agree."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from tests.harness import Answer, InProcess
from tollhouse.apis.kelviq.openapi import DOCUMENT

VENDORS = Path(__file__).parents[4] / "shared" / "reference" / "kelviq-openapi.json"

PURCHASE = {
    "planIdentifier": "lifetime-access",
    "chargePeriod": "ONE_TIME",
    "customerId": "cust_789",
    "features": [{"identifier": "seats", "quantity": 5}],
    "currencyCode": "USD",
    "ipAddress": "103.154.35.20",
}
REQUESTS: list[tuple[Any, str | None]] = [
    (PURCHASE, "sk_test_acme"),
    ({**PURCHASE, "features": None}, "sk_test_acme"),
    ({}, "sk_test_acme"),
    ({**PURCHASE, "customerId": "nobody"}, "sk_test_acme"),
    ({**PURCHASE, "chargePeriod": "MONTHLY"}, "sk_test_acme"),
    (b"{", "sk_test_acme"),
    (PURCHASE, None),
    (PURCHASE, "pk_test_acme"),
    (b"x" * 2_000_000, "sk_test_acme"),
]


@pytest.fixture(params=REQUESTS, ids=range(len(REQUESTS)))
def answer(request: pytest.FixtureRequest, application: InProcess) -> Answer:
    body, key = request.param
    return application.request("POST", "/api/v1/charges/", body, key=key)


def resolved(schema: Any, components: dict[str, Any]) -> Any:
    """With its references put in, and OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(schema, list):
        return [resolved(item, components) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return resolved(components[schema["$ref"].rpartition("/")[2]], components)
    plain = {name: resolved(value, components) for name, value in schema.items()}
    if plain.pop("nullable", False):
        plain["type"] = [plain["type"], "null"]
    return plain


def faults(document: dict[str, Any], path: str, status: str, body: Any) -> list[str]:
    schema = document["paths"][path]["post"]["responses"][status]["content"]["application/json"]["schema"]
    whole = resolved(deepcopy(schema), document["components"]["schemas"])
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [str(error) for error in validator.iter_errors(body)]


def test_our_answers_are_as_we_describe_them(answer: Answer) -> None:
    assert faults(DOCUMENT, "/api/v1/charges/", str(answer.status), answer.json()) == []


@pytest.mark.skipif(not VENDORS.exists(), reason="the vendor's description is not at hand")
def test_our_answers_are_as_the_vendor_describes_them(answer: Answer) -> None:
    vendors = msgspec.json.decode(VENDORS.read_bytes())
    if str(answer.status) in vendors["paths"]["/charges/"]["post"]["responses"]:
        assert faults(vendors, "/charges/", str(answer.status), answer.json()) == []


@pytest.mark.skipif(not VENDORS.exists(), reason="the vendor's description is not at hand")
def test_our_description_has_all_that_the_vendors_has() -> None:
    vendors = msgspec.json.decode(VENDORS.read_bytes())["components"]["schemas"]
    for name in ("CreateChargeRequest", "CreateChargeResponse"):
        ours = DOCUMENT["components"]["schemas"][name]
        assert vendors[name]["properties"].keys() <= ours["properties"].keys()
        assert set(vendors[name].get("required", ())) <= set(ours["required"])
    assert DOCUMENT["components"]["schemas"]["CreateChargeRequest"]["required"] == list(PURCHASE)[:3]
    assert len(DOCUMENT["components"]["schemas"]["CreateChargeResponse"]["required"]) == 17


def test_it_is_served(application: InProcess) -> None:
    assert application.request("GET", "/openapi/kelviq.json", key=None).json() == DOCUMENT


def test_every_status_of_a_door_is_described(answer: Answer) -> None:
    assert str(answer.status) in DOCUMENT["paths"]["/api/v1/charges/"]["post"]["responses"]

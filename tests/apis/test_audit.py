"""Which changes leave an entry of the audit log through which door, and who is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.harness import InProcess, in_process
from tollhouse.apis.actors import actor_of_person
from tollhouse.apis.people.person import Person
from tollhouse.config import Settings
from tollhouse.ledger.auditing.subjects import TRAFFIC
from tollhouse.ledger.facts import PersonFact


def audit(application: InProcess, query: str = "", key: str = "sk_test_acme") -> list[dict[str, Any]]:
    answer = application.request("GET", f"/admin/v1/audit?{query}", key=key)
    assert answer.status == 200, answer.body
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


def told(application: InProcess) -> list[tuple[str, str, str]]:
    return [(row["door"], row["actor"]["name"], row["command"]) for row in reversed(audit(application))]


def enswitch(application: InProcess, function: str, **parameters: object) -> Any:
    query = ";".join(f"{name}={quote(str(value))}" for name, value in parameters.items())
    target = f"/api/json/{function}/?auth_username=user;auth_password=password;{query}"
    answer = application.request("GET", target, key=None)
    assert answer.json()["responses"][0]["code"] in ("200", "201", "204"), answer.body
    return answer.json().get("data")


def test_administration_is_told_by_the_keys_name(application: InProcess) -> None:
    application.peer = "192.0.2.7"
    row = {"from": "EUR", "to": "USD", "rate": "1.5"}
    assert application.request("POST", "/admin/v1/exchange_rates", row, key="ak_test_acme").status == 200
    made = application.request("POST", "/admin/v1/keys", {"name": "till"}).json()["data"]
    assert application.request("DELETE", f"/admin/v1/keys/{made['id']}", key=made["secret"]).status == 200
    rule = {"field": "charges.count", "operator": "gt", "value": 0}
    segment = {"name": "Payers", "slug": "payers", "rules": [rule]}
    assert application.request("POST", "/admin/v1/segments", segment).status == 200
    hook = {"url": "https://example.com/hook", "secret": "whsec_0123456789"}
    assert application.request("POST", "/admin/v1/webhook_endpoints", hook).status == 200
    assert told(application) == [
        ("admin", "integration", "PutExchangeRate"),
        ("admin", "server", "CreateKey"),
        ("admin", "till", "RevokeKey"),
        ("admin", "server", "PutSegment"),
        ("admin", "server", "PutEndpoint"),
    ]
    newest, *_, first = audit(application)
    assert (first["actor"]["kind"], first["actor"]["person"], first["address"]) == ("key", None, "192.0.2.7")
    assert first["subject"] == {"kind": "exchange rate", "id": "EUR/USD", "name": None}
    assert first["changes"][0]["after"] == {"rate": "1.50", "effective_at": 0}
    assert "whsec" not in str(newest)
    assert made["secret"] not in str(audit(application))


def test_at_enswitchs_door_the_person_is_named(application: InProcess) -> None:
    number = enswitch(application, "customers/create", name="Grace", plan=7, email="grace@example.com")["id"]
    enswitch(application, "customers/update", id=number, name="Hopper")
    enswitch(application, "customers/update", id=number, name="Murray", validation=1)
    enswitch(application, "customers/list")
    enswitch(application, "charges/create", name="Line", customer=number, amount=5, period="once")
    assert told(application) == [
        ("enswitch", "user", "CreateCustomer"),
        ("enswitch", "user", "UpdateCustomer"),
        ("enswitch", "user", "CreateCharge"),
    ]
    rows = audit(application, f"subject_kind=customer&subject={number}")
    assert [row["changes"][0]["after"].get("name") for row in rows] == ["H…", "G…"]
    assert rows[0]["actor"] == {"kind": "person", "person": 1, "name": "user", "customer": 1}


def test_kelviqs_catalog_and_customers_are_told_and_its_traffic_is_not(application: InProcess) -> None:
    ask = application.request
    assert ask("POST", "/api/v1/customers/", {"customerId": "c9", "email": "c9@example.com"}).status == 201
    assert ask("PATCH", "/api/v1/customers/c9/", {"name": "Nine"}).status == 200
    assert (
        ask("POST", "/api/v1/catalog/products/", {"name": "Thing", "identifier": "thing", "taxCode": "saas"}).status
        == 201
    )
    charge = {"planIdentifier": "lifetime-access", "chargePeriod": "ONE_TIME", "customerId": "cust_789"}
    assert ask("POST", "/api/v1/charges/", charge).status == 201
    assert told(application) == [
        ("kelviq", "server", "RegisterCustomer"),
        ("kelviq", "server", "ChangeRegistered"),
        ("kelviq", "server", "CreateCatalogProduct"),
    ]


def test_beacons_core_is_told_and_its_tracking_is_not(application: InProcess) -> None:
    ask = application.request
    assert ask("POST", "/charges", {"user_id": "b1", "amount": 500}).status == 200
    assert ask("POST", "/customers", {"user_id": "b1", "email": "b1@example.com"}).status == 200
    (customer,) = ask("GET", "/v1/projects/acme/customers?q=b1").json()["data"]
    assert ask("POST", f"/v1/customers/{customer['id']}/tags", {"name": "vip"}).status == 200
    assert ask("PUT", "/v1/projects/acme", {"name": "Acme Ltd"}).status == 200
    assert ask("DELETE", f"/v1/customers/{customer['id']}").status == 200
    assert told(application) == [
        ("beacon", "server", "TagCustomer"),
        ("beacon", "server", "ChangeProject"),
        ("beacon", "server", "ForgetCustomer"),
    ]


def test_the_address_is_that_of_whoever_a_trusted_proxy_speaks_for(acme_url: str) -> None:
    with in_process(Settings(database_url=acme_url, trusted_proxies="10.0.0.0/8")) as application:
        row = {"from": "EUR", "to": "USD", "rate": "1.5"}
        for peer, rate in (("10.0.0.1", "1.5"), ("192.0.2.1", "1.6")):
            application.peer = peer
            headers = {"x-forwarded-for": "203.0.113.9, 10.0.0.2"}
            row["rate"] = rate
            assert application.request("POST", "/admin/v1/exchange_rates", row, headers=headers).status == 200
        assert [entry["address"] for entry in audit(application)] == ["192.0.2.1", "203.0.113.9"]


def test_the_log_comes_in_pages(application: InProcess) -> None:
    for cents in range(1, 53):
        row = {"from": "EUR", "to": "USD", "rate": f"2.{cents:02}"}
        assert application.request("POST", "/admin/v1/exchange_rates", row).status == 200
    first = application.request("GET", "/admin/v1/audit").json()
    second = application.request("GET", f"/admin/v1/audit?before={first['meta']['next']}").json()
    assert (len(first["data"]), len(second["data"]), second["meta"]["next"]) == (50, 2, None)
    assert second["data"][0]["changes"][0]["after"]["rate"] == "2.02"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("before=x", "before"),
        ("before=1-", "before"),
        ("before=" + "9" * 19 + "-1", "before"),
        ("person=x", "person"),
        ("person=" + "9" * 19, "person"),
        ("subject=1", "subject_kind"),
        ("door=%00", "door"),
        ("command=" + "x" * 256, "command"),
        ("from=yesterday", "from"),
        ("to=2026-03-01T00:00:00", "to"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(application: InProcess, query: str, name: str) -> None:
    answer = application.request("GET", f"/admin/v1/audit?{query}")
    assert (answer.status, answer.json()["detail"].partition(":")[0]) == (422, name)


def test_nobody_writes_to_it_or_reads_another_tenants(application: InProcess) -> None:
    assert application.request("POST", "/admin/v1/keys", {"name": "till"}).status == 200
    for method in ("POST", "PATCH", "DELETE"):
        assert application.request(method, "/admin/v1/audit", {}).status == 405
    assert application.request("GET", "/admin/v1/audit", key="pk_test_acme").status == 403
    assert audit(application, key="sk_test_beta") == []
    assert len(audit(application, "from=2000-01-01T00:00:00Z&person=0&door=admin&command=CreateKey")) == 1
    assert audit(application, "to=2000-01-01T00:00:00Z") == []


def test_what_leaves_no_entry_where_a_key_gives_it_is_told() -> None:
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
    assert [kind.__name__ for kind in TRAFFIC if f"`{kind.__name__}`" not in page] == []


def test_somebody_who_acts_as_somebody_else_is_named_as_both() -> None:
    fact = PersonFact(1, 9, "grace", "", 1, 5, 0, 0)
    person = Person(1, 9, 5, "1.5.", {}, fact, switched_by=(7, "stamp"))
    by = actor_of_person(person, "enswitch", None)
    assert (by.person_id, by.name, by.customer_number, by.path, by.address) == (9, "grace (by person 7)", 5, "1.5.", "")

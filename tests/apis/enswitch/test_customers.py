"""Customers and accounts over the wire: who reaches whom, what is kept as it was sent, and what is too much."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import replace

from tests.apis.enswitch.client import Client
from tests.harness import InProcess
from tollhouse.apis.enswitch.functions.customers import DETAILS, FIELDS, PAYMENT_SETTINGS
from tollhouse.apis.enswitch.functions.parameters import DECIMAL, INTEGER
from tollhouse.ledger.details import NAMES
from tollhouse.ledger.facts import CustomerFact
from tollhouse.store.engine import store_url
from tollhouse.store.queries import accounts
from tollhouse.store.store import SqlStore

NEW = {"name": "New", "plan": 71, "email": "new@example.com"}
EVERYBODY = (1, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 40, 41)
NORTHS = {10, 11, 12, 13, 14, 15, 16, 17, 40, 41}

#: Of each person, whom it reaches where its role opens those below, and its own customer.
REACHES = {
    "telco": (set(EVERYBODY), 1),
    "north": (NORTHS, 10),
    "north-auditor": (NORTHS, 10),
    "north-administrator": ({10}, 10),
    "north-user": ({10}, 10),
    "nora": ({11}, 11),
    "south": ({20, 21}, 20),
}
#: What tells whether a customer is seen, with the code and key for one that is not.
LOOKS: dict[str, tuple[dict[str, Any], str, tuple[str, str]]] = {
    "customers/get": ({}, "id", ("404", "id")),
    "customers/list": ({}, "parent", ("400", "parent")),
    "transactions/list": ({}, "customer", ("400", "customer")),
    "customers/create": ({**NEW, "validation": 1}, "parent", ("400", "parent")),
    "customers/update": ({"description": "x", "validation": 1}, "id", ("404", "id")),
    "customers/delete": ({}, "id", ("404", "id")),
    "customers/undelete": ({}, "id", ("404", "id")),
    "customers/move": ({"parent": 1, "plan": 71}, "id", ("404", "id")),
    "customers/balance/add": ({"amount": 0}, "id", ("404", "id")),
    "customers/topup/request": ({"amount": 1}, "id", ("404", "id")),
    "transactions/create": ({"amount": 1, "validation": 1}, "customer", ("400", "customer")),
}


@pytest.mark.parametrize("function", LOOKS)
@pytest.mark.parametrize("person", REACHES)
def test_everybody_reaches_their_own_branch_and_learns_nothing_of_others(
    application: InProcess, person: str, function: str
) -> None:
    client = Client(application, person)
    reached, _ = REACHES[person]
    given, name, not_there = LOOKS[function]
    absent = client.raw(function, **{**given, name: 404}).body
    if b'"402"' in absent:
        return
    for number in EVERYBODY:
        answer = client.raw(function, **{**given, name: number})
        assert (answer.body == absent) == (number not in reached), number
    assert client(function, **{**given, name: 404}).told == [not_there]


@pytest.mark.parametrize("person", REACHES)
def test_nobody_but_the_root_writes_their_own_account(application: InProcess, telco: Client, person: str) -> None:
    client = Client(application, person)
    _, own = REACHES[person]
    before = telco.balance(own)
    for amount in ("5.00", "-5.00"):
        for function, name in (("customers/balance/add", "id"), ("transactions/create", "customer")):
            code = client(function, **{name: own, "amount": amount}).code
            assert code == ({"telco": "200" if function == "transactions/create" else "204"}.get(person) or code)
            assert person == "telco" or code in ("400", "402")
    assert telco.balance(own) == before


def test_one_tenant_is_not_another(application: InProcess, acme: Client) -> None:
    beta = Client(application, "beta-user", "beta-password")
    number = acme("customers/create", **{**NEW, "plan": 7, "reference": "mine"}).data["id"]
    assert beta("customers/get", id=number).told == [("404", "id")]
    assert beta("customers/update", id=number, name="x").told == [("404", "id")]
    assert beta("customers/balance/add", id=number, amount=1).told == [("404", "id")]
    assert beta("customers/list", name="New").data == []
    assert acme.balance(number) == "0.00"


def test_every_detail_has_a_parameter_and_a_default() -> None:
    assert [parameter.name for parameter in DETAILS] == list(NAMES)
    assert set(PAYMENT_SETTINGS) <= {"id", *(field.name for field in FIELDS)}


@pytest.mark.parametrize("field", DETAILS, ids=lambda field: str(field.name))
def test_each_detail_is_kept_as_it_was_sent(telco: Client, field: Any) -> None:
    if field.kind == INTEGER:
        sent: Any = 12 if field.name == "affiliate_customer" else 1
    elif field.kind == DECIMAL:
        sent = "123456789012345.123456"
    else:
        sent = field.choices[-1] if field.choices else "x' \" \\ % \U0001f4b6" * 10
    assert telco("customers/update", id=11, **{field.name: sent}).code == "204"
    row = telco("customers/get", id=11).data
    assert row[field.name] == sent
    assert {name: value for name, value in row.items() if name in NAMES and name != field.name} == {
        name: value
        for name, value in telco("customers/get", id=13).data.items()
        if name in NAMES and name != field.name
    }


@pytest.mark.parametrize("field", DETAILS, ids=lambda field: str(field.name))
def test_each_detail_is_bounded(telco: Client, field: Any) -> None:
    too_much = {INTEGER: "9" * 5000, DECIMAL: "1234567890123456"}.get(field.kind, "x" * 5000)
    assert telco("customers/update", id=11, **{field.name: too_much}).told == [("400", field.name)]
    assert telco("customers/create", **NEW, **{field.name: too_much}).told == [("400", field.name)]


@pytest.mark.parametrize(
    "text", ["Robert'); DROP TABLE customers;--", "<script>", '"}],"data":1', "日本語 ☃ \U0001f4b6", "100%_\\"]
)
def test_any_text_is_kept_found_and_nothing_else(telco: Client, text: str) -> None:
    number = telco("customers/create", **{**NEW, "name": text, "account": text}).data["id"]
    row = telco("customers/get", id=number).data
    assert (row["name"], row["account"]) == (text, text)
    assert [row["id"] for row in telco("customers/list", name=text).data] == [number]


def test_a_list_is_sorted_by_code_points_and_then_by_id(telco: Client) -> None:
    names = ["b", "B", "ä", "a", "a", "Z", ""]
    ids = [telco("customers/create", **{**NEW, "name": f"{n}.", "parent": 41, "account": n}).data["id"] for n in names]
    wanted = [id_ for _, id_ in sorted(zip(names, ids, strict=True))]
    for sort in ("name", "account"):
        if sort == "account":
            found = [row["id"] for row in telco("customers/list", parent=41, sort=sort).data]
            assert found == wanted
            found = [row["id"] for row in telco("customers/list", parent=41, sort=sort, descending=1).data]
            assert found == wanted[::-1]
    assert [row["id"] for row in telco("customers/list", parent=41, limit=2, offset=1, sort="account").data] == wanted[
        1:3
    ]


def test_pages_and_rows_say_the_same(telco: Client) -> None:
    rows = telco("customers/list", parent=10).data
    assert telco("customers/list", parent=10, count=1).data == {"count": len(rows)}
    for page in telco("customers/list", parent=10, pages=1, limit=3).data:
        found = telco("customers/list", parent=10, limit=3, offset=page["offset"]).data
        assert found == rows[page["offset"] : page["offset"] + 3]
        assert found[0]["name"] == page["name"]


def test_all_below_are_listed_once(telco: Client) -> None:
    found = [row["id"] for row in telco("customers/list", recursive=1).data]
    assert sorted(found) == [number for number in EVERYBODY if number != 1]
    assert sorted(row["id"] for row in telco("customers/list", recursive=1, parent=10).data) == sorted(NORTHS - {10})


def test_a_list_that_is_too_long_is_refused(telco: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "ROWS_MAX", 8)
    assert len(telco("customers/list", parent=10).data) == 8
    assert telco("customers/list", recursive=1).told == [("400", "limit")]
    assert telco("customers/list", recursive=1, limit=9).told == [("400", "limit")]
    assert len(telco("customers/list", recursive=1, limit=8).data) == 8
    assert len(telco("customers/list", recursive=1, offset=4).data) == 8
    assert telco("customers/list", recursive=1, count=1).data == {"count": 2}
    monkeypatch.setattr(accounts, "ROWS_MAX", 1)
    assert telco("customers/list", parent=10, pages=1, limit=1).told == [("400", "limit")]


def test_a_list_of_many_is_looked_up_by_index(acme: Client, acme_url: str) -> None:
    """Those below one customer are found without a walk over all the others."""
    with closing(SqlStore(store_url(acme_url))) as store:
        with store.unit_of_work(1) as unit:
            (ada,) = unit.find(CustomerFact, number=123)
            many = [
                replace(
                    ada,
                    number=n,
                    uid=f"u{n}",
                    reference=None,
                    parent_number=123 if n % 1000 == 0 else 1,
                    path=f"1.{n}.",
                )
                for n in range(1000, 4000)
            ]
            unit.insert(many)
        with store.reading_rows() as connection:
            plan = connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN WITH RECURSIVE below(number) AS (SELECT number FROM customers WHERE tenant_id = 1"
                " AND number = 123 UNION SELECT c.number FROM customers c JOIN below b ON c.tenant_id = 1 AND"
                " c.parent_number = b.number) SELECT * FROM customers WHERE tenant_id = 1 AND number IN"
                " (SELECT number FROM below)"
            )
            steps = [row[-1] for row in plan]
    assert not [step for step in steps if step.startswith("SCAN c")], steps
    assert len(acme("customers/list", parent=123, recursive=1).data) == 3


@pytest.mark.parametrize("taxes", [",", "1,", "a", "1;2", "1.0", "-1", "1 2", "\uff11", "1," * 2000, "9" * 16])
def test_taxes_are_ids_between_commas(telco: Client, taxes: str) -> None:
    assert telco("transactions/create", customer=11, amount=-1, taxes=taxes).told == [("400", "taxes")]
    assert telco.balance(11) == "100.00"


def test_a_form_and_json_do_the_same(telco: Client) -> None:
    assert telco.post("customers/balance/add", b'{"id": 11, "amount": "1.10"}', "application/json").code == "204"
    assert telco.post("customers/balance/add", b'{"id": 11, "amount": 1.1}', "application/json").code == "204"
    assert telco.post("customers/balance/add", b"id=11;amount=1.10", None).code == "204"
    assert telco.balance(11) == "103.30"


def test_a_header_carries_the_key_as_well(telco: Client) -> None:
    headers = {"idempotency-key": "k"}
    for function, given in (
        ("transactions/create", {"customer": 11, "amount": 1}),
        ("customers/balance/add", {"id": 11, "amount": 1}),
    ):
        first = telco.raw(function, headers={"idempotency-key": function}, **given)
        again = telco.raw(function, headers={"idempotency-key": function}, **given)
        assert (first.body, "idempotency-replayed" in first.headers) == (again.body, False)
        assert again.headers["idempotency-replayed"] == "true"
    assert telco.balance(11) == "102.00"
    assert (
        telco.raw("customers/create", headers=headers, **NEW).body
        == telco.raw("customers/create", headers=headers, **NEW).body
    )


def test_what_was_charged_at_other_doors_is_not_adjusted_away(acme: Client, application: InProcess) -> None:
    """A balance is ENSwitch's account: what Beacon recorded is beside it."""
    application.request("POST", "/charges", {"user_id": "cust_789", "amount": 500})
    assert acme("customers/update", id=123, balance="7.00").code == "204"
    assert acme("transactions/list", customer=123).data == []
    charges = application.request("GET", "/v1/projects/acme/customers").json()
    assert "adjustment" not in str(charges)
    assert acme("customers/update", id=123, currency="EUR").told == [("400", "currency")]

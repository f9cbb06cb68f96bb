"""Rate plans on the wire: every column, every mode, every code."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.enswitch.client import Client
from tests.harness import InProcess
from tollhouse.apis.enswitch.functions.plans import PLAN

DEFAULTS = {
    "name": "Gold",
    "customer": 1,
    "auto_topup": "0.00",
    "bill_defer": 0,
    "bill_type": "prepaid",
    "billing_period": "monthly",
    "bulk_calls": -1,
    "call_maximum": "-1.00",
    "callerid_in_external": 1,
    "carry_forward_messages": 0,
    "carry_forward_seconds": 0,
    "conference_calls": -1,
    "contract": "",
    "cos_timegroup": 0,
    "currency": "EUR",
    "description": "",
    "dialplan": "",
    "external_out": 1,
    "huntgroup_dests": -1,
    "included_messages": 0,
    "included_seconds": 0,
    "inconnect_margin": "0.00",
    "inconnect_markup": "0.00",
    "incost_markup": "0.00",
    "inherit": 0,
    "inheritable": 0,
    "inmessage_markup": "0.00",
    "invoice_due": 0,
    "invoice_overdue": 0,
    "outconnect_markup": "0.00",
    "outcost_markup": "0.00",
    "outmessage_markup": "0.00",
    "shared": 0,
}

PUBLIC = {
    "id",
    "name",
    "billing_period",
    "contract",
    "currency",
    "description",
    "included_messages",
    "included_seconds",
}


def stranger(application: InProcess) -> Client:
    client = Client(application)
    client.login = {}
    return client


def at_telco(client: Client, path: str, **given: Any) -> Any:
    return client.raw(path, **given, headers={"host": "telco.example"}).json()


@pytest.fixture
def north(application: InProcess) -> Client:
    return Client(application, "north")


@pytest.fixture
def nora(application: InProcess) -> Client:
    return Client(application, "nora")


def test_a_plan_row_has_every_column(telco: Client) -> None:
    parent = telco("plans/create", name="Parent").data["id"]
    plan_id = telco("plans/create", name="Gold").data["id"]
    assert telco("plans/get", id=plan_id).data == {"id": plan_id, **DEFAULTS}
    assert list(telco("plans/get", id=plan_id).data) == list(PLAN["properties"])
    values = {
        **{name: value + 1 for name, value in DEFAULTS.items() if isinstance(value, int)},
        **{name: "1.5" for name, value in DEFAULTS.items() if isinstance(value, str) and value.endswith(".00")},
        **dict.fromkeys(("callerid_in_external", "external_out"), 0),
        "name": "Silver",
        "bill_type": "postpaid",
        "billing_period": "",
        "contract": "18_month",
        "currency": "usd",
        "description": "für alle",
        "dialplan": "de",
        "inherit": parent,
        "shared": -1,
    }
    assert telco("plans/update", id=plan_id, **values).told == [("204", "")]
    wanted = {name: "1.50" if value == "1.5" else value for name, value in values.items()}
    assert telco("plans/get", id=plan_id).data == {"id": plan_id, **wanted, "customer": 1, "currency": "USD"}


def test_what_an_update_leaves_out_stays(telco: Client) -> None:
    plan_id = telco("plans/create", name="Gold", contract="1_year", bill_defer=1, description="x").data["id"]
    assert telco("plans/update", id=plan_id, bill_defer=0).told == [("204", "")]
    row = telco("plans/get", id=plan_id).data
    assert (row["contract"], row["bill_defer"], row["description"], row["name"]) == ("1_year", 0, "x", "Gold")


def test_customers_join_a_plan_that_was_made_here(telco: Client) -> None:
    plan_id = telco("plans/create", name="Gold", currency="USD").data["id"]
    customer = telco("customers/create", name="New", plan=plan_id, email="new@example.com").data["id"]
    assert telco("customers/get", id=customer).data["currency"] == "USD"
    charge_id = telco("charges/create", name="Everybody", plan=plan_id, amount=1).data["id"]
    assert telco("charges/charge", id=charge_id).told == [("204", "")]
    assert telco.balance(customer) == "-1.11"


def test_a_shared_plan_is_the_resellers_to_give_and_not_to_change(telco: Client, north: Client, nora: Client) -> None:
    plan_id = telco("plans/create", name="Shared", shared=1).data["id"]
    row = north("plans/get", id=plan_id).data
    assert (row["customer"], row["shared"]) == (0, 1)
    assert [name for name in row if name.endswith(("_markup", "_margin"))] == []
    assert north("customers/create", name="New", plan=plan_id, email="n@example.com").code == "200"
    assert north("plans/update", id=plan_id, name="Mine").told == [("404", "id")]
    assert north("plans/fees/set", plan=plan_id, feature="phone", occurs="signup").told == [("400", "plan")]
    assert north("charges/create", name="x", plan=plan_id).told == [("404", "plan")]
    assert nora("plans/get", id=plan_id).told == [("404", "id")]


@pytest.mark.parametrize(
    ("function", "given", "told"),
    [
        ("plans/create", {}, [("400", "name")]),
        ("plans/create", {"name": "x", "customer": 404}, [("400", "customer")]),
        ("plans/create", {"name": "x", "customer": 404, "currency": "GBX"}, [("400", "currency")]),
        ("plans/create", {"name": "x", "currency": "SEK"}, [("400", "currency")]),
        ("plans/create", {"name": "x", "inherit": 404}, [("400", "inherit")]),
        (
            "plans/create",
            {
                "auto_topup": -1,
                "bill_type": "callshop",
                "call_maximum": "-1.01",
                "contract": "1_day",
                "included_seconds": -1,
                "invoice_due": 3651,
                "outcost_markup": "x",
                "shared": 2,
                "name": " ",
                "validation": 2,
            },
            [
                ("400", name)
                for name in (
                    *("name", "auto_topup", "bill_type", "call_maximum", "contract", "included_seconds"),
                    *("invoice_due", "outcost_markup", "shared", "validation"),
                )
            ],
        ),
        ("plans/create", {"name": "x", "validation": 1}, [("201", "")]),
        ("plans/update", {}, [("400", "id")]),
        ("plans/update", {"id": 404}, [("404", "id")]),
        ("plans/update", {"id": 404, "currency": "SEK"}, [("400", "currency")]),
        ("plans/update", {"id": 404, "name": ""}, [("400", "name")]),
        ("plans/update", {"id": 71, "inherit": 71}, [("400", "inherit")]),
        ("plans/update", {"id": 71, "validation": 1}, [("201", "")]),
        ("plans/get", {"id": 404}, [("404", "id")]),
        ("plans/get", {"id": "x"}, [("400", "id")]),
        ("plans/get", {}, [("404", "id")]),
        ("plans/list", {"customer": 404}, [("400", "customer")]),
        ("plans/list", {"parent": 1, "reseller": 1}, [("400", "reseller")]),
        ("plans/list", {"system": 1, "count": 1}, [("400", "count")]),
        ("plans/list", {"pages": 1, "count": 1, "inheritable": 1}, [("400", "count"), ("400", "pages")]),
        ("plans/list", {"sort": "id", "limit": -1}, [("400", "limit"), ("400", "sort")]),
        ("plans/fees/get", {}, [("400", "feature"), ("400", "occurs")]),
        ("plans/fees/get", {"feature": "a", "occurs": "b", "plan": 404}, [("400", "plan")]),
        ("plans/fees/get", {"feature": "a", "occurs": "b"}, [("400", "plan")]),
        ("plans/fees/get", {"feature": "a", "occurs": "b", "customer": 404}, [("400", "customer")]),
        ("plans/fees/get", {"feature": "a", "occurs": "b", "plan": 71, "currency": "GBX"}, [("400", "currency")]),
        ("plans/fees/get", {"feature": "a", "occurs": "b", "plan": 71, "currency": "SEK"}, [("400", "currency")]),
        ("plans/fees/set", {"fee": -1}, [("400", "feature"), ("400", "occurs"), ("400", "plan"), ("400", "fee")]),
        ("plans/fees/set", {"feature": "a", "occurs": "b", "plan": 404}, [("400", "plan")]),
        ("plans/fees/set", {"feature": "", "occurs": "b", "plan": 71}, [("400", "feature")]),
        ("plans/fees/set", {"feature": "a", "occurs": "b", "plan": 71, "fee": "90071992547409.92"}, [("400", "fee")]),
        ("plans/products/create", {}, [("400", "plan"), ("400", "product")]),
        ("plans/products/create", {"plan": 404, "product": 1}, [("400", "plan")]),
        ("plans/products/create", {"plan": 71, "product": 404}, [("400", "product")]),
        ("plans/products/create", {"plan": 71, "product": 404, "currency": "SEK"}, [("400", "currency")]),
        ("plans/products/create", {"plan": 71, "product": 1, "create_markup": "-101"}, [("400", "create_markup")]),
    ],
)
def test_faults_are_told_with_their_keys(
    telco: Client, function: str, given: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    assert telco(function, **given).told == told


# Without a login.


def test_strangers_learn_of_a_plan_what_everybody_may_know(application: InProcess, north: Client) -> None:
    plan_id = north("plans/create", name="Gold", description="All in", outcost_markup=40).data["id"]
    client = stranger(application)
    answer = at_telco(client, "plans/get", id=plan_id)
    assert answer["responses"][0]["code"] == "200"
    assert set(answer["data"]) == PUBLIC
    assert (answer["data"]["name"], answer["data"]["currency"]) == ("Gold", "EUR")
    assert client("plans/get", id=plan_id).told == [("404", "id")]
    assert at_telco(client, "plans/get", id=404)["responses"][0]["code"] == "404"
    for given in ({}, {"id": 0}, {"id": plan_id, "auth_username": "north"}, {"id": "x"}):
        assert at_telco(client, "plans/get", **given)["responses"][0]["code"] == "401"
    wrong = {"auth_username": "north", "auth_password": "wrong"}
    assert at_telco(client, "plans/get", id=plan_id, **wrong)["responses"][0]["code"] == "401"
    assert at_telco(client, "plans/get", id=plan_id, auth_token="x")["responses"][0]["code"] == "401"


def test_strangers_list_what_they_can_sign_up_to(application: InProcess, north: Client) -> None:
    gold = north("plans/create", name="Gold").data["id"]
    client = stranger(application)
    rows = at_telco(client, "plans/list", signup=1, customer=10)["data"]
    assert [(row["name"], set(row)) for row in rows] == [("Gold", PUBLIC), ("north-basic", PUBLIC)]
    (row,) = at_telco(client, "plans/list", signup=1, customer=10, force=gold)["data"]
    assert row["id"] == gold
    for given, key in (({}, "customer"), ({"customer": 404}, "customer"), ({"customer": 10, "count": 1}, "count")):
        (entry,) = at_telco(client, "plans/list", signup=1, **given)["responses"]
        assert (entry["code"], entry["key"]) == ("400", key)
    assert client("plans/list", signup=1, customer=10).told == [("400", "customer")]
    assert at_telco(client, "plans/list", customer=10)["responses"][0]["code"] == "401"


def test_fees_are_told_to_anybody_who_names_the_plan(application: InProcess, north: Client, nora: Client) -> None:
    assert north("plans/fees/set", plan=70, feature="phone", occurs="signup", fee="9.99").told == [("204", "")]
    client = stranger(application)
    wanted = {"feature": "phone", "occurs": "signup"}
    assert at_telco(client, "plans/fees/get", plan=70, **wanted)["data"] == {
        "fee": "9.99",
        "currency": "EUR",
        **wanted,
        "plan": 70,
        "taxes": 0,
    }
    assert at_telco(client, "plans/fees/get", plan=70, currency="usd", **wanted)["data"]["fee"] == "11.10"
    assert at_telco(client, "plans/fees/get", **wanted)["responses"][0]["code"] == "401"
    assert client("plans/fees/get", plan=70, **wanted).told == [("400", "plan")]
    assert nora("plans/fees/get", **wanted).data["fee"] == "9.99"
    assert north("plans/fees/get", plan=70, customer=12, **wanted).data["fee"] == "1603.00"
    assert north("plans/fees/get", plan=70, customer=17, **wanted).told == [("400", "currency")]
    north("taxes/create", name="VAT", rate=20)
    assert nora("plans/fees/get", taxes=1, **wanted).data["fee"] == "11.99"
    assert at_telco(client, "plans/fees/get", plan=70, taxes=1, **wanted)["data"]["fee"] == "9.99"


# Lists.


def test_lists_are_sorted_searched_counted_and_cut(north: Client) -> None:
    for name, description in (("b", "1"), ("C", "2"), ("a", "3")):
        north("plans/create", name=name, description=description)

    def names(**given: Any) -> str:
        return " ".join(row["name"] for row in north("plans/list", **given).data)

    assert names() == "C a b north-basic"
    assert names(descending=1) == "north-basic b a C"
    assert names(sort="description") == "north-basic b C a"
    assert names(limit=2) == "C a"
    assert names(limit=2, offset=3) == "north-basic"
    assert names(offset=4) == ""
    assert names(name="c") == "C north-basic"
    assert north("plans/list", count=1).data == {"count": 4}
    assert north("plans/list", count=1, limit=1).data == {"count": 4}
    pages = north("plans/list", pages=1, limit=2).data
    assert pages == [{"offset": 0, "name": "C"}, {"offset": 2, "name": "b"}]
    assert north("plans/list", pages=1).data == [{"offset": 0, "name": "C"}]
    assert north("plans/list", pages=1, name="nothing").data == []


def test_the_modes_want_privileges_of_their_own(application: InProcess, telco: Client, north: Client) -> None:
    user = Client(application, "north-user")
    telco("plans/create", name="Shared", shared=1)
    assert user("plans/list").code == "402"
    assert [row["name"] for row in user("plans/list", parent=1).data] == ["Shared", "telco-basic"]
    assert [set(row) == PUBLIC for row in user("plans/list", parent=1).data] == [False, True]
    assert north("plans/list", system=1).code == "402"
    assert [row["name"] for row in telco("plans/list", system=1).data] == ["Shared", "north-basic", "telco-basic"]
    assert [row["name"] for row in north("plans/list", reseller=1).data] == ["Shared", "north-basic"]
    assert [row["name"] for row in north("plans/list", inheritable=1).data] == ["north-basic"]
    assert [row["name"] for row in telco("plans/list", customer=10).data] == ["north-basic"]


def test_what_a_plan_asks_for_a_product_needs_both(telco: Client, north: Client) -> None:
    product = telco("products/create", name="Telephone", shared=1, create_fee=5).data["id"]
    direct = telco("products/create", name="For direct customers", create_fee=5).data["id"]
    hidden = telco("products/create", name="For nobody", allow=0).data["id"]
    assert north("plans/products/create", plan=70, product=product, create_fee="9.99").told == [("204", "")]
    assert north("plans/products/create", plan=70, product=product, validation=1).told == [("201", "")]
    assert north("plans/products/create", plan=70, product=direct).told == [("204", "")]
    assert north("plans/products/create", plan=70, product=hidden).told == [("400", "product")]
    assert north("plans/products/create", plan=71, product=product).told == [("400", "plan")]

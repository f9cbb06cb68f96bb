"""Products and taxes on the wire: every column, every code, who sees what."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.apis.enswitch.client import Client
from tests.apis.enswitch.test_plans import at_telco, stranger
from tests.harness import InProcess
from tollhouse.apis.enswitch.functions.products import OFFER, PRODUCT
from tollhouse.apis.enswitch.functions.taxes import TAX
from tollhouse.apis.enswitch.reply import listing

DEFAULTS = {
    "name": "Telephone",
    "customer": 10,
    "allow": 1,
    "amount": 0,
    "create_fee": "0.00",
    "currency": "EUR",
    "description": "",
    "information": "",
    "period": "",
    "period_fee": "0.00",
    "shared": 0,
    "type": "product",
    "create_buy": "0.00",
    "period_buy": "0.00",
}


@pytest.fixture
def north(application: InProcess) -> Client:
    return Client(application, "north")


@pytest.fixture
def buyer(application: InProcess, telco: Client) -> Client:
    """Somebody of Nora's who may buy."""
    (role,) = [row["id"] for row in telco("roles/list").data if row["name"] == "Administrator"]
    given = {"username": "nora-buyer", "password": "password-1", "email": "b@example.com", "role": role, "customer": 11}
    assert telco("people/create", **given).code == "200"
    return Client(application, "nora-buyer", "password-1")


def test_a_product_row_has_every_column(north: Client) -> None:
    product_id = north("products/create", name="Telephone").data["id"]
    assert north("products/get", id=product_id).data == {"id": product_id, **DEFAULTS}
    values = {
        "name": "Phone",
        "allow": -1,
        "amount": 60,
        "create_fee": "1.5",
        "create_buy": "0.123456",
        "currency": "usd",
        "description": "für alle",
        "information": "schwarz",
        "period": "annually",
        "period_fee": "2",
        "period_buy": "1",
        "shared": 1,
        "type": "calls_in_out",
    }
    assert north("products/update", id=product_id, **values).told == [("204", "")]
    wanted = {
        **values,
        "customer": 10,
        "create_fee": "1.50",
        "period_fee": "2.00",
        "period_buy": "1.00",
        "currency": "USD",
    }
    assert north("products/get", id=product_id).data == {"id": product_id, **wanted}
    (row,) = north("products/list").data
    assert row == {"id": product_id, **wanted}
    assert list(row) == list(PRODUCT["properties"])


def test_a_purchase_charges_at_once_and_in_each_period(north: Client, buyer: Client) -> None:
    tax = north("taxes/create", name="VAT", rate=20).data["id"]
    north("taxes/create", name="Not on products", rate=50, products=0)
    given = {"create_fee": 100, "create_buy": 60, "period": "monthly", "period_fee": "9.90", "period_buy": 5}
    product_id = north("products/create", name="Telephone", **given).data["id"]
    now = int(time.time())
    assert buyer("products/taxes/list", product=product_id).data[0]["id"] == tax
    answer = buyer("products/purchase", id=product_id, quantity=2, idempotency_key="k")
    assert (answer.told, answer.data) == ([("204", "")], None)
    replayed = buyer.raw("products/purchase", id=product_id, quantity=2, idempotency_key="k")
    assert replayed.headers["idempotency-replayed"] == "true"
    (row,) = north("transactions/list", customer=11).data
    assert now <= row["time"]
    assert (row["amount"], row["net"], row["tax"], row["buy"]) == ("-240.00", "200.00", "40.00", "120.00")
    assert (row["taxes"], row["description"]) == (str(tax), "2 × Telephone")
    at_once, recurring = north("charges/list", customer=11).data
    assert (at_once["period"], at_once["amount"]) == ("", "200.00")
    assert (recurring["period"], recurring["amount"], recurring["buy"]) == ("monthly", "19.80", "10.00")
    assert buyer("customers/get").told == [("400", "id")]
    assert north.balance(11) == "-140.00"
    assert north("charges/delete", id=recurring["id"]).told == [("204", "")]
    assert north("charges/charge", id=at_once["id"]).told == [("400", "id")]


def test_buyers_see_what_it_costs_them_and_not_the_seller(north: Client, buyer: Client) -> None:
    given = {"create_fee": 10, "create_buy": 7, "information": "Black or white."}
    product_id = north("products/create", name="Telephone", **given).data["id"]
    other = north("products/create", name="Hidden", allow=0).data["id"]
    north("plans/products/create", plan=70, product=product_id, use_markups=1, create_markup=10, currency="EUR")
    (row,) = buyer("products/list", available=1).data
    assert (row["create_fee"], row["customer"]) == ("11.00", 0)
    assert list(row) == list(OFFER["properties"])
    assert not {"create_buy", "period_buy"} & set(row)
    assert buyer("products/get", id=product_id).data == row
    assert buyer("products/get", id=other).told == [("404", "id")]
    assert buyer("products/purchase", id=other).told == [("400", "id")]
    assert buyer("products/list").code == "402"
    assert north("products/list", available=1).code == "402"
    assert [row["id"] for row in north("products/list").data] == [product_id, other]


def test_strangers_read_the_information_alone(application: InProcess, north: Client) -> None:
    product_id = north("products/create", name="Telephone", information="Black or white.").data["id"]
    client = stranger(application)
    assert at_telco(client, "products/get", id=product_id)["data"] == {"information": "Black or white."}
    assert at_telco(client, "products/get", id=404)["responses"][0]["code"] == "404"
    assert client("products/get", id=product_id).told == [("404", "id")]
    assert at_telco(client, "products/get")["responses"][0]["code"] == "401"
    assert at_telco(client, "products/purchase", id=product_id)["responses"][0]["code"] == "401"


def test_products_are_their_branchs(application: InProcess, telco: Client, north: Client) -> None:
    south, nora = Client(application, "south"), Client(application, "nora")
    own = north("products/create", name="Own", allow=-1).data["id"]
    shared = telco("products/create", name="Shared", shared=1).data["id"]
    for client in (south, nora):
        assert client("products/get", id=own).told == [("404", "id")]
        assert client("products/update", id=own, name="x").told == [("404", "id")]
        assert client("products/list", customer=10).told == [("400", "customer")]
        assert client("products/create", name="x", customer=10).told == [("400", "customer")]
    assert telco("products/get", id=own).data["customer"] == 10
    assert [row["id"] for row in telco("products/list", customer=10).data] == [own]
    tax = south("taxes/create", name="VAT", rate=5).data["id"]
    liability = {"tax": tax, "type": "product", "liable": 0}
    assert south("taxes/liable/set", number=shared, **liability).told == [("204", "")]
    assert south("taxes/liable/get", tax=tax, type="product", number=shared).data["liable"] == 0
    assert south("taxes/liable/set", number=own, **liability).told == [("400", "number")]
    everybodys = telco("taxes/create", name="Everybody's", rate=1, shared=1).data["id"]
    liability["tax"] = everybodys
    assert south("taxes/liable/set", number=shared, **liability).told == [("400", "number")]
    assert north("taxes/liable/set", number=own, **liability).told == [("204", "")]


@pytest.mark.parametrize(
    ("function", "given", "told"),
    [
        ("products/create", {}, [("400", "name")]),
        ("products/create", {"name": "x", "customer": 404}, [("400", "customer")]),
        ("products/create", {"name": "x", "currency": "SEK"}, [("400", "currency")]),
        ("products/create", {"name": "x", "create_fee": "90071992547409.92"}, [("400", "create_fee")]),
        ("products/create", {"name": "x", "period_buy": "90071992547409.92"}, [("400", "create_buy")]),
        (
            "products/create",
            {"allow": 2, "create_fee": -1, "period": "once", "type": "x", "shared": 2, "amount": -1},
            [("400", name) for name in ("name", "allow", "amount", "create_fee", "period", "shared", "type")],
        ),
        ("products/create", {"name": "x", "validation": 1}, [("201", "")]),
        ("products/update", {}, [("400", "id")]),
        ("products/update", {"id": 404}, [("404", "id")]),
        ("products/update", {"id": 404, "name": ""}, [("400", "name")]),
        ("products/get", {}, [("400", "id")]),
        ("products/get", {"id": 404}, [("404", "id")]),
        ("products/list", {"customer": 404}, [("400", "customer")]),
        ("products/list", {"available": 2}, [("400", "available")]),
        ("products/purchase", {}, [("400", "id")]),
        ("products/purchase", {"id": 404}, [("400", "id")]),
        ("products/purchase", {"id": 404, "customer": 404}, [("400", "customer")]),
        ("products/purchase", {"id": 404, "quantity": 0}, [("400", "quantity")]),
        ("products/purchase", {"id": 404, "quantity": 1_000_001}, [("400", "quantity")]),
        ("products/taxes/list", {}, [("400", "product")]),
        ("products/taxes/list", {"product": 404}, [("400", "product")]),
        ("products/taxes/list", {"product": 404, "customer": 404}, [("400", "customer")]),
    ],
)
def test_faults_are_told_with_their_keys(
    telco: Client, function: str, given: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    assert telco(function, **given).told == told


def test_a_purchase_can_be_refused_for_its_amount_its_rate_or_its_buyer(telco: Client) -> None:
    product_id = telco("products/create", name="Dear", allow=-1, create_fee="90071992547409.91").data["id"]
    assert telco("products/purchase", id=product_id, customer=11, quantity=2).told == [("400", "quantity")]
    assert telco("products/purchase", id=product_id, customer=17).told == [("400", "id")]
    assert telco("products/purchase", id=product_id, customer=1).told == [("400", "id")]
    assert telco("products/purchase", id=product_id, customer=11, validation=1).told == [("201", "")]
    assert telco("transactions/list", customer=11).data == []


# Taxes.


def test_a_tax_row_has_every_column(telco: Client) -> None:
    tax_id = telco("taxes/create", name="VAT").data["id"]
    flags = ("accounts", "calls", "cardgroups", "charges", "features", "messages", "numbers", "products")
    row = {
        "id": tax_id,
        "name": "VAT",
        "customer": 1,
        "amount": "0.00",
        "currency": "EUR",
        "description": "",
        "liable": 2,
        "rate": "0.00",
        "shared": 0,
        **dict.fromkeys(flags, 1),
    }
    assert telco("taxes/list").data == [row]
    assert list(telco("taxes/list").data[0]) == list(TAX["properties"])
    values = {"name": "Tax", "amount": "0.5", "currency": "usd", "description": "x", "liable": 1, "rate": "7.125"}
    assert telco("taxes/update", id=tax_id, **values, shared=1, **dict.fromkeys(flags, 0)).told == [("204", "")]
    wanted = {**row, **values, "amount": "0.50", "currency": "USD", "shared": 1, **dict.fromkeys(flags, 0)}
    assert telco("taxes/list").data == [wanted]
    assert telco("taxes/update", id=tax_id, calls=1).told == [("204", "")]
    assert telco("taxes/update", id=tax_id, rate=9, validation=1).told == [("201", "")]
    assert telco("taxes/list").data == [{**wanted, "calls": 1}]


def test_a_changed_tax_counts_from_then_on(telco: Client) -> None:
    tax_id = telco("taxes/create", name="VAT", customer=10, rate=20).data["id"]
    for rate in (20, 10):
        telco("taxes/update", id=tax_id, rate=rate)
        telco("charges/charge", id=telco.create(customer=11, amount=10))
    assert [row["amount"] for row in telco("transactions/list", customer=11).data] == ["-12.00", "-11.00"]


def test_taxes_are_listed_as_held_as_at_hand_and_as_owed(application: InProcess, telco: Client, north: Client) -> None:
    nora = Client(application, "nora")
    shared = telco("taxes/create", name="Shared", rate=1, shared=1).data["id"]
    roots = telco("taxes/create", name="Root's", rate=1).data["id"]
    own = north("taxes/create", name="North's", rate=1).data["id"]
    off = north("taxes/create", name="Off", rate=1, liable=0).data["id"]
    noras = nora("taxes/create", name="Nora's", rate=1).data["id"]

    def seen(client: Client, **given: Any) -> list[tuple[int, int]]:
        return [(row["id"], row["customer"]) for row in client("taxes/list", **given).data]

    assert seen(north) == [(own, 10), (off, 10)]
    assert seen(north, available=1) == [(shared, 0), (own, 10), (off, 10)]
    assert seen(north, applicable=1) == [(shared, 0), (roots, 0)]
    assert seen(north, customer=11) == [(noras, 11)]
    assert seen(north, customer=11, applicable=1) == [(shared, 0), (own, 10)]
    assert seen(nora, applicable=1) == [(shared, 0), (own, 0)]
    north("taxes/liable/set", tax=off, type="customer", number=11, liable=1)
    north("taxes/liable/set", tax=own, type="customer", number=11, liable=0)
    assert seen(nora, applicable=1) == [(shared, 0), (off, 0)]
    assert north("taxes/list", customer=20).told == [("400", "customer")]
    assert north("taxes/list", applicable=1, available=1).told == [("400", "available")]
    for client in (nora, Client(application, "south")):
        assert client("taxes/update", id=own, rate=0).told == [("404", "id")]
        assert client("taxes/update", id=shared, rate=0).told == [("404", "id")]
    assert telco("taxes/update", id=own, rate=2).told == [("204", "")]


def test_strangers_learn_the_taxes_of_a_signup(application: InProcess, north: Client, telco: Client) -> None:
    shared = telco("taxes/create", name="Shared", rate=1, shared=1, features=0).data["id"]
    own = north("taxes/create", name="North's", rate=1, accounts=0, liable=1).data["id"]
    north("taxes/create", name="Off", rate=1, liable=0)
    client = stranger(application)

    def taxes(**given: Any) -> list[tuple[int, int]]:
        return [(row["id"], row["customer"]) for row in at_telco(client, "taxes/list", signup=1, **given)["data"]]

    assert taxes(plan=70, type="account") == [(shared, 0)]
    assert taxes(plan=70, type="feature") == [(own, 0)]
    assert taxes(plan=71, type="feature") == []
    for given, keys in (
        ({}, ["plan", "type"]),
        ({"plan": 70, "type": "x"}, ["type"]),
        ({"plan": 70}, ["type"]),
        ({"plan": 404, "type": "account"}, ["plan"]),
    ):
        entries = at_telco(client, "taxes/list", signup=1, **given)["responses"]
        assert [(entry["code"], entry["key"]) for entry in entries] == [("400", key) for key in keys]
    assert client("taxes/list", signup=1, plan=70, type="account").told == [("400", "plan")]
    assert at_telco(client, "taxes/list")["responses"][0]["code"] == "401"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, [("400", "id")]),
        ({"id": 404}, [("404", "id")]),
        ({"id": 404, "rate": -1, "liable": 3}, [("400", "liable"), ("400", "rate")]),
        ({"id": 404, "currency": "SEK"}, [("400", "currency")]),
        ({"id": 404, "name": ""}, [("400", "name")]),
    ],
)
def test_a_tax_update_tells_its_faults(telco: Client, given: dict[str, Any], told: list[tuple[str, str]]) -> None:
    assert telco("taxes/update", **given).told == told


def test_a_flat_amount_stays_within_its_currency(telco: Client) -> None:
    tax_id = telco("taxes/create", name="VAT", amount="90071992547409.91").data["id"]
    assert telco("taxes/update", id=tax_id, currency="KWD").told == [("400", "amount")]


def test_a_list_that_is_too_long_is_refused(north: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "ROWS_MAX", 1)
    for n in range(2):
        north("products/create", name=f"No {n}")
        north("taxes/create", name=f"No {n}")
        north("plans/create", name=f"No {n}")
    assert north("products/list").told == [("400", "customer")]
    assert north("taxes/list").told == [("400", "customer")]
    assert north("plans/list").told == [("400", "limit")]
    assert north("plans/list", limit=1).code == "200"
    assert north("plans/list", pages=1, limit=1).told == [("400", "limit")]
    assert north("plans/list", count=1).data == {"count": 3}

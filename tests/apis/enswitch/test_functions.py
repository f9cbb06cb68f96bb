"""Every function with every code it can answer, as the known client sees it."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import asdict

from tests.apis.enswitch.client import Client
from tests.harness import InProcess, in_process
from tollhouse.apis.enswitch import functions
from tollhouse.apis.enswitch.functions.transactions import SORTS
from tollhouse.apis.enswitch.reply.envelope import REFUSALS
from tollhouse.config import Settings
from tollhouse.ledger import refusals
from tollhouse.ledger.details import CustomerDetails
from tollhouse.ledger.facts import CustomerFact, ExchangeRateFact
from tollhouse.ledger.refusals import Refusal
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

CHARGE = {
    "name": "Router",
    "customer": 123,
    "plan": 0,
    "amount": "0.00",
    "buy": "0.00",
    "currency": "USD",
    "description": "",
    "end": 0,
    "number": 0,
    "period": "",
    "start": 0,
}


def test_create_set_a_tax_charge_and_look(acme: Client) -> None:
    """The whole of it: 49.90 without the tenant's VAT of 20 %, with a tax of its own of 5 % + 0.10."""
    now = int(time.time())
    created = acme("charges/create", name="Router", customer=123, amount="49.90", period="once", buy="30")
    charge_id = created.data["id"]
    assert created.told == [("200", "")]
    tax_id = acme("taxes/create", name="Eco", rate="5", amount="0.10", charges=0).data["id"]
    assert acme("taxes/liable/set", tax=tax_id, type="charge", number=charge_id, liable=1).told == [("204", "")]
    assert acme("taxes/liable/set", tax=1, type="charge", number=charge_id, liable=0).told == [("204", "")]
    assert acme("taxes/liable/get", tax=1, type="charge", number=charge_id).data == {
        "tax": 1,
        "type": "charge",
        "number": charge_id,
        "liable": 0,
    }
    charged = acme("charges/charge", id=charge_id)
    assert (charged.told, charged.data) == ([("204", "")], None)
    (row,) = acme("transactions/list", customer=123).data
    assert now <= row.pop("time") <= time.time()
    assert row == {
        "id": row["id"],
        "customer": 123,
        "person": 1,
        "type": "charge",
        "reference": "",
        "amount": "-52.50",
        "currency": "USD",
        "description": "Router",
        "charge": charge_id,
        "invoice": 0,
        "taxes": str(tax_id),
        "net": "49.90",
        "tax": "2.60",
        "gross": "52.50",
        "exchange_from": "",
        "exchange_rate": "",
        "exchange_time": 0,
        "buy": "30.00",
        "margin": "19.90",
    }
    assert acme.balance() == "-52.50"
    assert acme("charges/charge", id=charge_id).told == [("400", "id")]
    assert acme.balance() == "-52.50"


def test_a_charge_row_has_every_column(acme: Client) -> None:
    charge_id = acme.create()
    assert acme("charges/get", id=charge_id).data == {"id": charge_id, **CHARGE}
    values = {
        "amount": "-49.9",
        "buy": "0.123456",
        "currency": "eur",
        "description": "für den Boden",
        "end": 4_000_000_000,
        "number": 3,
        "period": "monthly",
        "start": 3_000_000_000,
    }
    assert acme("charges/update", id=charge_id, name="Rental", **values).told == [("204", "")]
    wanted = {**CHARGE, **values, "name": "Rental", "amount": "-49.90", "currency": "EUR"}
    assert acme("charges/get", id=charge_id).data == {"id": charge_id, **wanted}


def test_charges_are_listed_by_id_and_deleted_ones_are_gone(acme: Client) -> None:
    ids = [acme.create(name=f"No {n}") for n in range(12)]
    plan_id = acme("charges/create", name="Everybody", plan=7).data["id"]
    assert [row["id"] for row in acme("charges/list", customer=123).data] == ids
    assert [row["id"] for row in acme("charges/list", customer=0, plan=7).data] == [plan_id]
    assert acme("charges/list").data == []
    assert acme("charges/delete", id=ids[0]).told == [("204", "")]
    assert [row["id"] for row in acme("charges/list", customer=123).data] == ids[1:]
    for function in ("charges/get", "charges/charge", "charges/update", "charges/delete"):
        assert acme(function, id=ids[0]).told == [("404", "id")]


def test_the_customer_of_a_charge_cannot_be_changed(acme: Client) -> None:
    charge_id = acme.create()
    assert acme("charges/update", id=charge_id, customer=1, plan=7, name="x").told == [("204", "")]
    row = acme("charges/get", id=charge_id).data
    assert (row["customer"], row["plan"], row["name"]) == (123, 0, "x")


@pytest.mark.parametrize("function", ["charges/create", "charges/update", "taxes/create"])
def test_a_validation_changes_nothing(acme: Client, function: str) -> None:
    charge_id = acme.create()
    good = {"name": "New", "customer": 123} if function == "charges/create" else {"name": "New"}
    given = {**good, **({"id": charge_id} if function == "charges/update" else {}), "validation": 1}
    answer = acme(function, **given)
    assert (answer.told, answer.data) == ([("201", "")], None)
    assert [row["name"] for row in acme("charges/list", customer=123).data] == ["Router"]
    assert acme(function, **{**given, "name": ""}).told == [("400", "name")]


FAULTS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("charges/create", {}, [("400", "name"), ("400", "customer")]),
    ("charges/create", {"name": "x", "customer": 0, "plan": 0}, [("400", "customer")]),
    ("charges/create", {"name": "x", "customer": 123, "plan": 7}, [("400", "plan")]),
    ("charges/create", {"name": "x", "customer": 404}, [("404", "customer")]),
    ("charges/create", {"name": "x", "plan": 404}, [("404", "plan")]),
    ("charges/create", {"name": "x", "customer": "9" * 5000}, [("404", "customer")]),
    ("charges/create", {"name": "x", "customer": "-123"}, [("404", "customer")]),
    ("charges/create", {"name": "x", "customer": 404, "currency": "GBP"}, [("400", "currency")]),
    ("charges/create", {"name": "x", "customer": 404, "amount": "1.1234567"}, [("400", "amount")]),
    ("charges/create", {"name": "x", "customer": 123, "currency": "JPY"}, [("400", "currency")]),
    ("charges/create", {"name": "x", "customer": 123, "buy": "90071992547409.92"}, [("400", "buy")]),
    ("charges/create", {"name": "x", "customer": 123, "amount": "90071992547409.92"}, [("400", "amount")]),
    (
        "charges/create",
        {
            "customer": "x",
            "plan": "",
            "name": " ",
            "amount": "1,50",
            "buy": "NaN",
            "currency": "XAU",
            "description": "d" * 4001,
            "end": 5,
            "number": "1.0",
            "period": "Monthly",
            "start": 5,
            "validation": 2,
        },
        [
            ("400", name)
            for name in (
                *("name", "customer", "plan", "amount", "buy", "currency", "description", "end"),
                *("number", "period", "validation"),
            )
        ],
    ),
    ("charges/update", {}, [("400", "id")]),
    ("charges/update", {"id": 404}, [("404", "id")]),
    ("charges/update", {"id": 404, "amount": "", "period": "never"}, [("400", "amount"), ("400", "period")]),
    ("charges/update", {"id": 404, "name": ""}, [("400", "name")]),
    ("charges/update", {"id": 404, "currency": "GBP"}, [("400", "currency")]),
    ("charges/update", {"id": 404, "start": 9, "end": 9}, [("400", "end")]),
    ("charges/delete", {}, [("400", "id")]),
    ("charges/delete", {"id": "x"}, [("400", "id")]),
    ("charges/delete", {"id": 404}, [("404", "id")]),
    ("charges/get", {}, [("400", "id")]),
    ("charges/get", {"id": ""}, [("400", "id")]),
    ("charges/get", {"id": "1e1"}, [("400", "id")]),
    ("charges/get", {"id": 0}, [("404", "id")]),
    ("charges/get", {"id": -1}, [("404", "id")]),
    ("charges/get", {"id": 2**63}, [("404", "id")]),
    ("charges/charge", {}, [("400", "id")]),
    ("charges/charge", {"id": 404}, [("404", "id")]),
    ("charges/charge", {"id": "\u0661"}, [("400", "id")]),
    ("charges/list", {"customer": 404}, [("400", "customer")]),
    ("charges/list", {"plan": 404}, [("400", "plan")]),
    ("charges/list", {"customer": 123, "plan": 7}, [("400", "plan")]),
    ("charges/list", {"customer": "x"}, [("400", "customer")]),
    ("taxes/create", {}, [("400", "name")]),
    ("taxes/create", {"name": "x", "customer": 404}, [("400", "customer")]),
    (
        "taxes/create",
        {"name": "x", "accounts": 2, "amount": "-1", "currency": "", "liable": 3, "rate": "-1", "shared": "yes"},
        [("400", name) for name in ("accounts", "amount", "currency", "liable", "rate", "shared")],
    ),
    ("taxes/create", {"name": "x", "currency": "GBP"}, [("400", "currency")]),
    ("taxes/create", {"name": "x", "amount": "90071992547409.92"}, [("400", "amount")]),
    ("taxes/create", {"name": "x", "rate": "1000000"}, [("400", "rate")]),
    ("taxes/liable/set", {}, [("400", "tax"), ("400", "type"), ("400", "number"), ("400", "liable")]),
    ("taxes/liable/set", {"tax": 404, "type": "customer", "number": 123, "liable": 1}, [("400", "tax")]),
    ("taxes/liable/set", {"tax": 1, "type": "customer", "number": 404, "liable": 1}, [("400", "number")]),
    ("taxes/liable/set", {"tax": 1, "type": "charge", "number": 404, "liable": 1}, [("400", "number")]),
    ("taxes/liable/set", {"tax": 1, "type": "cardgroup", "number": 1, "liable": 1}, [("400", "number")]),
    ("taxes/liable/set", {"tax": 1, "type": "phone", "number": 1, "liable": 2}, [("400", "type"), ("400", "liable")]),
    ("taxes/liable/get", {}, [("400", "tax"), ("400", "type"), ("400", "number")]),
    ("taxes/liable/get", {"tax": 404, "type": "customer", "number": 123}, [("400", "tax")]),
    ("taxes/liable/get", {"tax": 1, "type": "customer", "number": 404}, [("400", "number")]),
    ("taxes/liable/get", {"tax": 1, "type": "customer", "number": 123}, [("404", "tax")]),
    ("transactions/list", {"customer": 404}, [("400", "customer")]),
    (
        "transactions/list",
        {"start": -1, "end": 10**12, "archive": 2, "customer": "a", "invoice": "", "sort": "price", "descending": ""},
        [("400", name) for name in ("start", "end", "archive", "customer", "invoice", "sort", "descending")],
    ),
    ("customers/get", {}, [("400", "id")]),
    ("customers/get", {"id": 0, "name": "", "email": ""}, [("400", "id")]),
    ("customers/get", {"id": 123, "email": "ada@example.com"}, [("400", "email")]),
    ("customers/get", {"id": 404}, [("404", "id")]),
    ("customers/get", {"name": "Nobody"}, [("404", "id")]),
    ("customers/get", {"email": "nobody@example.com"}, [("404", "id")]),
    ("customers/get", {"id": 404, "check": 1}, [("404", "id")]),
]


@pytest.mark.parametrize(("function", "given", "told"), FAULTS)
def test_faults_are_told_in_the_order_of_the_table_each_with_its_key(
    acme: Client, function: str, given: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    answer = acme(function, **given)
    assert answer.told == told
    assert answer.data is None
    for entry in answer.responses:
        assert entry.message.endswith(".")
        assert all(str(value) not in entry.message for value in given.values() if len(str(value)) > 12)


def test_an_integer_may_have_zeros_in_front(acme: Client) -> None:
    charge_id = acme.create(customer="0000000000000000000000000000123")
    assert acme("charges/get", id=charge_id).data["customer"] == 123


@pytest.mark.parametrize(
    "text",
    ["Robert'); DROP TABLE charges;--", "<script>alert(1)</script>", '"}],"data":1', "日本語 ☃ \U0001f4b6", "%s%n"],
)
def test_any_text_is_kept_as_it_is(acme: Client, text: str) -> None:
    charge_id = acme.create(name=text, description=text)
    row = acme("charges/get", id=charge_id).data
    assert (row["name"], row["description"]) == (text, text)
    assert acme("customers/get", name=text).told == [("404", "id")]


# Who may.

PEOPLE = [
    # person, what it may: change charges, read, change what commerce covers, list transactions, see its customer;
    # "offers" and "offer" are products that can be purchased, all of them and one
    (
        "telco",
        "change",
        "read",
        "commerce",
        "reports",
        "user",
        "people",
        "administrator",
        "system",
        "payment",
        "offers",
        "offer",
        "purchase",
    ),
    ("telco-administrator", "change", "reports", "user", "people", "administrator", "offers", "offer", "purchase"),
    ("north", "change", "read", "commerce", "reports", "user", "people", "offer"),
    ("north-auditor", "read", "reports", "user", "offers", "offer"),
    ("north-user", "user", "people"),
]

NEEDS = {
    "charges/create": "change",
    "charges/update": "change",
    "charges/delete": "change",
    "charges/get": "read",
    "charges/list": "read",
    "charges/charge": "commerce",
    "taxes/create": "commerce",
    "taxes/update": "commerce",
    "taxes/list": "read",
    "taxes/liable/set": "commerce",
    "taxes/liable/get": "read",
    "transactions/list": "reports",
    "transactions/create": "commerce",
    "customers/get": "user",
    "customers/list": "read",
    "customers/create": "commerce",
    "customers/update": "change",
    "customers/delete": "commerce",
    "customers/undelete": "commerce",
    "customers/move": "system",
    "customers/balance/add": "commerce",
    "customers/topup/request": "payment",
    "user/login": "user",
    "user/switch": "administrator",
    "people/create": "change",
    "people/get": "user",
    "people/list": "user",
    "people/update": "people",
    "people/delete": "change",
    "people/unlock": "people",
    "roles/list": "user",
    "roles/create": "system",
    "roles/access/set": "system",
    "plans/create": "commerce",
    "plans/update": "commerce",
    "plans/get": "user",
    "plans/list": "read",
    "plans/fees/get": "user",
    "plans/fees/set": "commerce",
    "plans/products/create": "commerce",
    "products/create": "commerce",
    "products/update": "commerce",
    "products/get": "offer",
    "products/list": "read",
    "products/purchase": "purchase",
    "products/taxes/list": "offers",
    "invoices/create": "commerce",
    "invoices/list": "reports",
}


def test_the_table_of_needs_is_whole() -> None:
    assert set(NEEDS) == {function.path for function in functions.FUNCTIONS}


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: str(person[0]))
def test_a_role_opens_what_it_names_before_anything_else_is_looked_at(
    application: InProcess, person: tuple[str, ...]
) -> None:
    client = Client(application, person[0])
    for function, need in NEEDS.items():
        answer = client(function, id="x", customer="x", tax="x", start="x")
        assert (answer.code == "402") == (need not in person[1:]), function


@pytest.mark.parametrize(
    "login",
    [
        {"auth_username": "user", "auth_password": "wrong"},
        {"auth_username": "nobody", "auth_password": "password"},
        {"auth_username": "", "auth_password": ""},
        {"auth_username": "user", "auth_password": ""},
        {"auth_username": "telco", "auth_password": "beta-password"},
    ],
)
def test_a_bad_login_is_told_first_and_always_alike(acme_url: str, login: dict[str, str]) -> None:
    """Told by what was sent, not because so many were bad before it."""
    told = b'{"responses":[{"code":"401","key":"","message":"The username or password is wrong."}]}'
    with in_process(Settings(database_url=acme_url, login_failures_max=10_000)) as application:
        client = Client(application)
        for function in functions.FUNCTIONS:
            answer = client.raw(function.path, **login, id="x", customer="x")
            assert answer.body == told, function.path


def test_resellers_see_their_own_branch_and_one_wording_for_the_rest(application: InProcess, telco: Client) -> None:
    north, south = Client(application, "north"), Client(application, "south")
    nora, administrator = Client(application, "nora"), Client(application, "north-administrator")
    charge_id = north.create(customer=11, amount="1")
    absent = north.raw("charges/get", id=10**6).body
    for client in (south, nora):
        for function in ("charges/get", "charges/charge", "charges/update", "charges/delete"):
            assert client.raw(function, id=charge_id).body == absent
        assert client("charges/create", name="x", customer=10).told == [("404", "customer")]
        assert client("charges/list", customer=10).told == [("400", "customer")]
        assert client("transactions/list", customer=10).told == [("400", "customer")]
        assert client("customers/get", id=10).told == [("404", "id")]
        assert client("customers/get", name="North").told == [("404", "id")]
    assert administrator("charges/create", name="x", customer=11).told == [("404", "customer")]
    assert administrator("charges/update", id=charge_id, name="x").told == [("404", "id")]
    assert administrator("charges/create", name="x", customer=10).told == [("200", "")]
    assert administrator("transactions/list", customer=11).told == [("400", "customer")]
    assert telco("charges/charge", id=charge_id).told == [("204", "")]
    assert [row["amount"] for row in nora("transactions/list").data] == ["-1.00"]
    assert nora("charges/list").data == []


def test_people_without_commerce_see_their_own_customer_alone(application: InProcess) -> None:
    user, auditor = Client(application, "north-user"), Client(application, "north-auditor")
    assert user("customers/get", id=10).data["name"] == "North"
    assert user("customers/get", name="North").data["id"] == 10
    for given in ({"id": 11}, {"name": "Nora"}, {"email": "nora@example.com"}, {"id": 1}):
        assert user("customers/get", **given).told == [("404", "id")]
    assert auditor("customers/get", email="Nora@Example.com").data["id"] == 11
    assert auditor("transactions/list", customer=11).data == []


def test_one_tenant_is_not_another(application: InProcess, acme: Client) -> None:
    beta = Client(application, "beta-user", "beta-password")
    charge_id = acme.create(amount="1")
    assert beta("charges/get", id=charge_id).told == [("404", "id")]
    assert beta("charges/list", customer=123).data == []
    assert beta("customers/get", name="Ada Lovelace").told == [("404", "id")]
    assert beta("customers/get", id=123).data["name"] == "Another Ada"
    assert beta("charges/charge", id=charge_id).told == [("404", "id")]


# Customers.


def test_a_customer_row_has_every_column(application: InProcess, telco: Client) -> None:
    row = telco("customers/get", id=11).data
    assert row.pop("created") > 10**9
    assert row == {
        "id": 11,
        "name": "Nora",
        "email": "nora@example.com",
        "reference": "",
        "parent": 10,
        "plan": 70,
        "balance": "100.00",
        "currency": "EUR",
        "bill_type": "postpaid",
        "timezone": "",
        "country": "",
        "deleted": 0,
        **asdict(CustomerDetails()),
    }
    assert Client(application, "nora")("customers/get", id=11).data["parent"] == 0
    assert Client(application, "north")("customers/get", id=11).data["parent"] == 10
    assert telco("customers/get", id=1).data["parent"] == 0


@pytest.mark.parametrize(
    ("given", "host", "code"),
    [
        ({"id": 11}, "telco.example", "200"),
        ({"id": 11}, "TELCO.example:8080", "200"),
        ({"id": 11}, "other.example", "404"),
        ({"id": 11, "auth_username": "telco", "auth_password": "wrong"}, "", "404"),
        ({"id": 11, "auth_username": "telco"}, "", "404"),
        ({"id": 11, "auth_username": "user"}, "telco.example", "200"),
        ({"email": "nora@example.com"}, "telco.example", "200"),
        ({"name": "Nobody"}, "telco.example", "404"),
    ],
)
def test_whether_a_customer_exists_is_told_without_a_login(
    application: InProcess, given: dict[str, Any], host: str, code: str
) -> None:
    client = Client(application)
    client.login = {}
    answer = client.raw("customers/get", check=1, **given, headers={"host": host})
    wanted = {
        "200": b'{"responses":[{"code":"200","key":"","message":"OK"}],"data":{}}',
        "404": b'{"responses":[{"code":"404","key":"id","message":"Customer does not exist."}]}',
    }
    assert answer.body == wanted[code]
    assert client("customers/get", check=0, **given).code == "401"


def test_a_username_names_its_system_with_its_password_alone(application: InProcess) -> None:
    """Else anybody could learn which usernames there are."""
    assert Client(application, "telco")("customers/get", check=1, id=11).code == "200"


# Transactions.


def test_transactions_are_listed_in_any_order_and_window(telco: Client) -> None:
    for name, amount in (("b", "2"), ("a", "3"), ("c", "-1")):
        telco("charges/charge", id=telco.create(customer=11, name=name, amount=amount))
    rows = telco("transactions/list", customer=11).data
    assert [row["amount"] for row in rows] == ["-2.00", "-3.00", "1.00"]
    order = {
        "time": "bac",
        "id": "bac",
        "person": "bac",
        "reference": "bac",
        "type": "bac",
        "description": "abc",
        "amount": "abc",
    }
    assert set(order) == set(SORTS)
    for sort, wanted in order.items():
        for descending in (0, 1):
            found = telco("transactions/list", customer=11, sort=sort, descending=descending).data
            names = "".join(row["description"] for row in found)
            assert names == (wanted[::-1] if descending else wanted), sort
    first, last = rows[0]["time"], rows[-1]["time"]
    for window, count in (
        ({"start": first, "end": last + 1}, 3),
        ({"start": last + 1}, 0),
        ({"end": first}, 0),
        ({"end": 0}, 0),
        ({"start": 0, "archive": 1, "invoice": 0}, 3),
        ({"invoice": 5}, 0),
    ):
        assert len(telco("transactions/list", customer=11, **window).data) == count


def test_what_other_doors_recorded_is_not_on_account(application: InProcess, acme: Client) -> None:
    application.request("POST", "/charges", {"user_id": "cust_789", "amount": 100})
    assert acme("transactions/list", customer=123).data == []
    assert acme.balance() == "0.00"


def test_who_is_billed_elsewhere_sees_the_transaction_and_who_is_not_billed_none(telco: Client) -> None:
    for number, rows, balance in ((14, 0, "0.00"), (15, 1, "0.00"), (11, 1, "99.00")):
        assert telco("charges/charge", id=telco.create(customer=number, amount="1")).told == [("204", "")]
        assert len(telco("transactions/list", customer=number).data) == rows
        assert telco.balance(number) == balance


@pytest.mark.parametrize(
    ("customer", "amount", "currency", "shown"),
    [
        (12, "1.00", "EUR", "-161.00"),
        (13, "10", "EUR", "-3.333"),
        (16, "10", "EUR", "-11.11"),
        (11, "10", "USD", "-9.00"),
    ],
)
def test_amounts_are_shown_with_at_least_two_decimals_and_all_that_the_currency_has(
    telco: Client, customer: int, amount: str, currency: str, shown: str
) -> None:
    assert telco("charges/charge", id=telco.create(customer=customer, amount=amount, currency=currency)).code == "204"
    (row,) = telco("transactions/list", customer=customer).data
    assert row["amount"] == shown


# Charging.


def test_a_charge_outside_its_window_moves_no_money(acme: Client) -> None:
    for given in ({"start": int(time.time()) + 3600}, {"end": 1_000_000_000}):
        assert acme("charges/charge", id=acme.create(amount="1", **given)).told == [("400", "id")]
    assert acme.balance() == "0.00"


@pytest.mark.parametrize("given", [{"period": "annually"}, {"customer": 0, "plan": 7}])
def test_recurring_charges_and_those_on_a_plan_are_charged_once_a_period(acme: Client, given: dict[str, Any]) -> None:
    charge_id = acme.create(amount="1", **given)
    assert acme("charges/charge", id=charge_id).told == [("204", "")]
    assert acme("charges/charge", id=charge_id).told == [("400", "id")]


def test_a_rate_that_has_gone_stops_the_charge(telco: Client, acme_url: str) -> None:
    charge_id = telco.create(customer=11, amount="1", currency="USD")
    with closing(SqlStore(store_url(acme_url))) as store:
        (tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "telco"]
        with store.unit_of_work(tenant.tenant_id) as unit:
            unit.remove(ExchangeRateFact)
    assert telco("charges/charge", id=charge_id).told == [("500", "")]
    assert telco("charges/create", name="x", customer=11, currency="USD").told == [("400", "currency")]
    assert telco.balance(11) == "100.00"


def test_a_balance_stays_in_its_range(telco: Client, acme_url: str) -> None:
    charge_id = telco.create(customer=11, amount="1")
    with closing(SqlStore(store_url(acme_url))) as store:
        (tenant,) = [tenant for tenant in store.tenants() if tenant.slug == "telco"]
        with store.unit_of_work(tenant.tenant_id) as unit:
            unit.change(CustomerFact, {"number": 11}, balance_minor=-(2**63) + 2)
    assert telco("charges/charge", id=charge_id).told == [("400", "id")]
    assert telco("transactions/list", customer=11).data == []


def test_of_many_at_once_one_charges(acme: Client) -> None:
    application, charge_id = acme.application, acme.create(amount="10")
    target = acme.target("charges/charge", id=charge_id)
    answers = application.gather(*(application.asking("GET", target, key=None) for _ in range(20)))
    codes = sorted(answer.json()["responses"][0]["code"] for answer in answers)
    assert codes == ["204"] + ["400"] * 19
    assert acme.balance() == "-12.00"


# Keys.


def test_a_key_has_one_effect_by_header_and_by_parameter(acme: Client) -> None:
    first = acme.raw("charges/create", name="x", customer=123, amount="5", idempotency_key="k")
    again = acme.raw("charges/create", name="x", customer=123, amount="5.00", headers={"idempotency-key": "k"})
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status, again.body) == (200, first.body)
    charge_id = first.json()["data"]["id"]
    for replayed in (None, "true"):
        answer = acme.raw("charges/charge", id=charge_id, headers={"idempotency-key": "c"})
        assert answer.headers.get("idempotency-replayed") == replayed
        assert answer.json()["responses"][0]["code"] == "204"
    assert acme.balance() == "-6.00"


def test_a_key_with_other_content_is_refused_across_functions_and_doors(acme: Client) -> None:
    charge_id = acme.create(idempotency_key="k")
    for function, given in (
        ("charges/create", {"name": "Other", "customer": 123}),
        ("charges/create", {"name": "Other", "customer": 123, "validation": 1}),
        ("charges/charge", {"id": charge_id}),
    ):
        assert acme(function, **given, idempotency_key="k").told == [("409", "idempotency_key")]
    other_door = acme.application.request(
        "POST", "/charges", {"user_id": "cust_789", "amount": 100}, headers={"Idempotency-Key": "k"}
    )
    assert other_door.status == 409


@pytest.mark.parametrize("key", ["", "k" * 256, "k\0"])
def test_a_key_that_cannot_be_kept_is_refused(acme: Client, key: str) -> None:
    given = {"name": "x", "customer": 123}
    assert acme("charges/create", **given, idempotency_key=key).told == [("400", "idempotency_key")]
    answer = acme.raw("charges/create", **given, headers={"idempotency-key": key}).json()
    assert [(r["code"], r["key"]) for r in answer["responses"]] == [("400", "idempotency_key")]
    assert acme("charges/list", customer=123).data == []


def test_keys_are_the_customers_own(application: InProcess, telco: Client) -> None:
    """North's people share a space of keys; nobody else's call is a replay of theirs."""
    north, south = Client(application, "north"), Client(application, "south")
    given = {"name": "x", "amount": "1", "idempotency_key": "k"}
    assert telco("charges/create", customer=11, **given).code == "200"
    assert north("charges/create", customer=11, **given).code == "200"
    assert south("charges/create", customer=21, **given).code == "200"
    assert len(telco("charges/list", customer=11).data) == 2
    assert Client(application, "north-administrator")("charges/create", customer=11, **given).told == [
        ("404", "customer")
    ]
    assert Client(application, "north-auditor")("charges/create", customer=11, **given).code == "402"


def test_other_functions_take_no_key(acme: Client) -> None:
    charge_id = acme.create()
    assert acme("charges/update", id=charge_id, name="x", idempotency_key="").told == [("204", "")]


# The table of refusals.


def test_every_refusal_that_a_function_can_meet_has_a_code() -> None:
    """Those of other wires have none here, and are no part of these commands."""
    known = set(REFUSALS)
    for own in (function.refusals for function in functions.FUNCTIONS):
        assert set(own) <= known
    every = {value for value in vars(refusals).values() if isinstance(value, type) and issubclass(value, Refusal)}
    assert known <= every

"""Invoices on the wire: what they show, who sees them, how they are listed."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.apis.enswitch.client import Client
from tests.harness import InProcess
from tollhouse.apis.enswitch.functions.invoices import INVOICE, LINE


@pytest.fixture
def north(application: InProcess) -> Client:
    return Client(application, "north")


def charge(client: Client, amount: str = "10", customer: int = 11, **given: Any) -> None:
    assert client("charges/charge", id=client.create(customer=customer, amount=amount, **given)).code == "204"


def test_an_invoice_shows_what_is_on_it(telco: Client, north: Client) -> None:
    telco("taxes/create", name="VAT", customer=10, rate=20)
    charge(telco, "49.90", name="Router\nblack")
    (transaction,) = north("transactions/list", customer=11).data
    now = int(time.time())
    draft = north("invoices/create", customer=11).data
    made = north("invoices/create", customer=11, save=1, encoding="base64").data
    assert now <= made["created"] <= time.time()
    assert made["end"] >= made["created"]
    assert made["due"] == made["created"]
    line = {"id": transaction["id"], "time": transaction["time"], "charge": transaction["charge"], "type": "charge"}
    wanted = {
        "number": 1,
        "customer": 11,
        "customer_name": "Nora",
        "start": 0,
        "currency": "EUR",
        "net": "49.90",
        "tax": "9.98",
        "total": "59.88",
        "status": "due",
        "lines": [{**line, "description": "Router\nblack", "net": "49.90", "tax": "9.98", "total": "59.88"}],
    }
    assert {name: made[name] for name in wanted} == wanted
    assert {**draft, "number": 1, "data": ""} == {**made, "id": 0, "data": "", **_times(draft)}
    text = base64.b64decode(made["data"]).decode()
    assert text.startswith("Invoice 1\nCustomer 11: Nora\n")
    assert "49.90  Router black\n" in text
    assert text.endswith("Total                          59.88 EUR\n")
    assert draft["data"] == text.replace("Invoice 1", "Invoice (not kept)")
    (row,) = north("invoices/list", customer=11).data
    assert row == {name: made[name] for name in row}
    assert list(row) == list(INVOICE["properties"])
    assert list(made["lines"][0]) == list(LINE["properties"])
    (listed,) = north("transactions/list", customer=11).data
    assert listed["invoice"] == made["id"]
    assert north("transactions/list", customer=11, invoice=made["id"]).data == [listed]
    assert north("transactions/list", customer=11, invoice=made["id"] + 1).data == []


def _times(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("created", "due", "end")}


def test_reset_moves_it_off_the_balance(telco: Client, north: Client) -> None:
    charge(telco, "30")
    assert north.balance(11) == "70.00"
    made = north("invoices/create", customer=11, save=1, reset_balance=1).data
    assert (made["total"], north.balance(11)) == ("30.00", "100.00")
    assert [row["amount"] for row in north("transactions/list", customer=11).data] == ["-30.00"]
    assert north("invoices/create", customer=11, save=1, reset_balance=1).told == [("400", "customer")]
    assert north("invoices/create", customer=11).data["total"] == "0.00"


def test_charges_are_charged_first_that_are_due(
    telco: Client, north: Client, pass_seconds: Callable[[int], None]
) -> None:
    telco.create(customer=11, amount="5", period="once", start=int(time.time()) + 3600)
    pass_seconds(3601)
    made = north("invoices/create", customer=11, charges=1, save=1)
    assert (made.code, made.data and made.data["total"]) == ("200", "5.00"), made


def test_a_key_makes_one(telco: Client, north: Client) -> None:
    charge(telco)
    first = north.raw("invoices/create", customer=11, save=1, idempotency_key="k")
    again = north.raw("invoices/create", customer=11, save=1, idempotency_key="k")
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert first.body == again.body
    assert north("invoices/create", customer=11, save=1, reset_balance=1, idempotency_key="k").code == "409"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, [("400", "customer")]),
        ({"customer": 404}, [("400", "customer")]),
        ({"customer": 404, "save": 1}, [("400", "customer")]),
        ({"customer": 11, "charges": 1}, [("400", "charges")]),
        ({"customer": 11, "reset_balance": 1}, [("400", "reset_balance")]),
        ({"customer": 11, "start": 5, "end": 5}, [("400", "end")]),
        ({"customer": 11, "end": 0}, [("400", "end")]),
        ({"customer": 11, "start": 10**11}, [("400", "end")]),
        ({"customer": 11, "save": 1}, [("400", "customer")]),
        ({"customer": 11, "encoding": "pdf", "save": 2}, [("400", "encoding"), ("400", "save")]),
        ({"customer": 11, "validation": 1}, [("201", "")]),
        ({"customer": 1, "validation": 1}, [("201", "")]),
    ],
)
def test_faults_are_told_with_their_keys(telco: Client, given: dict[str, Any], told: list[tuple[str, str]]) -> None:
    assert telco("invoices/create", **given).told == told


def test_nobody_keeps_invoices_of_their_own_customer(application: InProcess, telco: Client) -> None:
    nora = Client(application, "nora")
    charge(telco)
    for given in ({}, {"charges": 1}, {"reset_balance": 1}, {"validation": 1}):
        assert nora("invoices/create", customer=11, save=1, **given).told == [("400", "customer")]
    assert nora("invoices/create", customer=11).data["total"] == "10.00"
    assert nora("invoices/create", customer=12).told == [("400", "customer")]
    assert Client(application, "south")("invoices/create", customer=11, save=1).told == [("400", "customer")]


def test_invoices_are_listed_for_those_whom_they_concern(application: InProcess, telco: Client, north: Client) -> None:
    ids = []
    for customer in (11, 21, 41, 12):
        charge(telco, customer=customer)
        ids.append(telco("invoices/create", customer=customer, save=1).data["id"])
    nora, south = Client(application, "nora"), Client(application, "south")
    user = Client(application, "north-administrator")

    def seen(client: Client, **given: Any) -> list[int]:
        return [row["id"] for row in client("invoices/list", **given).data]

    assert seen(nora) == [ids[0]]
    assert seen(north) == []
    assert seen(north, customer="all") == [ids[0], ids[2], ids[3]]
    assert seen(north, customer="all", descending=1) == [ids[3], ids[2], ids[0]]
    assert seen(north, customer=41) == [ids[2]]
    assert seen(south, customer="all") == [ids[1]]
    assert seen(telco, customer="all") == seen(telco, customer="system") == ids
    assert seen(nora, customer="") == seen(nora, customer="0") == [ids[0]]
    assert seen(north, customer="all", sort="customer_name") == [ids[2], ids[3], ids[0]]
    for client, customer in ((south, 11), (nora, 10), (north, "system"), (user, "all"), (user, 11), (north, "-1")):
        assert client("invoices/list", customer=customer).told == [("400", "customer")]
    assert Client(application, "north-user")("invoices/list").code == "402"


def test_lists_are_counted_cut_and_by_status(telco: Client, north: Client) -> None:
    north("plans/update", id=70, invoice_due=14, invoice_overdue=7)
    for amount in ("1", "2", "-3", "4"):
        charge(telco, amount)
        assert telco("invoices/create", customer=11, save=1).code == "200"

    def numbers(**given: Any) -> list[int]:
        return [row["number"] for row in north("invoices/list", customer=11, **given).data]

    assert numbers() == [1, 2, 3, 4]
    assert numbers(limit=2, offset=1) == [2, 3]
    assert numbers(status="due") == [1, 2, 4]
    assert numbers(status="paid") == [3]
    assert numbers(status="both") == numbers(status="overdue") == []
    assert numbers(sort="status") == [1, 2, 4, 3]
    assert numbers(sort="number", descending=1) == [4, 3, 2, 1]
    assert numbers(end=1) == []
    assert numbers(start=int(time.time()) + 10) == []
    assert north("invoices/list", customer=11, count=1).data == {"count": 4}
    assert north("invoices/list", customer=11, count=1, status="paid").data == {"count": 1}
    pages = north("invoices/list", customer=11, pages=1, limit=3).data
    assert pages == [{"offset": 0, "name": "1"}, {"offset": 3, "name": "4"}]
    assert north("invoices/list", customer=11, pages=1).data == [{"offset": 0, "name": "1"}]
    row = north("invoices/list", customer=11).data[0]
    assert row["due"] - row["created"] == 14 * 86400


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"customer": 404}, [("400", "customer")]),
        ({"customer": "x"}, [("400", "customer")]),
        ({"status": "Due", "sort": "x"}, [("400", "sort"), ("400", "status")]),
        ({"count": 1, "pages": 1}, [("400", "pages")]),
        ({"start": -1, "limit": "x"}, [("400", "start"), ("400", "limit")]),
    ],
)
def test_a_list_tells_its_faults(telco: Client, given: dict[str, Any], told: list[tuple[str, str]]) -> None:
    assert telco("invoices/list", **given).told == told


def test_a_topup_can_be_asked_for_an_invoice_of_ones_own(telco: Client) -> None:
    charge(telco)
    invoice = telco("invoices/create", customer=11, save=1).data["id"]
    assert telco("customers/topup/request", id=11, amount=10, invoice=invoice).code == "200"
    assert telco("customers/topup/request", id=12, amount=10, invoice=invoice).told == [("400", "invoice")]

"""Our own administration: what is refused, and lists in pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import InProcess
from tollhouse.ledger.facts import CustomerFact, PaymentMethodFact
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore
from tollhouse.store.unit import Unit

METHOD = {"customer": "cust_789", "gateway": "sandbox", "token": "pm_card_visa"}
RATE = {"from": "EUR", "to": "USD", "rate": "1.1"}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("keys", {"name": "\0"}),
        ("keys", {"name": "\0", "secret": "sk_test_new"}),
        ("keys", {"secret": ""}),
        ("keys", {"secret": "short"}),
        ("keys", {"secret": "x" * 256}),
        ("payment_methods", {**METHOD, "customer": "\0"}),
        ("payment_methods", {**METHOD, "token": "\0"}),
        ("payment_methods", {**METHOD, "token": "x" * 10_000}),
        ("payment_methods", {**METHOD, "gateway": "paypal"}),
        ("exchange_rates", {**RATE, "to": "EUR"}),
        ("exchange_rates", {**RATE, "time": "0001-01-01T00:00:00+14:00"}),
        ("exchange_rates", {**RATE, "time": "9999-12-31T23:59:59-14:00"}),
    ],
)
def test_nonsense_is_refused(application: InProcess, table: str, row: dict[str, Any]) -> None:
    answer = application.request("POST", f"/admin/v1/{table}", row)
    assert answer.status == 422, answer.body
    assert answer.json()["detail"]


@pytest.mark.parametrize("body", [b'{"name": "\\ud800"}', b'{"\\ud800": 1}', b'{"kind": "\\ud800"}'])
def test_a_lone_surrogate_is_refused(application: InProcess, body: bytes) -> None:
    assert application.request("POST", "/admin/v1/keys", body).status in (400, 422)


def test_the_list_of_rates_comes_in_pages(application: InProcess) -> None:
    for day in range(1, 8):
        row = {**RATE, "time": f"2026-01-0{day}T00:00:00Z"}
        assert application.request("POST", "/admin/v1/exchange_rates", row).status == 200
    whole = application.request("GET", "/admin/v1/exchange_rates").json()
    assert whole["meta"] == {"page": 1, "per_page": 50, "total": 8}
    pages = [application.request("GET", f"/admin/v1/exchange_rates?page={n}&per_page=3").json() for n in (1, 2, 3, 4)]
    assert [row for page in pages for row in page["data"]] == whole["data"]
    assert [len(page["data"]) for page in pages] == [3, 3, 2, 0]
    assert pages[1]["meta"] == {"page": 2, "per_page": 3, "total": 8}


def test_a_page_has_at_most_100_rows_and_looks_up_only_their_customers(
    application: InProcess, acme_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqlStore(store_url(acme_url))
    with store.reading(1) as reader:
        (ada,) = reader.find(CustomerFact, number=123)
    others = [PaymentMethodFact(1, 1000 + n, ada.number, "sandbox", f"pm_{n}", 0, "succeeded", 0) for n in range(150)]
    with store.unit_of_work(1) as unit:
        unit.insert(others)
    store.close()
    asked: list[Any] = []
    find = Unit.find

    def found(unit: Unit, kind: Any, /, **equals: Any) -> list[Any]:
        if kind is CustomerFact:
            asked.append(equals["number"])
        return find(unit, kind, **equals)

    monkeypatch.setattr(Unit, "find", found)
    first = application.request("GET", "/admin/v1/payment_methods?per_page=1000").json()
    assert (len(first["data"]), first["meta"]) == (100, {"page": 1, "per_page": 100, "total": 151})
    assert {row["customer"] for row in first["data"]} == {"cust_789"}
    assert asked == [[ada.number]]
    second = application.request("GET", "/admin/v1/payment_methods?per_page=100&page=2").json()
    assert len(second["data"]) == 51
    assert application.request("GET", "/admin/v1/payment_methods?page=1000000000").json()["data"] == []


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=", "per_page=-1", "page=1000000001", "page=%C2%B2"])
def test_a_page_that_is_no_number_is_refused(application: InProcess, query: str) -> None:
    answer = application.request("GET", f"/admin/v1/keys?{query}")
    assert (answer.status, "must be a whole number" in answer.json()["detail"]) == (422, True)

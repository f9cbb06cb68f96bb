"""Customers on the console: found, listed, one with all that is its own, and who sees which."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.console.visitor import Visitor
from tests.harness import InProcess

SignedIn = Callable[..., Visitor]

ADA = "/console/customers/123"


@pytest.fixture
def user(signed_in: SignedIn) -> Visitor:
    """Of acme, with all privileges."""
    return signed_in("user")


def names(visitor: Visitor) -> list[str]:
    """Those listed, by what follows their number."""
    return [row[1] for row in visitor.page.rows[1:]]


def charged(application: InProcess, *amounts: int, **more: object) -> None:
    for amount in amounts:
        body = {"user_id": "cust_789", "amount": amount, **more}
        assert application.request("POST", "/charges", body).status in (200, 201)


def bought(application: InProcess) -> str:
    """The order by which Ada bought something with the saved card."""
    body = {"customerId": "cust_789", "planIdentifier": "lifetime-access", "chargePeriod": "ONE_TIME"}
    assert application.request("POST", "/api/v1/charges/", body).status == 201
    (order,) = application.request("GET", "/api/v1/orders/").json()["results"]
    return str(order["id"])


# Found.


def test_a_customer_is_found_by_anything(user: Visitor) -> None:
    wanted = ("123", "#123", "cust_789", "CUST_78", "ada@example.com", "Ada@Ex", "ada lovelace", "love", " ada ")
    for search in wanted:
        user.open("/console/customers")
        user.send("/console/customers", q=search)
        assert names(user) == ["Ada Lovelace"], search


def test_a_search_by_uid_or_order_names_one(user: Visitor, application: InProcess) -> None:
    order_id = bought(application)
    ((uid,),) = [
        [row["id"]] for row in application.request("GET", "/v1/projects/acme/customers?q=cust_789").json()["data"]
    ]
    for search in (order_id, uid):
        user.open("/console/customers")
        user.send("/console/customers", q=search)
        assert names(user) == ["Ada Lovelace"], search


def test_what_finds_nobody_says_how_to_search(user: Visitor) -> None:
    for search in ("x" * 5000, "<script>alert(1)</script>", "%00", "9" * 30, "\u202e", "' OR 1=1 --"):
        user.open("/console/customers")
        page = user.send("/console/customers", q=search)
        assert page.status == 200
        assert names(user) == []
        assert "Nobody is found" in page.main
        assert b"<script>alert" not in page.answer.body


def test_the_list_goes_on_by_number(user: Visitor, application: InProcess) -> None:
    for number in range(60):
        application.request("POST", "/charges", {"user_id": f"many-{number:02}", "amount": 100 + number})
    page = user.open("/console/customers")
    assert len(page.rows) == 51
    assert page.rows[0][0] == "Number"
    (older,) = {link for link in page.links if "after=" in link}
    numbers = [int(row[0]) for row in page.rows[1:]]
    page = user.open(older)
    numbers += [int(row[0]) for row in page.rows[1:]]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 61
    assert 1 not in numbers
    assert not [link for link in page.links if "after=" in link]


def test_a_bad_place_in_the_list_is_no_page(user: Visitor) -> None:
    for query in ("after=x", "after=-1", "parent=99999", "parent=1e9", "after=" + "9" * 40):
        assert user.open(f"/console/customers?{query}").status == 404, query


# One customer.


def test_a_customer_is_shown_with_all_that_is_its_own(user: Visitor, application: InProcess) -> None:
    charged(application, 1250, 750)
    application.request("POST", "/customers", {"user_id": "cust_789", "phone": "+14155552671", "custom_attributes": {}})
    application.request("POST", "/events", {"user_id": "cust_789", "action": "Signed Up", "properties": {"plan": "x"}})
    application.request("POST", "/tags", {"user_id": "cust_789", "name": "vip"})
    page = user.open(ADA)
    assert page.status == 200
    assert page.title.startswith("Ada Lovelace")
    for shown in (
        "vip",
        "cust_789",
        "ada@example.com",
        "$20.00",
        "$10.00",
        "2 charges",
        "default",
        "Signed Up",
        "Gold",
    ):
        assert shown in page.main, shown
    assert "pm_card_visa" not in page.answer.body.decode()
    assert "On" not in {row[0] for row in page.rows}
    months = [row for row in page.rows if len(row) == 2 and row[1].startswith("$")]
    assert len(months) == 12
    assert months[-1][1] == "$20.00"


def test_the_root_customer_and_one_without_anything_are_shown(signed_in: SignedIn) -> None:
    visitor = signed_in("telco")
    for number in (1, 10, 14, 15, 17):
        page = visitor.open(f"/console/customers/{number}")
        assert page.status == 200
        assert "No charges in the last twelve months" in page.main


def test_amounts_of_every_precision_are_exact(signed_in: SignedIn) -> None:
    visitor = signed_in("telco")
    for number, currency, amount, shown in ((12, "JPY", "1250", "¥1,250"), (13, "KWD", "1.255", "1.255")):
        visitor.open(f"/console/customers/{number}/credit")
        visitor.send(f"/console/customers/{number}/credit", amount=amount, currency=currency)
        page = visitor.send(f"/console/customers/{number}/credit", step="confirm")
        assert shown in page.main
        assert "The balance was moved" in page.main


# The timeline.


def test_the_timeline_has_every_kind_newest_first(user: Visitor, application: InProcess) -> None:
    charged(application, 100)
    application.request("POST", "/events", {"user_id": "cust_789", "action": "Opened"})
    order_id = bought(application)
    user.open(f"{ADA}/credit")
    user.send(f"{ADA}/credit", amount="5", kind="topup", description="A present")
    user.send(f"{ADA}/credit", step="confirm")
    page = user.open(f"{ADA}/timeline")
    for shown in ("Charge", "Top-up", "A present", "Event Opened", order_id, "succeeded", "collected elsewhere"):
        assert shown in page.main, shown
    for kind, some in (("charges", "Charge"), ("account", "Top-up"), ("payments", "Payment"), ("events", "Opened")):
        page = user.open(f"{ADA}/timeline?kind={kind}")
        assert some in page.main, kind
    assert "Nothing of this kind" in user.open(f"{ADA}/timeline?kind=refunds").main
    assert user.open(f"{ADA}/timeline?kind=nonsense").status == 404


def test_the_timeline_goes_on_without_leaving_out_or_repeating(user: Visitor, application: InProcess) -> None:
    amounts = list(range(101, 231))
    bulk = [{"amount": amount, "created_at": 1_700_000_000 + amount // 7} for amount in amounts]
    answer = application.request("POST", "/charges/bulk", {"user_id": "cust_789", "charges": bulk})
    assert answer.status in (200, 201), answer.body
    for number in range(20):
        event = {"user_id": "cust_789", "action": f"Did {number}", "created_at": 1_700_000_000 + number}
        application.request("POST", "/events", event)
    seen: list[str] = []
    page = user.open(f"{ADA}/timeline")
    while True:
        text = page.main
        seen += [each for each in text.split() if each.startswith("$")]
        (*_, older) = ["", *[link for link in page.links if "before=" in link]]
        if not older:
            break
        page = user.open(older)
    assert sorted(seen) == sorted(f"${amount // 100}.{amount % 100:02}" for amount in amounts)


def test_a_place_that_says_nothing_begins_with_the_newest(user: Visitor, application: InProcess) -> None:
    charged(application, 4200)
    for before in ("x", "t1", "z1.1", "t" + "9" * 30 + ".1", "<script>", "%00"):
        assert "$42.00" in user.open(f"{ADA}/timeline?before={before}").main, before


# Who sees which.


def test_a_branch_sees_its_own_and_no_more(signed_in: SignedIn) -> None:
    visitor = signed_in("north")
    visitor.open("/console/customers")
    assert "Nora" in "".join(names(visitor))
    assert "Sol" not in visitor.page.main
    assert "South" not in visitor.page.main
    for search in ("sol", "21", "south", "20", "telco"):
        visitor.open("/console/customers")
        visitor.send("/console/customers", q=search)
        assert names(visitor) == [], search
    visitor.open("/console/customers")
    visitor.send("/console/customers", q="frode")
    assert names(visitor) == ["Frode"]
    assert visitor.open("/console/customers?parent=40").status == 200
    assert names(visitor) == ["Frode"]


PATHS = ("", "/timeline", "/charge", "/schedule", "/credit", "/edit", "/delete", "/move")


def test_another_branch_and_another_tenant_are_not_there(signed_in: SignedIn) -> None:
    visitor = signed_in("north")
    for number in (1, 20, 21, 123, 999_999):
        for path in PATHS:
            page = visitor.open(f"/console/customers/{number}{path}")
            assert page.status in (403, 404), (number, path)
            assert page.status == 404 or path == "/move"
        assert visitor.open(f"/console/customers?parent={number}").status == 404


def test_a_role_that_may_only_look_has_no_buttons_and_changes_nothing(signed_in: SignedIn) -> None:
    visitor = signed_in("north-auditor")
    page = visitor.open("/console/customers/11")
    assert page.status == 200
    for path in PATHS[2:]:
        assert not [link for link in page.links if link.endswith(f"/11{path}")], path
        assert visitor.open(f"/console/customers/11{path}").status == 403, path


def test_whoever_sees_only_their_own_customer_comes_to_its_page(signed_in: SignedIn) -> None:
    visitor = signed_in("north-administrator")
    page = visitor.open("/console/customers")
    assert page.path == "/console/customers/10"
    assert page.status == 200
    assert visitor.open("/console/customers/11").status == 404
    assert signed_in("north-user").open("/console/customers").status == 403


def test_what_the_keys_keep_is_not_for_a_branch(signed_in: SignedIn) -> None:
    visitor = signed_in("north")
    page = visitor.open("/console/customers/11")
    assert "Payment methods" not in page.main
    assert "Events and tags" not in page.main
    assert visitor.open("/console/customers/11/timeline?kind=webhooks").status == 404


def test_no_part_of_a_page_goes_through_a_table(user: Visitor, application: InProcess, acme_url: str) -> None:
    """On SQLite, which chooses by itself, and badly where it knows no figures of the tables."""
    charged(application, 100, 200)
    bought(application)
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        statements.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for path in ("?q=ada", "?parent=1", "/123", "/123/timeline", "/123/timeline?kind=refunds", "/123/sell"):
            assert user.open(f"/console/customers{path}").status == 200
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    small = ("totals", "webhook_endpoints", "taxes", "plans", "tenants", "roles")
    with closing(sqlite3.connect(acme_url.removeprefix("sqlite:///"))) as connection:
        for statement, values in statements:
            if statement.startswith(("SELECT", "WITH")):
                plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
                whole = [d for d in plan if d.endswith("USING PRIMARY KEY (tenant_id=?)") and d.split()[1] not in small]
                assert not whole, statement
    assert len(statements) > 50

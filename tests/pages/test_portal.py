"""The portal, as a browser without scripts uses it."""

from __future__ import annotations

import pytest

from tests.harness import InProcess
from tests.pages.browsing import CARD, Browser
from tests.pages.test_checkout import Sale

COOKIE = "tollhouse_portal"


@pytest.fixture
def browser(application: InProcess) -> Browser:
    return Browser(application)


def link(application: InProcess, customer: str = "cust_789", key: str = "sk_test_acme") -> str:
    answer = application.request("POST", "/api/v1/portal/session/", {"customerId": customer}, key=key)
    assert answer.status == 200, answer.body
    return f"/portal/?token={answer.json()['token']}"


@pytest.fixture
def visitor(application: InProcess, browser: Browser) -> Browser:
    browser.open(link(application))
    browser.open("/portal")
    return browser


def methods(application: InProcess) -> list[tuple[str, bool]]:
    rows = application.request("GET", "/api/v1/payment-methods/?customer_id=cust_789").json()["results"]
    return [(row["methodData"]["last4"], row["isDefault"]) for row in rows]


def test_the_link_becomes_a_cookie(application: InProcess, browser: Browser) -> None:
    first = browser.open(link(application)).answer
    assert b'content="0;url=/portal"' in first.body
    cookie = first.headers["set-cookie"]
    assert cookie.endswith("; Path=/portal; Max-Age=3600; HttpOnly; SameSite=Strict")
    token = browser.cookies[COOKIE]
    assert token.encode() not in first.body
    assert "Signed in as ada@example.com" in browser.open("/portal").text


def test_what_was_bought_is_shown(application: InProcess, browser: Browser) -> None:
    sale = Sale(application, customerId="cust_789")
    browser.open(sale.path)
    browser.send()
    order = sale.session["order"]["id"]
    application.request("POST", "/api/v1/refunds/", {"orderId": order, "amountUnits": 900})
    browser.open(link(application))
    page = browser.open("/portal")
    assert f"Lifetime Access {order}" in page.text
    assert "Visa •••• ending in 4242 $49.00 $9.00 refunded" in page.text


def test_cards_come_and_go(application: InProcess, visitor: Browser) -> None:
    form = visitor.page.forms[-1]["form"]
    visitor.send(-1, do="add", **CARD)
    assert methods(application) == [("4242", True)]
    visitor.send(-1, do="add", **{**CARD, "number": "5555555555554444"})
    assert sorted(methods(application)) == [("4242", True), ("4444", False)]
    assert "Make default" in visitor.page.text
    ids = {last4: str(number) for last4, number in listed(application)}
    assert "Make another payment method the default" in visitor.send(0, form=form, do=f"remove {ids['4242']}").text
    visitor.open("/portal")
    visitor.send(0, do=f"default {ids['4444']}")
    visitor.send(0, do=f"remove {ids['4242']}")
    assert methods(application) == [("4444", True)]
    visitor.send(0, do=f"remove {ids['4444']}")
    assert methods(application) == []
    assert "No card is saved." in visitor.page.text


def listed(application: InProcess) -> list[tuple[str, int]]:
    rows = application.request("GET", "/api/v1/payment-methods/?customer_id=cust_789").json()["results"]
    return [(row["methodData"]["last4"], row["id"]) for row in rows]


def test_a_card_that_cannot_be(application: InProcess, visitor: Browser) -> None:
    page = visitor.send(-1, do="add", number="1", expiry="x", cvc="")
    assert page.answer.status == 422
    assert page.ids["number"]["aria-invalid"] == "true"
    assert "This sandbox takes test cards only" in visitor.send(-1, do="add", **{**CARD, "number": "4" * 16}).text
    assert methods(application) == [("4242", True)]


def test_a_form_of_another_site_does_nothing(application: InProcess, visitor: Browser) -> None:
    for token in ("", "x", visitor.page.forms[0]["form"][:-1] + "é"):
        page = visitor.send(-1, form=token, do="add", **{**CARD, "number": "5555555555554444"})
        assert page.answer.status == 403
    other = Browser(application)
    other.open(link(application))
    foreign = other.open("/portal").forms[0]["form"]
    assert visitor.send(-1, form=foreign, do="add", **CARD).answer.status == 403
    assert methods(application) == [("4242", True)]


def test_nothing_of_anybody_else(application: InProcess, visitor: Browser) -> None:
    row = {"customer": "cust_other", "gateway": "sandbox", "token": "pm_card_mastercard", "default": True}
    application.request("POST", "/api/v1/customers/", {"customerId": "cust_other", "email": "o@example.com"})
    application.request("POST", "/admin/v1/payment_methods", row)
    (theirs,) = application.request("GET", "/api/v1/payment-methods/?customer_id=cust_other").json()["results"]
    visitor.send(0, do=f"remove {theirs['id']}")
    visitor.send(0, do=f"default {theirs['id']}")
    assert "4444" not in visitor.page.text
    assert application.request("GET", "/api/v1/payment-methods/?customer_id=cust_other").json()["count"] == 1


def test_signed_out(application: InProcess, visitor: Browser) -> None:
    assert "You are signed out" in visitor.send(0, do="leave").text
    assert visitor.cookies[COOKIE] == ""
    assert visitor.open("/portal").answer.status == 403


def test_without_a_link_there_is_nothing(application: InProcess, browser: Browser) -> None:
    for path in ("/portal", "/portal?token=", "/portal?token=x.y.z", "/portal?token=" + "x" * 3000, "/portal?%ff"):
        assert browser.open(path).answer.status == 403
    assert browser.open("/portal/x").answer.status == 404
    # A link is no cookie, and a cookie is no link.
    browser.cookies[COOKIE] = link(application).partition("token=")[2]
    assert browser.open("/portal").answer.status == 403
    browser.open(link(application))
    assert Browser(application).open(f"/portal?token={browser.cookies[COOKIE]}").answer.status == 403


@pytest.mark.parametrize("what", ["archived", "another e-mail"])
def test_a_link_counts_for_the_customer_as_it_was(application: InProcess, visitor: Browser, what: str) -> None:
    method, body = ("DELETE", b"") if what == "archived" else ("PATCH", {"email": "new@example.com"})
    assert application.request(method, "/api/v1/customers/cust_789/", body).status in (200, 204)
    assert visitor.open("/portal").answer.status == 403

"""The checkout page, as a browser without scripts uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.harness import InProcess, in_process, provision, provisioned_sqlite, sqlite_copy
from tests.pages.browsing import ASKING, CARD, DECLINED, WHO, Browser
from tollhouse.config import Settings
from tollhouse.gateways.sandbox_cards import TEST_CARDS
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

THANKS = "https://shop.example/thanks?order=1&x=y"

TWO_CURRENCIES = """
[tenant]
slug = "acme"

[[plans]]
identifier = "anywhere"
prices = [{ currency = "USD", amount = "20.00" }, { currency = "EUR", amount = "18.50" }]
"""


@pytest.fixture
def application(tmp_path: Path) -> Iterator[InProcess]:
    url = sqlite_copy(provisioned_sqlite(), tmp_path)
    settings = Settings(database_url=url, gateway_timeout_seconds=1, resolve_after_seconds=1)
    with in_process(settings) as running:
        yield running


@pytest.fixture
def browser(application: InProcess) -> Browser:
    return Browser(application)


class Sale:
    """A session, and what the seller sees of it."""

    def __init__(self, application: InProcess, key: str = "sk_test_acme", **more: Any) -> None:
        self._application = application
        self._key = key
        body = {"planIdentifier": "lifetime-access", "chargePeriod": "ONE_TIME", "successUrl": THANKS, **more}
        made = application.request("POST", "/api/v1/checkout/", body, key=key)
        assert made.status == 201, made.body
        self.uid = made.json()["checkoutSessionId"]
        self.path = made.json()["checkoutUrl"].removeprefix("http://localhost")

    def get(self, path: str = "") -> Any:
        return self._application.request("GET", f"/api/v1/{path}", key=self._key).json()

    @property
    def session(self) -> Any:
        return self.get(f"checkout/sessions/{self.uid}/")

    @property
    def methods(self) -> list[tuple[str, bool]]:
        reference = self.session["customer"]["customerId"]
        rows = self.get(f"payment-methods/?customer_id={reference}")["results"]
        return [(row["methodData"]["last4"], row["isDefault"]) for row in rows]


def test_it_is_paid_and_leads_on(application: InProcess, browser: Browser) -> None:
    sale = Sale(application, features=[{"identifier": "seats", "quantity": 5}])
    page = browser.open(sale.path)
    assert "Lifetime Access $49.00 Seats × 5" in page.text
    assert "Pay $49.00" in page.text
    paid = browser.send(**WHO, **CARD).answer
    assert (paid.status, paid.headers["location"]) == (303, THANKS)
    session = sale.session
    assert (session["status"], session["order"]["amountTotal"]) == ("success", "49.00")
    assert (session["customer"]["email"], session["billingAddress"]) == ("bob@example.com", {"country": "US"})
    assert sale.methods == [("4242", True)]
    assert browser.open(sale.path).answer.headers["location"] == THANKS


def test_sent_again_it_is_paid_once(application: InProcess, browser: Browser) -> None:
    sale = Sale(application)
    form = {**browser.open(sale.path).forms[0], **WHO, **CARD}
    tabs = [Browser(application) for _ in range(2)]
    for tab in tabs:
        tab.open(sale.path)
    for tab in tabs:
        assert tab.send(**form).answer.headers["location"] == THANKS
    assert sale.get(f"checkout/sessions/{sale.uid}/events/")["count"] == 3


@pytest.mark.parametrize("cards", [(CARD, CARD), (CARD, {**CARD, "number": "5555555555554444"})])
def test_sent_at_once_it_is_paid_once(
    application: InProcess, browser: Browser, cards: tuple[dict[str, str], ...]
) -> None:
    sale = Sale(application)
    form = browser.open(sale.path).forms[0]
    headers = {"content-type": "application/x-www-form-urlencoded"}
    bodies = [urlencode({**form, **WHO, **card}).encode() for card in cards]
    answers = application.gather(
        *(application.asking("POST", sale.path, body, key=None, headers=headers) for body in bodies)
    )
    assert {answer.headers["location"] for answer in answers} <= {THANKS, sale.path}
    assert sale.session["status"] == "success"
    assert sale.get(f"checkout/sessions/{sale.uid}/events/")["count"] == 3
    assert len(sale.methods) == 1


def test_a_decline_is_told_and_another_card_pays(application: InProcess, browser: Browser) -> None:
    sale = Sale(application)
    browser.open(sale.path)
    page = browser.send(**WHO, **DECLINED)
    assert "The card was declined. Nothing was taken" in page.text
    assert (page.forms[0]["email"], page.forms[0]["country"]) == ("bob@example.com", "US")
    assert sale.methods == []
    assert browser.send(**CARD).answer.headers["location"] == THANKS
    assert sale.methods == [("4242", True)]


def test_a_stale_form_pays_nothing(application: InProcess, browser: Browser) -> None:
    sale = Sale(application)
    stale = Browser(application)
    stale.open(sale.path)
    browser.open(sale.path)
    browser.send(**WHO, **DECLINED)
    assert "The card was declined" in stale.send(**WHO, **CARD).text
    assert sale.session["status"] == "open"


def test_after_too_many_attempts_it_is_over(application: InProcess, browser: Browser) -> None:
    sale = Sale(application)
    browser.open(sale.path)
    for _ in range(9):
        browser.send(**WHO, **DECLINED)
    page = browser.send(**WHO, **DECLINED)
    assert (page.answer.status, sale.session["status"]) == (410, "expired")
    assert "This checkout is over" in page.text


def test_the_bank_is_asked(application: InProcess, browser: Browser) -> None:
    sale = Sale(application)
    browser.open(sale.path)
    page = browser.send(**WHO, **ASKING)
    assert "Confirm this payment?" in page.text
    assert "Your bank wants you to confirm this payment" in browser.send(answer="no").text
    page = browser.open(f"{sale.path}/bank")
    assert browser.send(answer="yes").answer.headers["location"] == THANKS
    assert sale.methods == [("3155", True)]
    again = Sale(application, customerId=sale.session["customer"]["customerId"])
    browser.open(again.path)
    assert browser.send().answer.headers["location"] == THANKS


def test_an_unknown_outcome_is_waited_for(application: InProcess, browser: Browser) -> None:
    sale = Sale(application)
    browser.open(sale.path)
    page = browser.send(**WHO, **{**CARD, "number": "4000000000000408"})
    assert "Your payment is under way" in page.text
    assert b'http-equiv="refresh"' in page.answer.body
    assert sale.session["status"] == "processing"


def test_every_fault_is_told_and_no_card_is_filled_in_again(application: InProcess, browser: Browser) -> None:
    browser.open(Sale(application).path)
    page = browser.send(email="x", number="4242 4242 4242 424x", expiry="13/99", cvc="77", country="XX")
    assert page.answer.status == 422
    for name in ("email", "name", "country", "number", "expiry", "cvc"):
        field = page.ids[name]
        assert field["aria-invalid"] == "true"
        assert field["aria-describedby"] == f"{name}-fault"
        assert f"{name}-fault" in page.ids
    assert [page.forms[0][name] for name in ("number", "expiry", "cvc")] == ["", "", ""]
    assert "4242 4242 4242 424x" not in page.answer.body.decode()


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"number": "4111111111111111"}, "This sandbox takes test cards only"),
        ({"number": "4242424242424242", "cvc": "1234"}, "has not as many digits"),
        ({"expiry": "01/20"}, "This card has expired."),
        ({"expiry": "01/2099"}, "Enter the expiry"),
    ],
)
def test_a_card_that_cannot_be(application: InProcess, browser: Browser, filled: dict[str, str], sentence: str) -> None:
    sale = Sale(application)
    browser.open(sale.path)
    page = browser.send(**WHO, **{**CARD, **filled})
    assert sentence in page.text
    assert (sale.session["status"], sale.session["order"]) == ("open", None)


def test_another_country_may_have_another_price(application: InProcess, browser: Browser) -> None:
    sale = Sale(application, "sk_test_shop", planIdentifier="worldwide")
    assert "Pay $20.00" in browser.open(sale.path).text
    page = browser.send(**{**WHO, "country": "DE"}, **CARD)
    assert "The price is another one now." in page.text
    assert "Pay €18.50" in page.text
    assert sale.session["order"] is None
    assert browser.send(**CARD).answer.headers["location"] == THANKS
    assert sale.session["order"]["amountTotal"] == "18.50"


def test_a_country_that_is_needed(application: InProcess, browser: Browser) -> None:
    sale = Sale(application, "sk_test_shop", planIdentifier="japan-only")
    browser.open(sale.path)
    assert "Choose your country." in browser.send(**{**WHO, "country": ""}, **CARD).text
    page = browser.send(**{**WHO, "country": "DE"}, **CARD)
    assert "This plan has no price for the country DE." in page.text
    assert sale.session["order"] is None


def test_a_saved_card_pays(application: InProcess, browser: Browser) -> None:
    sale = Sale(application, customerId="cust_789", lockEmail=True)
    page = browser.open(sale.path)
    assert "Visa •••• ending in 4242 expires 12/34" in page.text
    assert "readonly" in page.ids["email"]
    assert browser.send(email="other@example.com").answer.headers["location"] == THANKS
    assert sale.session["customer"]["email"] == "ada@example.com"
    assert sale.methods == [("4242", True)]


def test_what_costs_nothing_needs_no_card(application: InProcess, browser: Browser) -> None:
    sale = Sale(application, "sk_test_shop", planIdentifier="giveaway")
    assert "number" not in browser.open(sale.path).ids
    assert browser.send(**WHO).answer.headers["location"] == THANKS
    assert sale.session["order"]["amountTotal"] == "0.00"


def test_what_is_prefilled(application: InProcess, browser: Browser) -> None:
    sale = Sale(application, email="eve@example.com", defaultBillingCountry="jp", cancelUrl="https://shop.example/cart")
    page = browser.open(sale.path)
    assert (page.forms[0]["email"], page.forms[0]["country"]) == ("eve@example.com", "JP")
    assert b'href="https://shop.example/cart"' in page.answer.body


def test_names_are_only_text(application: InProcess, browser: Browser) -> None:
    sale = Sale(application)
    browser.open(sale.path)
    page = browser.send(**{**WHO, "name": '"><script>alert(1)</script>'}, **DECLINED)
    assert page.forms[0]["name"] == '"><script>alert(1)</script>'
    assert b"<script" not in page.answer.body


def test_headers(application: InProcess, browser: Browser) -> None:
    headers = browser.open(Sale(application).path).answer.headers
    policy = headers["content-security-policy"]
    assert policy.startswith(
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action"
    )
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
    style = re.search(rb'href="([^"]+)"', browser.page.answer.body)
    assert style is not None
    found = application.request("GET", style[1].decode(), key=None)
    assert (found.status, found.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert b"url(" not in found.body


def test_what_is_not_there(application: InProcess, browser: Browser) -> None:
    sale = Sale(application)
    for path in ("/checkout", "/checkout/acme", "/checkout/acme/none", f"/checkout/shop/{sale.uid}", f"{sale.path}/x"):
        assert browser.open(path).answer.status == 404
    assert application.request("PUT", sale.path, key=None).status == 405
    assert application.request("POST", sale.path, {"a": 1}, key=None).headers["location"] == sale.path
    assert application.request("POST", sale.path, b"x" * 20_000, key=None).status == 413
    application.request("DELETE", f"/api/v1/customers/{sale.session['customer']['customerId']}/")
    assert browser.open(sale.path).answer.status == 404


def test_no_digits_of_a_card_are_kept(tmp_path: Path) -> None:
    url = sqlite_copy(provisioned_sqlite(), tmp_path)
    with in_process(Settings(database_url=url)) as application:
        browser = Browser(application)
        browser.open(Sale(application).path)
        browser.send(**WHO, **CARD)
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"bob@example.com" in kept
    assert not [number for number in TEST_CARDS if number.encode() in kept]
    assert b"4242 4242" not in kept


def test_where_no_country_is_chosen_the_sellers_guess_counts(tmp_path: Path) -> None:
    """What is shown goes by it, and so does what is paid."""
    url = sqlite_copy(provisioned_sqlite(), tmp_path)
    with closing(SqlStore(store_url(url))) as store:
        provision(store, TWO_CURRENCIES)
    with in_process(Settings(database_url=url, gateway_timeout_seconds=1)) as application:
        browser = Browser(application)
        sale = Sale(application, planIdentifier="anywhere", defaultBillingCountry="DE")
        assert "Pay €18.50" in browser.open(sale.path).text
        paid = browser.send(**{**WHO, "country": ""}, **CARD).answer
        assert (paid.status, paid.headers.get("location")) == (303, THANKS)
        assert (sale.session["order"]["amountTotal"], sale.session["billingAddress"]) == ("18.50", {"country": "DE"})

"""New cards by way of Stripe, without a browser: what the pages carry, and which SetupIntents our server takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import msgspec
import pytest

from tests.gateways.localstripe import DROP_ANSWER, GOOD, SECRET_KEY, WANTS_3DS, Localstripe, Wire, on
from tests.harness import Answer, InProcess, in_process, provisioned_sqlite, sqlite_copy
from tests.pages.browsing import CARD, WHO, Browser
from tests.pages.test_checkout import THANKS, Sale
from tests.pages.test_portal import link
from tollhouse.config import BadSetting, Settings
from tollhouse.gateways.stripe_cards import OWNER

PUBLISHABLE_KEY = "pk_test_tollhouse"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def wire(localstripe: Localstripe) -> Iterator[Wire]:
    with closing(Wire(localstripe.base)) as opened:
        yield opened


@contextmanager
def running(tmp_path: Path, base: str, **settings: Any) -> Iterator[InProcess]:
    url = sqlite_copy(provisioned_sqlite(), tmp_path)
    given = {"gateway_timeout_seconds": 2, "stripe_secret_key": SECRET_KEY, "stripe_api_base": base, **settings}
    with in_process(Settings(database_url=url, **given)) as application:
        yield application


@pytest.fixture
def application(tmp_path: Path, wire: Wire) -> Iterator[InProcess]:
    with running(tmp_path, wire.base, stripe_publishable_key=PUBLISHABLE_KEY) as application:
        yield application


@pytest.fixture
def browser(application: InProcess) -> Browser:
    return Browser(application)


def begun(browser: Browser, application: InProcess, index: int = 0, **filled: str) -> Answer:
    """What our script is told before it asks Stripe's."""
    body = urlencode({**browser.page.forms[index], **filled}).encode()
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    path = browser.page.ids["card"]["data-start"]
    return application.request("POST", path, body, key=None, headers={**FORM, "cookie": cookies})


def setup_of(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    return str(answer.json()["secret"].partition("_secret_")[0])


def typed_in(localstripe: Localstripe, setup: str, number: str = GOOD) -> str:
    """What Stripe.js does with a card that is typed into it."""
    card = {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    body = {"key": PUBLISHABLE_KEY, "payment_method_data": {"type": "card", "card": card}}
    url = f"{localstripe.base}/v1/setup_intents/{setup}/confirm"
    httpx.post(url, json=body, trust_env=False).raise_for_status()
    return setup


def test_what_the_page_carries(application: InProcess, browser: Browser) -> None:
    page = browser.open(Sale(application).path)
    policy = page.answer.headers["content-security-policy"]
    assert policy.endswith(
        "; script-src 'self' https://js.stripe.com"
        "; frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com"
        "; connect-src 'self' https://js.stripe.com https://api.stripe.com"
    )
    assert "unsafe" not in policy
    assert page.ids["card"]["data-key"] == PUBLISHABLE_KEY
    assert page.forms[0].keys() == {"attempt", "price", "email", "name", "country", "card_setup"}
    assert b'<script src="https://js.stripe.com/v3/" defer></script>' in page.answer.body
    assert page.answer.body.count(b"<script") == 2
    ours = page.answer.body.partition(b'<script src="/checkout/')[2].partition(b'"')[0].decode()
    found = application.request("GET", f"/checkout/{ours}", key=None)
    assert (found.status, found.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert SECRET_KEY.encode() not in page.answer.body


def test_what_costs_nothing_loads_no_script(application: InProcess, browser: Browser) -> None:
    page = browser.open(Sale(application, "sk_test_shop", planIdentifier="giveaway").path)
    assert b"<script" not in page.answer.body
    assert "script-src" not in page.answer.headers["content-security-policy"]


def test_a_saved_setup_pays_once(application: InProcess, browser: Browser, localstripe: Localstripe) -> None:
    sale = Sale(application)
    browser.open(sale.path)
    setup = typed_in(localstripe, setup_of(begun(browser, application, **WHO)))
    form = {**browser.page.forms[0], **WHO, "card_setup": setup}
    tab = Browser(application)
    tab.open(sale.path)
    for sender in (browser, tab):
        assert sender.send(**form).answer.headers["location"] == THANKS
    assert sale.methods == [("4242", True)]
    assert sale.get(f"checkout/sessions/{sale.uid}/events/")["count"] == 3
    made: Any = localstripe.client.v1.setup_intents.retrieve(setup)
    assert (made.usage, made.status, made.payment_method_types) == ("off_session", "succeeded", ["card"])
    owner = made.metadata.to_dict()[OWNER]
    assert localstripe.client.v1.customers.retrieve(made.customer).metadata.to_dict() == {OWNER: owner}
    paid = [
        intent
        for intent in localstripe.client.v1.payment_intents.list({"limit": 1000}).data
        if intent.payment_method == made.payment_method
    ]
    assert [(intent.status, intent.amount, intent.customer) for intent in paid] == [("succeeded", 4900, made.customer)]


def test_a_bank_that_asks_again_when_it_is_paid(
    application: InProcess, browser: Browser, localstripe: Localstripe
) -> None:
    sale = Sale(application)
    browser.open(sale.path)
    setup = typed_in(localstripe, setup_of(begun(browser, application, **WHO)), WANTS_3DS)
    httpx.post(
        f"{localstripe.base}/v1/setup_intents/{setup}/confirm", json={"key": PUBLISHABLE_KEY}, trust_env=False
    ).raise_for_status()
    page = browser.send(**WHO, card_setup=setup)
    assert "Your bank wants you to confirm this payment, and that has not happened." in page.text
    assert b"/bank" not in page.answer.body, "the sandbox's bank is not Stripe's"
    assert (sale.session["status"], sale.methods) == ("open", [])


def test_setups_that_are_not_taken(application: InProcess, browser: Browser, localstripe: Localstripe) -> None:
    theirs, other = Sale(application), Browser(application)
    other.open(theirs.path)
    stolen = typed_in(localstripe, setup_of(begun(other, application, **WHO)))
    sale = Sale(application)
    browser.open(sale.path)
    unfinished = setup_of(begun(browser, application, **WHO))
    asking = typed_in(localstripe, setup_of(begun(browser, application, **WHO)), WANTS_3DS)
    foreign: Any = localstripe.client.v1.setup_intents.create({"metadata": {OWNER: "nobody"}})
    names = (
        stolen,
        unfinished,
        asking,
        "seti_none",
        typed_in(localstripe, foreign.id),
        "../customers",
        "seti_" + "x" * 999,
        "",
    )
    for name in names:
        page = browser.send(**WHO, card_setup=name)
        assert page.answer.status == 422, name
        assert ("This card was not saved." if name else "Enter your card.") in page.text
        assert "card-fault" in page.ids
    assert (sale.session["status"], sale.session["order"], sale.methods) == ("open", None, [])
    assert other.send(**WHO, card_setup=stolen).answer.headers["location"] == THANKS


def test_a_card_of_another_stripe_customer_is_not_taken(
    application: InProcess, browser: Browser, localstripe: Localstripe
) -> None:
    sale = Sale(application)
    browser.open(sale.path)
    setup = typed_in(localstripe, setup_of(begun(browser, application, **WHO)))
    stranger = localstripe.client.v1.customers.create({})
    made: Any = localstripe.client.v1.setup_intents.retrieve(setup)
    localstripe.client.v1.payment_methods.attach(made.payment_method, {"customer": stranger.id})
    assert "This card was not saved." in browser.send(**WHO, card_setup=setup).text
    assert sale.methods == []


def test_no_card_is_asked_for_before_the_rest_is_right(application: InProcess, browser: Browser, wire: Wire) -> None:
    browser.open(Sale(application).path)
    for filled in ({}, {**WHO, "attempt": "1"}, {**WHO, "price": "USD 1"}):
        answer = begun(browser, application, **filled)
        assert (answer.status, answer.json()) == (409, {})
    assert wire.requests == []
    assert application.request("GET", browser.page.ids["card"]["data-start"], key=None).status == 405
    page = browser.send()
    assert ("name-fault" in page.ids, "Enter your card." in page.text) == (True, False)


def test_stripe_that_does_not_answer(application: InProcess, browser: Browser, wire: Wire) -> None:
    sale = Sale(application)
    browser.open(sale.path)
    wire.rule = lambda _method, _path: (500, b"{}")
    answer = begun(browser, application, **WHO)
    assert (answer.status, "just now" in answer.json()["fault"]) == (422, True)
    assert "The card cannot be saved just now." in browser.send(**WHO, card_setup="seti_x").text
    assert sale.session["status"] == "open"


def test_a_customer_has_one_stripe_customer(application: InProcess, browser: Browser, wire: Wire) -> None:
    browser.open(Sale(application).path)
    wire.rule = on("/setup_intents", DROP_ANSWER)
    assert begun(browser, application, **WHO).status == 422
    wire.rule = on("", "pass")
    setup_of(begun(browser, application, **WHO))
    keys = [
        headers["Idempotency-Key"]
        for (method, path), headers in zip(wire.requests, wire.headers, strict=True)
        if (method, path) == ("POST", "/v1/customers")
    ]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    wire.requests.clear()
    wire.bodies.clear()
    found = {"object": "search_result", "data": [{"object": "customer", "id": "cus_known"}], "has_more": False}
    wire.rule = on("/customers/search", (200, msgspec.json.encode(found)), method="GET")
    setup_of(begun(browser, application, **WHO))
    query = parse_qs(wire.requests[0][1].partition("?")[2])["query"][0]
    assert (query, keys[0]) == (f"metadata['{OWNER}']:'{keys[0][-36:]}'", f"tollhouse-customer-{keys[0][-36:]}")
    assert [path for method, path in wire.requests if method == "POST"] == ["/v1/setup_intents"]
    assert parse_qs(wire.bodies[-1].decode())["customer"] == ["cus_known"]


def test_a_number_typed_by_hand_is_no_card(application: InProcess, browser: Browser) -> None:
    sale = Sale(application)
    browser.open(sale.path)
    assert "Enter your card." in browser.send(**WHO, **CARD).text
    assert (sale.session["status"], sale.methods) == ("open", [])


def test_the_portal(application: InProcess, browser: Browser, localstripe: Localstripe) -> None:
    browser.open(link(application))
    page = browser.open("/portal")
    assert "script-src 'self' https://js.stripe.com;" in page.answer.headers["content-security-policy"]
    assert begun(browser, application, -1, form="x").status == 403
    setup = typed_in(localstripe, setup_of(begun(browser, application, -1)), "5555555555554444")
    unfinished = setup_of(begun(browser, application, -1))
    assert "This card was not saved." in browser.send(-1, card_setup=unfinished).text
    for _ in range(2):
        browser.open("/portal")
        browser.send(-1, card_setup=setup, default="1")
    rows = application.request("GET", "/api/v1/payment-methods/?customer_id=cust_789").json()["results"]
    assert len(rows) == 2, "one from before"
    assert [row["methodData"]["last4"] for row in rows if row["isDefault"]] == ["4444"]
    assert application.request("GET", "/portal/card", key=None).status == 405
    assert application.request("POST", "/portal/card", b"", key=None, headers=FORM).status == 403


def test_without_a_publishable_key_no_new_card_is_taken(tmp_path: Path, localstripe: Localstripe) -> None:
    with running(tmp_path, localstripe.base) as application:
        browser, sale = Browser(application), Sale(application)
        page = browser.open(sale.path)
        assert "New cards cannot be taken here at the moment." in page.text
        assert b"<script" not in page.answer.body
        for given in (CARD, {"card_setup": "seti_x"}):
            assert browser.send(**WHO, **given).answer.status == 422
        assert application.request("POST", f"{sale.path}/card", b"", key=None, headers=FORM).status == 404
        assert sale.methods == []
        browser.open(link(application))
        assert "New cards cannot be taken here at the moment." in browser.open("/portal").text
        browser.open(Sale(application, customerId="cust_789").path)
        assert browser.send().answer.headers["location"] == THANKS


def test_each_tenant_has_its_own_way(tmp_path: Path, localstripe: Localstripe) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text('[shop]\nsecret_key = "sk_test_shop"\npublishable_key = "pk_test_shop"\n', encoding="utf-8")
    settings = {"stripe_secret_key": "", "stripe_accounts": str(accounts)}
    with running(tmp_path, localstripe.base, **settings) as application:
        browser = Browser(application)
        page = browser.open(Sale(application, "sk_test_shop", planIdentifier="worldwide").path)
        assert page.ids["card"]["data-key"] == "pk_test_shop"
        sale = Sale(application)
        assert "number" in browser.open(sale.path).ids
        assert application.request("POST", f"{sale.path}/card", b"", key=None, headers=FORM).status == 404
        assert browser.send(**WHO, **CARD).answer.headers["location"] == THANKS


@pytest.mark.parametrize(
    ("name", "text"),
    [("PUBLISHABLE_KEY", "sk_live_oops"), ("JS", "https://js.stripe.com/v3/; script-src *"), ("JS", "javascript:x")],
)
def test_settings_that_cannot_be_used(tmp_path: Path, name: str, text: str) -> None:
    url = sqlite_copy(provisioned_sqlite(), tmp_path)
    given = {"TOLLHOUSE_DATABASE_URL": url, f"TOLLHOUSE_STRIPE_{name}": text}
    with (
        pytest.raises(BadSetting, match=f"TOLLHOUSE_STRIPE_{name}") as refused,
        in_process(Settings.from_environment(given)),
    ):
        pass
    assert "oops" not in str(refused.value)

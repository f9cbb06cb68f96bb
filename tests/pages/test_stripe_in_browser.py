"""A new card through Stripe.js in a real Chromium, with localstripe's own Stripe.js and server in Stripe's place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gateways.localstripe import DECLINED, GOOD, SECRET_KEY, WANTS_3DS, Localstripe
from tests.harness import Server, provisioned_sqlite, sqlite_copy, start_server
from tests.pages.chromium import Shop, needs_chromium, watched_page

pytestmark = needs_chromium

REFUSED = "4000000000000002"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, localstripe: Localstripe) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("stripe-pages")
    running = start_server(
        sqlite_copy(provisioned_sqlite(), folder),
        folder,
        stripe_secret_key=SECRET_KEY,
        stripe_publishable_key="pk_test_tollhouse",
        stripe_api_base=localstripe.base,
        stripe_js=f"{localstripe.base}/js.stripe.com/v3/",
    )
    yield running
    running.stop()


@pytest.fixture
def sent() -> list[str]:
    """What the browser has sent to our server."""
    return []


@pytest.fixture
def page(chromium: Browser, server: Server, sent: list[str]) -> Iterator[Page]:
    with watched_page(chromium) as opened:
        opened.on(
            "request",
            lambda request: sent.append(request.post_data or "") if request.url.startswith(server.base) else None,
        )
        yield opened


def checkout(server: Server, shop: Shop, **more: object) -> str:
    body = {"planIdentifier": "lifetime-access", "chargePeriod": "ONE_TIME", "successUrl": shop.thanks, **more}
    with server.client() as client:
        return str(client.post("/api/v1/checkout/", json=body).json()["checkoutUrl"])


def methods(server: Server, customer: str) -> list[str]:
    with server.client() as client:
        rows = client.get(f"/api/v1/payment-methods/?customer_id={customer}").json()["results"]
    return [row["methodData"]["last4"] for row in rows]


def type_card(page: Page, number: str) -> None:
    frame = page.get_by_role("group", name="Card", exact=True)
    for name, text in (("number", number), ("exp_month", "12"), ("exp_year", "34"), ("cvc", "123")):
        frame.get_by_placeholder(name).fill(text)


def test_a_new_card_pays_after_others_did_not(server: Server, shop: Shop, page: Page, sent: list[str]) -> None:
    page.goto(checkout(server, shop))
    pay = page.get_by_role("button", name="Pay $49.00")
    type_card(page, GOOD)
    pay.click()
    expect(page.get_by_role("alert").filter(has_text="Please check")).to_contain_text("Enter your name.")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Full name").fill("Ada Lovelace")
    type_card(page, REFUSED)
    pay.click()
    expect(page.get_by_role("alert").filter(has_text="declined")).to_have_text("Your card was declined.")
    expect(page.get_by_role("group", name="Card", exact=True)).to_have_accessible_description("Your card was declined.")
    expect(pay).to_be_focused()
    type_card(page, DECLINED)
    pay.click()
    expect(page.get_by_role("alert").filter(has_text="Nothing was taken")).to_contain_text("The card was declined.")
    type_card(page, GOOD)
    pay.click()
    expect(page).to_have_url(shop.welcome)
    assert not [body for body in sent for number in (GOOD, REFUSED, DECLINED) if number in body]
    assert [body for body in sent if "card_setup=seti_" in body]


def test_a_saved_card_pays_without_the_script(server: Server, shop: Shop, page: Page) -> None:
    page.goto(checkout(server, shop, customerId="cust_789"))
    expect(page.get_by_role("group", name="Card", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Pay $49.00").click()
    expect(page).to_have_url(shop.welcome)


def test_the_portal_adds_a_card_that_its_bank_confirms(server: Server, page: Page) -> None:
    with server.client() as client:
        made = client.post("/api/v1/portal/session/", json={"customerId": "cust_789"}).json()
    page.goto(f"{made['customerPortalUrl']}?token={made['token']}")
    expect(page).to_have_url(f"{server.base}/portal")
    page.get_by_text("Add a card").click()
    type_card(page, WANTS_3DS)
    page.get_by_role("button", name="Save card").click()
    page.get_by_role("button", name="Fail authentication").click()
    expect(page.get_by_role("alert")).to_contain_text("authentication failed")
    page.get_by_role("button", name="Save card").click()
    page.get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_role("listitem").filter(has_text="3155")).to_contain_text("expires 12/34")
    assert sorted(methods(server, "cust_789")) == ["3155", "4242"]


def test_without_stripes_script_the_page_says_so(server: Server, shop: Shop, chromium: Browser) -> None:
    address = checkout(server, shop)
    context = chromium.new_context()
    context.route("**/js.stripe.com/**", lambda route: route.abort())
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_role("alert")).to_contain_text("The field for the card did not load.")
    context.close()
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("noscript p")).to_be_visible()
    context.close()

"""The pages in a real Chromium: by keyboard alone, on a phone, in the dark, and from other sites and back to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness import Server, provisioned_sqlite, sqlite_copy, start_server
from tests.pages.chromium import Shop, needs_chromium, watched_page

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("pages")
    running = start_server(
        sqlite_copy(provisioned_sqlite(), folder), folder, gateway_timeout_seconds="1", resolve_after_seconds="1"
    )
    yield running
    running.stop()


@pytest.fixture(params=["desktop", "phone in the dark"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    small = {"viewport": {"width": 360, "height": 700}, "color_scheme": "dark"}
    with watched_page(chromium, **(small if request.param != "desktop" else {})) as opened:
        yield opened


def checkout(server: Server, shop: Shop, **more: object) -> str:
    body = {"planIdentifier": "lifetime-access", "chargePeriod": "ONE_TIME", "successUrl": shop.thanks, **more}
    with server.client() as client:
        return str(client.post("/api/v1/checkout/", json=body).json()["checkoutUrl"])


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_bought_by_keyboard_alone(server: Server, shop: Shop, page: Page) -> None:
    page.goto(checkout(server, shop, features=[{"identifier": "seats", "quantity": 5}]))
    assert fits(page)
    page.keyboard.press("Tab")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.press("Enter")
    # The faults are where one is, and lead to their fields.
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("E-mail")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_accessible_description("Enter your e-mail address.")
    assert fits(page)
    for text in ("ada@example.com", "Ada Lovelace", "Ger", "4000 0000 0000 0002", "12/34", "123"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Pay $49.00")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The card was declined.")
    expect(page.get_by_label("Country")).to_have_value("DE")
    page.get_by_label("Card number").focus()
    for text in ("4242 4242 4242 4242", "12/34", "123"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(shop.welcome)


def test_the_bank_is_asked_and_a_saved_card_is_offered(server: Server, shop: Shop, page: Page) -> None:
    page.goto(checkout(server, shop, customerId="cust_789"))
    expect(page.get_by_label("Card number")).to_be_hidden()
    page.get_by_label("Another card").check()
    page.get_by_label("Card number").fill("4000 0025 0000 3155")
    page.get_by_label("Expiry").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay $49.00").click()
    expect(page.get_by_role("heading", name="Confirm this payment?")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="Yes, pay").click()
    expect(page).to_have_url(shop.welcome)


@pytest.mark.parametrize("page", ["desktop"], indirect=True)
def test_what_is_under_way_settles_by_itself(server: Server, shop: Shop, page: Page) -> None:
    page.goto(checkout(server, shop, email="eve@example.com"))
    page.get_by_label("Full name").fill("Eve")
    page.get_by_label("Card number").fill("4000 0000 0000 0408")
    page.get_by_label("Expiry").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay $49.00").click()
    expect(page.get_by_role("heading", name="Your payment is under way")).to_be_visible()
    expect(page).to_have_url(shop.welcome, timeout=20_000)


def test_the_portal_from_another_site(server: Server, shop: Shop, page: Page) -> None:
    with server.client() as client:
        made = client.post("/api/v1/portal/session/", json={"customerId": "cust_789"}).json()
    link = f"{made['customerPortalUrl']}?token={made['token']}"
    page.goto(shop.welcome)
    page.evaluate("link => { document.body.innerHTML = `<a href='${link}'>Your purchases</a>` }", link)
    page.get_by_role("link", name="Your purchases").click()
    expect(page).to_have_url(f"{server.base}/portal")
    expect(page.get_by_role("heading", name="Your purchases")).to_be_visible()
    assert fits(page)
    page.get_by_text("Add a card").click()
    page.get_by_label("Card number").fill("5555 5555 5555 4444")
    page.get_by_label("Expiry").fill("1/35")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Save card").click()
    saved = page.get_by_role("listitem").filter(has_text="4444")
    expect(saved).to_contain_text("expires 01/35")
    assert fits(page)
    saved.locator("summary").click()
    saved.get_by_role("button", name="Yes, remove it").click()
    expect(page.get_by_role("listitem").filter(has_text="4444")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.goto(f"{server.base}/portal")
    expect(page.get_by_role("heading", name="Please ask for a new link")).to_be_visible()


def test_what_the_doors_serve_is_read_without_another_host(server: Server, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.base}/docs")
    page.get_by_role("link", name="Tollhouse: the Beacon door").click()
    assert fits(page)
    page.get_by_role("navigation", name="Contents").get_by_role("link", name="Record a charge of one customer").click()
    heading = page.get_by_role("heading", name="Record a charge of one customer")
    expect(heading).to_be_in_viewport()
    expect(page.get_by_role("table", name="Body of /charges", exact=True)).to_contain_text("amount required")
    for name in ("enswitch", "kelviq", "admin"):
        page.goto(f"{server.base}/docs/{name}")
        assert fits(page)
    assert len(asked) >= 6
    assert [url for url in asked if not url.startswith(f"{server.base}/")] == []

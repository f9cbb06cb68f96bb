"""The console's main stories in a real Chromium, wide and on a phone, with a screenshot of each step."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.console.looking import look_at
from tests.harness import Server, provisioned_sqlite, sqlite_copy, start_server
from tests.pages.chromium import CHROMIUM, needs_chromium, watched_page

pytestmark = needs_chromium

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("console")
    running = start_server(sqlite_copy(provisioned_sqlite(), folder), folder)
    yield running
    running.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with watched_page(chromium, viewport={"width": 1280, "height": 900}) as opened:
        yield opened


def sign_in(page: Page, server: Server, username: str, password: str = "password") -> None:
    page.goto(f"{server.base}/console/sign-in")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).not_to_have_url(re.compile("sign-in"))


def test_signing_in_by_keyboard_alone(server: Server, page: Page) -> None:
    page.goto(f"{server.base}/console/me")
    look_at(page, "sign-in", "Tollhouse")
    page.get_by_label("Username").focus()
    for text in ("telco", "wrong"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The username or password is wrong.")
    look_at(page, "sign-in-wrong", "Tollhouse")
    page.get_by_label("Password").focus()
    page.keyboard.type("password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="telco")).to_be_visible()
    look_at(page, "me", "telco")
    page.get_by_role("button", name="Sign out", exact=True).last.press("Enter")
    expect(page).to_have_url(f"{server.base}/console/sign-in")


def test_a_customer_is_found_charged_and_refunded(server: Server, page: Page) -> None:
    sign_in(page, server, "user")
    page.get_by_role("link", name="Customers").last.click()
    page.get_by_label("Number, reference, e-mail, name or order").fill("lovelace")
    page.get_by_role("button", name="Find").click()
    look_at(page, "customers-found", "Customers: lovelace")
    page.get_by_role("link", name="Ada Lovelace").click()
    page.get_by_role("link", name="Charge", exact=True).click()
    page.get_by_label("How it settles").select_option("recorded")
    page.get_by_label("Amount").fill("49.00")
    page.get_by_label("What for").fill("Workshop")
    look_at(page, "customer-charge", "Charge Ada Lovelace")
    page.get_by_role("button", name="Rehearse").click()
    expect(page.get_by_text("Nothing has happened yet.")).to_be_visible()
    look_at(page, "customer-rehearsal", "Rehearsal: charge Ada Lovelace")
    page.locator("button[value=confirm]").dblclick()
    expect(page.get_by_role("status")).to_contain_text("Recorded.")
    look_at(page, "customer", "Ada Lovelace")

    page.goto(f"{server.base}/console/transactions")
    expect(page.get_by_role("cell", name="$49.00").first).to_be_visible()
    look_at(page, "transactions", "Transactions")
    page.get_by_role("row").filter(has_text="Workshop").get_by_role("link").first.click()
    look_at(page, "transaction", "$49.00 USD")
    page.get_by_role("link", name="Refund").click()
    page.get_by_label("Amount in USD").fill("50")
    page.get_by_role("button", name="Rehearse").click()
    expect(page.get_by_role("alert")).to_contain_text("At most 49.00 USD are left to be refunded.")
    page.get_by_label("Amount in USD").fill("9.00")
    page.get_by_role("button", name="Rehearse").click()
    look_at(page, "refund-rehearsal", "Rehearsal: refund")
    page.get_by_role("button", name="Refund $9.00 USD").click()
    expect(page.get_by_role("status")).to_be_visible()
    with server.client() as client:
        (charge,) = client.get("/v1/projects/acme/customers?q=cust_789").json()["data"]
    assert charge["charge_summary"]["count"] == 1
    page.goto(f"{server.base}/console")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    look_at(page, "overview", "Overview")


def test_a_key_is_made_shown_once_and_revoked(server: Server, page: Page) -> None:
    sign_in(page, server, "user")
    page.goto(f"{server.base}/console/keys")
    page.get_by_role("link", name="New key").click()
    page.get_by_label("Name").fill("shop-server")
    page.get_by_label("Kind").select_option("secret")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("heading", name="The key is made")).to_be_visible()
    key = page.locator(".secret").inner_text().strip()
    assert key.startswith("sk_")
    assert listed(server, key) == 200
    page.get_by_role("link", name="I have kept it").click()
    assert key not in page.content()
    look_at(page, "keys", "API keys")
    page.get_by_role("link", name="Revoke shop-server").click()
    look_at(page, "key-revoke", "Revoke shop-server?")
    page.get_by_role("button", name="Revoke shop-server").click()
    expect(page.get_by_role("heading", name="API keys")).to_be_visible()
    assert listed(server, key) == 401
    page.goto(f"{server.base}/console/audit")
    expect(page.get_by_text("shop-server").first).to_be_visible()
    assert key not in page.content()
    look_at(page, "audit", "Audit log")


def listed(server: Server, key: str) -> int:
    """What this key gets where it asks for customers."""
    with server.client() as client:
        answer = client.get("/v1/projects/acme/customers", headers={"authorization": f"Bearer {key}"})
        return int(answer.status_code)


def test_a_role_without_privileges_sees_nothing_but_its_own_page(server: Server, page: Page) -> None:
    sign_in(page, server, "north-user")
    expect(page.get_by_role("heading", name="north-user")).to_be_visible()
    assert page.locator(".wide nav a").count() == 0
    for path in ("", "/customers", "/transactions", "/plans/70", "/keys", "/audit"):
        page.goto(f"{server.base}/console{path}")
        assert page.get_by_role("heading", name="Nora").count() == 0
    look_at(page, "not-allowed", "This is not open to you")


def test_everybody_on_a_plan_is_charged_and_watched(server: Server, page: Page) -> None:
    sign_in(page, server, "telco")
    page.goto(f"{server.base}/console/plans")
    look_at(page, "plans", "Plans")
    page.get_by_role("link", name="north-basic").click()
    look_at(page, "plan", "north-basic")
    page.get_by_role("link", name="Charge everybody on it").click()
    page.get_by_label("Name").fill("Router")
    page.get_by_label("Amount").fill("10,00")
    page.get_by_role("button", name="Go on to the rehearsal").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a number such as 12.50.")
    look_at(page, "plan-choose-wrong", "Charge everybody on north-basic")
    page.get_by_label("Amount").fill("10.00")
    page.get_by_role("button", name="Go on to the rehearsal").click()
    expect(page.get_by_role("heading", name="Rehearsal: Router")).to_be_visible()
    look_at(page, "plan-rehearsal", "Rehearsal: Router")
    page.get_by_label("Charge 1 customer").check()
    page.get_by_role("button", name="Sign and charge").click()
    expect(page.get_by_role("heading", name="Everybody was charged")).to_be_visible()
    look_at(page, "plan-run", "Router for everybody on north-basic")


def test_the_menu_on_a_phone(server: Server, chromium: Browser) -> None:
    with watched_page(chromium, **PHONE) as page:
        sign_in(page, server, "telco")
        page.goto(f"{server.base}/console/taxes")
        page.locator("#menu > summary").click()
        look_at(page, "phone-menu", "Taxes")
        page.get_by_role("link", name="Exchange rates").first.click()
        expect(page.get_by_role("heading", name="Exchange rates")).to_be_visible()
        look_at(page, "phone-rates", "Exchange rates")


def test_without_scripts_a_run_is_watched_and_ended_all_the_same(server: Server, chromium: Browser) -> None:
    with watched_page(chromium, java_script_enabled=False) as page:
        sign_in(page, server, "telco")
        page.goto(f"{server.base}/console/plans/70/charge")
        page.get_by_label("Name").fill("Line")
        page.get_by_label("Amount").fill("2")
        page.get_by_role("button", name="Go on to the rehearsal").click()
        page.get_by_label("Charge 1 customer").check()
        page.get_by_role("button", name="Sign and charge").click()
        expect(page.get_by_role("heading", name="Everybody was charged")).to_be_visible(timeout=30_000)

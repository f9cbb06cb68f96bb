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
    look_at(page, "sign-in")
    page.get_by_label("Username").focus()
    for text in ("telco", "wrong"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The username or password is wrong.")
    look_at(page, "sign-in-wrong")
    page.get_by_label("Password").focus()
    page.keyboard.type("password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="telco")).to_be_visible()
    look_at(page, "me")
    page.get_by_role("button", name="Sign out", exact=True).last.press("Enter")
    expect(page).to_have_url(f"{server.base}/console/sign-in")


def test_everybody_on_a_plan_is_charged_and_watched(server: Server, page: Page) -> None:
    sign_in(page, server, "telco")
    page.goto(f"{server.base}/console/plans")
    look_at(page, "plans")
    page.get_by_role("link", name="north-basic").click()
    look_at(page, "plan")
    page.get_by_role("link", name="Charge everybody on it").click()
    page.get_by_label("Name").fill("Router")
    page.get_by_label("Amount").fill("10,00")
    page.get_by_role("button", name="Go on to the rehearsal").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a number such as 12.50.")
    look_at(page, "plan-choose-wrong")
    page.get_by_label("Amount").fill("10.00")
    page.get_by_role("button", name="Go on to the rehearsal").click()
    expect(page.get_by_role("heading", name="Rehearsal: Router")).to_be_visible()
    look_at(page, "plan-rehearsal")
    page.get_by_label("Charge 1 customer").check()
    page.get_by_role("button", name="Sign and charge").click()
    expect(page.get_by_role("heading", name="Everybody was charged")).to_be_visible()
    look_at(page, "plan-run")


def test_the_menu_on_a_phone(server: Server, chromium: Browser) -> None:
    with watched_page(chromium, **PHONE) as page:
        sign_in(page, server, "telco")
        page.goto(f"{server.base}/console/taxes")
        page.locator("#menu > summary").click()
        look_at(page, "phone-menu")
        page.get_by_role("link", name="Exchange rates").first.click()
        expect(page.get_by_role("heading", name="Exchange rates")).to_be_visible()
        look_at(page, "phone-rates")


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

"""A server, the way to it, a site with the tag, and visitors of the site with a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.apis.tag.site import Site, Visitor, Way, serving
from tests.harness import Server, provisioned_sqlite, sqlite_copy, start_server
from tests.pages.chromium import CHROMIUM


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    options = ["--no-sandbox", "--host-resolver-rules=MAP shop.test 127.0.0.1"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tag")
    running = start_server(sqlite_copy(provisioned_sqlite(), folder), folder)
    yield running
    running.stop()


@pytest.fixture
def way(server: Server) -> Iterator[Way]:
    way = Way(server)
    with serving(way):
        yield way


@pytest.fixture
def site(way: Way) -> Iterator[Site]:
    site = Site(way)
    with serving(site):
        yield site


@pytest.fixture
def visitor(browser: Browser, site: Site) -> Iterator[Visitor]:
    """Somebody with a browser of their own, in which nothing may be thrown."""
    with ExitStack() as left, browser.new_context() as context:
        context.set_default_timeout(30_000)
        visitor = Visitor(context, site)
        left.callback(visitor.leave)
        yield visitor

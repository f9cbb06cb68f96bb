"""What tests with a real Chromium share: where it is, a page that is watched, and a seller's site."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")

# How long a page may take to come to what is expected of it; no measure of speed.
expect.set_options(timeout=30_000)

needs_chromium = pytest.mark.skipif(
    not CHROMIUM, reason="There is no Chromium here: the pages are not looked at in one."
)


@contextmanager
def watched_page(chromium: Browser, **options: Any) -> Iterator[Page]:
    """A page of a browser. Nothing may be refused by a page's policy, or be wrong otherwise."""
    context = chromium.new_context(**options)
    context.set_default_timeout(30_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(error.message))
    yield opened
    context.close()
    assert [text for text in complaints if "status of 4" not in text] == []


class Shop(ThreadingHTTPServer):
    """The seller's site: at one name it leads on to the other, which is another site than ours."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _ShopPages)
        self.thanks = f"http://127.0.0.1:{self.server_port}/thanks"
        self.welcome = f"http://localhost:{self.server_port}/welcome"


class _ShopPages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        shop = self.server
        assert isinstance(shop, Shop)
        leads_on = self.path == "/thanks"
        self.send_response(302 if leads_on else 200)
        self.send_header("location" if leads_on else "content-type", shop.welcome if leads_on else "text/html")
        self.end_headers()
        self.wfile.write(b"" if leads_on else b'<link rel="icon" href="data:,"><h1>Shop</h1>')

    def log_message(self, *_: Any) -> None:
        pass

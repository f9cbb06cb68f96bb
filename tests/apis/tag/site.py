"""What tests of the tag share: a site of another origin that has it, and the way from there to the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import msgspec
from playwright.sync_api import BrowserContext, Page

from tests.harness import Server

WAIT_SECONDS = 60

#: As sites have it, from the vendor's pages.
STUB = "window.cp=window.cp||function(){(cp.q=cp.q||[]).push(arguments)};"


class Sent(msgspec.Struct):
    """A POST that set out for the server, and what became of it: its status, 0 where no answer came back."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float
    answered_at: float = 0.0
    status: int = 0
    replayed: bool = False

    @property
    def is_beacon(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/plain")

    @property
    def key(self) -> str | None:
        return self.headers.get("idempotency-key") or self.body.get("idempotency_key")


#: Says of a POST that sets out: `pass`, `lose` (it arrives, its answer does not), `shut` (it does not arrive), or a
#: status that something on the way answers instead.
Fate = Callable[[Sent], str]


def always(fate: str) -> Fate:
    return lambda _: fate


def one_by_one(*fates: str) -> Fate:
    """One for each POST; from then on they pass."""
    left = iter(fates)
    return lambda _: next(left, "pass")


class Way(ThreadingHTTPServer):
    """The network between a browser and the server; `fate` says what happens on it to each POST."""

    daemon_threads = True

    def __init__(self, server: Server) -> None:
        super().__init__(("127.0.0.1", 0), _OnTheWay)
        self.base = f"http://127.0.0.1:{self.server_port}"
        self.onward = server.client(key=None)
        self.sent: list[Sent] = []
        self.preflights: list[str] = []
        self.fate: Fate = always("pass")

    def server_close(self) -> None:
        super().server_close()
        self.onward.close()

    def handle_error(self, *_: Any) -> None:
        """Browsers leave without waiting for what they asked for."""

    def paths(self) -> list[str]:
        return [sent.path for sent in self.sent]


class _OnTheWay(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._hand_on(b"")

    def do_OPTIONS(self) -> None:
        self._way().preflights.append(self.path)
        self._hand_on(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        sent = Sent(self.path, headers, msgspec.json.decode(body), time.monotonic())
        fate = self._way().fate(sent)
        self._way().sent.append(sent)
        if fate == "pass":
            self._hand_on(body, sent)
        elif fate == "lose":
            self._ask(body)
        elif fate != "shut":
            self._answer_instead(int(fate))

    def _way(self) -> Way:
        assert isinstance(self.server, Way)
        return self.server

    def _ask(self, body: bytes) -> httpx.Response:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        return self._way().onward.request(self.command, self.path, headers=headers, content=body)

    def _hand_on(self, body: bytes, sent: Sent | None = None) -> None:
        answer = self._ask(body)
        if sent is not None:
            sent.replayed = "idempotency-replayed" in answer.headers
            sent.status = answer.status_code
            sent.answered_at = time.monotonic()
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name not in ("content-encoding", "content-length", "connection"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def _answer_instead(self, status: int) -> None:
        self.send_response(status)
        self.send_header("access-control-allow-origin", "*")
        self.send_header("access-control-expose-headers", "Retry-After")
        if status == 503:
            self.send_header("retry-after", "1")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class Site(ThreadingHTTPServer):
    """Somebody's web site, at another origin than the server: each of its pages has the tag and a button to buy.

    A page of `shop.test` is no secure context: browsers keep some of what the tag uses from it.
    """

    daemon_threads = True

    def __init__(self, way: Way) -> None:
        super().__init__(("127.0.0.1", 0), _SitePages)
        self.base = f"http://localhost:{self.server_port}"
        self.insecure_base = f"http://shop.test:{self.server_port}"
        self.way = way
        self.script = ""

    def html(self) -> str:
        return (
            '<!doctype html><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">'
            f"<script>{STUB}{self.script}</script>"
            f'<script async src="{self.way.base}/js/app.js"></script>'
            """<button onclick="cp('charge', {amount: 1999})">Buy</button>"""
        )


class _SitePages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Site)
        body = self.server.html().encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(opened: ThreadingHTTPServer) -> Iterator[None]:
    with opened:
        threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield
        opened.shutdown()


def until(condition: Callable[[], object], page: Page | None = None) -> None:
    """Waits for something to become true, and fails when it does not."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        if page is None:
            time.sleep(0.01)
        else:
            page.wait_for_timeout(10)


class Visitor:
    """Somebody with a browser, what its console says, and what was thrown on its pages."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.context = context
        self.site = site
        self.said: list[str] = []
        self.thrown: list[str] = []

    def opens(self, path: str = "/", *, base: str | None = None, script: str | None = None) -> Page:
        """A page of the site in a tab of its own. `script` is what the page says before the tag is there."""
        if script is not None:
            self.site.script = script
        page = self.context.new_page()
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.thrown.append(error.message))
        page.goto((base or self.site.base) + path)
        return page

    def warnings(self) -> list[str]:
        return [text for text in self.said if text.startswith("cp: ")]

    def leave(self) -> None:
        assert self.thrown == []


def waiting(page: Page) -> int:
    """How many calls the tag keeps."""
    return int(page.evaluate("Object.keys(localStorage).filter((name) => name.includes(':call:')).length"))


def settled(page: Page) -> None:
    """The tag has nothing left to send."""
    until(lambda: page.evaluate("window.cp.isTollhouse === true") and waiting(page) == 0, page)

"""A whole story as a merchant lives it: what the SDKs do not do is done here by plain HTTP.

The catalog is set up, a customer buys on the checkout page like a browser without JavaScript, and events are received.
"""

from __future__ import annotations

import html
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.harness import Server

SECRET = "kq_whsec_story"

TENANT = """
[tenant]
slug = "story"
currency = "USD"
private_webhooks = true

[[keys]]
name = "server"
secret = "sk_test_story"

[[keys]]
name = "browser"
kind = "client"
secret = "ck_test_story"

[[webhook_endpoints]]
url = "{url}"
secret = "{secret}"
events = ["*"]
"""


class Received:
    """What came to a webhook endpoint: headers and body of each delivery, in the order in which they came."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    def wait_about(self, customer: str, count: int, seconds: float = 20) -> list[tuple[dict[str, str], bytes]]:
        """The first deliveries about this customer, in order; what comes about others comes before and between."""
        name = json.dumps(customer).encode()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            about = [delivery for delivery in list(self.deliveries) if name in delivery[1]]
            if len(about) >= count:
                break
            time.sleep(0.02)
        return about


@contextmanager
def receiving() -> Iterator[Received]:
    """An endpoint on loopback."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.deliveries.append((dict(self.headers.items()), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    received.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Catalog:
    """A product with a seat-priced one-time plan in two currencies, and a boolean feature that comes with it."""

    def __init__(self, server: Server) -> None:
        with server.client("sk_test_story") as client:
            self._post = self._posting(client)
            self.product = self._post("products/", 201, name="Story", taxCode="saas")
            self.seats = self._post(
                "features/",
                201,
                name="Seats",
                featureType="METER",
                featureDetails={
                    "featureSubType": "PRE_AGGREGATED_USAGE",
                    "units": {"singular": "seat", "plural": "seats"},
                },
            )
            self.support = self._post("features/", 201, name="Support", featureType="BOOLEAN")
            self.plan = self._post("plans/", 201, name="Lifetime", product=self.product["id"])
            self.identifier = self.plan["identifier"]
            self._post(f"plans/{self.identifier}/prices/bulk/", 200, prices=[self._price("USD"), self._price("EUR")])
            self._post(
                f"plans/{self.identifier}/features/",
                201,
                planEntitlements=[
                    {"feature": self.support["id"], "details": {"value": True}},
                    {"feature": self.seats["id"], "details": {"value": 1}},
                ],
            )
            assert self._post(f"plans/{self.identifier}/publish/", 200) == {"status": "published"}

    @staticmethod
    def _posting(client: httpx.Client) -> Callable[..., Any]:
        def post(path: str, wanted: int, **body: Any) -> Any:
            response = client.post(f"/api/v1/catalog/{path}", json=body)
            assert response.status_code == wanted, response.text
            return response.json()

        return post

    def _price(self, currency: str) -> dict[str, Any]:
        """40.00, and 2.50 a seat."""
        once = {"chargePeriod": "ONE_TIME"}
        return {
            "priceType": "PAID",
            "currency": currency,
            "taxBehavior": "EXCLUSIVE",
            "chargeCatalogPrice": [
                {"feature": None, "priceModel": "FLAT", "charges": [{**once, "priceData": {"amount": 40.0}}]},
                {
                    "feature": self.seats["id"],
                    "priceModel": "FLAT",
                    "paymentType": "ADVANCE_COMMITMENT",
                    "charges": [{**once, "priceData": {"amount": 2.5}}],
                },
            ],
        }


class _Forms(HTMLParser):
    """The forms of a page: where they go, and their fields with the values they have."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str], dict[str, str]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append((given.get("action", ""), {}, {}))
        elif tag in ("input", "select", "textarea", "button") and self.forms and "name" in given:
            _, values, purposes = self.forms[-1]
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                values.setdefault(given["name"], given.get("value", ""))
            if "autocomplete" in given:
                purposes[given["autocomplete"].split()[-1]] = given["name"]


def pay_on_page(url: str, **filled: str) -> str:
    """Open a checkout page and send its card form; where the page then leads.

    `filled` names fields by what they are for (cc_number, email …).
    """
    with httpx.Client(trust_env=False, timeout=30) as browser:
        page = browser.get(url)
        assert page.status_code == 200, page.text
        parser = _Forms()
        parser.feed(page.text)
        (action, values, purposes) = next(form for form in parser.forms if "cc-number" in form[2])
        for purpose, value in filled.items():
            values[purposes[purpose.replace("_", "-")]] = value
        answer = browser.post(urljoin(url, action or url), data=values)
        return _end(browser, url, answer)


def _end(browser: httpx.Client, url: str, answer: httpx.Response) -> str:
    """Where a browser is taken, by redirects and refreshes, when it leaves the server of this address."""
    ours = urljoin(url, "/")
    while True:
        refresh = re.search('http-equiv="refresh" content="[0-9]+;url=([^"]+)"', answer.text)
        target = answer.headers["location"] if answer.status_code == 303 else refresh and html.unescape(refresh[1])
        assert target, answer.text
        target = urljoin(url, target)
        if not target.startswith(ours):
            return target
        answer = browser.get(target)


CARD = {"cc_number": "4242 4242 4242 4242", "cc_exp": "12 / 39", "cc_csc": "123", "country": "US"}

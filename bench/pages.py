"""The console's pages over 1,000,000 transactions beside an almost empty store: what each takes.

Both are asked in turn in one run, by somebody who has signed in. The small store has a page full of everything, so that
what is shown is as long; the large one has 1,000,000 charges of 100,000 customers over nearly two years.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from rich.console import Console
from rich.table import Table

from bench.growing import SECOND, grow, settle
from bench.grown import FULL, QUICK, Size
from bench.machine import load_average, machine, versions
from bench.servers import Server, serving_tollhouse
from bench.stores import Place
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

RESULTS = Path(__file__).parent / "pages.json"
TENANT, CURRENCY = 1, "USD"
SMALL = Size(60, 120)
MINUTE = 60 * SECOND
#: Requests of each page, on either store, in so many turns.
ASKED, TURNS = 48, 12

Places = Mapping[str, Callable[[Path], AbstractContextManager[Place]]]


@dataclass(frozen=True)
class Page:
    """How long a page took, in milliseconds, median and 95th of a hundred: of the small store and of the large one."""

    store: str
    name: str
    small: tuple[float, float]
    large: tuple[float, float]

    @property
    def ratio(self) -> float:
        return self.large[0] / self.small[0]


class Side:
    """One store with its server, and somebody who has signed in."""

    def __init__(self, place: Place, server: Server, size: Size) -> None:
        since = int(time.time()) * SECOND - size.charges * MINUTE
        with closing(SqlStore(store_url(place.url))) as store:
            self.customer = grow(
                store,
                TENANT,
                CURRENCY,
                customers=size.customers,
                charges=size.charges,
                since=since,
                apart=MINUTE,
            )
            settle(store)
        self.customers = size.customers
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self._cookie = self._signed_in()

    def get(self, path: str) -> str:
        try:
            return self._get(path)
        except http.client.RemoteDisconnected:
            # The server closes what nobody uses for a while, such as while the other store is made.
            self._connection.close()
            return self._get(path)

    def _get(self, path: str) -> str:
        self._connection.request("GET", f"/console{path}", headers={"Cookie": self._cookie})
        response = self._connection.getresponse()
        body = response.read().decode()
        assert response.status == 200, (path, response.status, body)
        return body

    def timed(self, path: str) -> float:
        """In milliseconds."""
        started_at = time.perf_counter()
        self.get(path)
        return (time.perf_counter() - started_at) * 1e3

    def pages(self) -> dict[str, str]:
        """The path of each page, by what it shows."""
        newest = self._link("/transactions", "/console/transactions/")
        middle = self.customer + self.customers // 2
        return {
            "overview, 30 days": "",
            "overview, 12 months": "?period=12m",
            "customers": "/customers",
            "customers, further on": f"/customers?after={middle}",
            "customers by number": f"/customers?q={middle}",
            "customers by how all begin": "/customers?q=name",
            "customers by e-mail": f"/customers?q=g{middle}@example.com",
            "a customer": f"/customers/{middle}",
            "transactions": "/transactions",
            "transactions, further back": self._link("/transactions", "/console/transactions?"),
            "transactions of a door": "/transactions?door=beacon",
            "transactions of an amount": "/transactions?amount=17.00&amount_to=17.50",
            "transactions of no door": "/transactions?door=kelviq",
            "transactions of a customer": f"/transactions?customer={middle}",
            "a transaction": newest,
            "charges": "/charges",
            "payments": "/payments",
            "plans": "/plans",
            "a plan": "/plans/7",
            "products": "/products",
            "taxes": "/taxes",
            "exchange rates": "/rates",
            "webhooks": "/webhooks",
            "API keys": "/keys",
            "people": "/people",
            "roles": "/roles",
            "audit log": "/audit",
            "you": "/me",
        }

    def _link(self, path: str, begins: str) -> str:
        """The first link of a page that begins so."""
        found = re.search(f'href="({re.escape(begins)}[^"]+)"', self.get(path))
        assert found is not None, (path, begins)
        return found[1].removeprefix("/console").replace("&amp;", "&")

    def _signed_in(self) -> str:
        body = urlencode({"username": "user", "password": "password"})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", "/console/sign-in", body, headers)
        response = self._connection.getresponse()
        response.read()
        assert response.status == 303, response.status
        return str(response.headers["Set-Cookie"]).partition(";")[0]


def measure_pages(console: Console, folder: Path, places: Places, options: argparse.Namespace) -> None:
    about: dict[str, Any] = {
        "measured at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "machine": machine(folder),
        "load average before": load_average(),
    }
    size = QUICK if options.quick else FULL
    pages: list[Page] = []
    for name in options.store or places:
        with ExitStack() as running:
            small = _side(running, folder / f"{name}-small", places[name], SMALL)
            large = _side(running, folder / f"{name}-large", places[name], size)
            of_small = small.pages()
            for what, path in large.pages().items():
                pages.append(_page(what, (small, large), (of_small[what], path), name))
                console.print(_line(pages[-1]), highlight=False)
    about["load average after"] = load_average()
    console.print(_table(pages))
    results = {**about, "size": vars(size), "small": vars(SMALL), "pages": [vars(page) for page in pages]}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def _side(running: ExitStack, folder: Path, place: Callable[[Path], AbstractContextManager[Place]], size: Size) -> Side:
    folder.mkdir()
    made = running.enter_context(place(folder))
    return Side(made, running.enter_context(serving_tollhouse(folder, made.name, made.url)), size)


def _page(name: str, sides: tuple[Side, Side], paths: tuple[str, str], store: str) -> Page:
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS):
        for side, path, times in zip(sides, paths, took, strict=True):
            times.extend(side.timed(path) for _ in range(ASKED // TURNS))
    return Page(store, name, _p50_p95(took[0]), _p50_p95(took[1]))


def _p50_p95(times: list[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100]


def _line(page: Page) -> str:
    small, large = (f"{p50:.1f} / {p95:.1f}" for p50, p95 in (page.small, page.large))
    return f"{page.store}, {page.name}: {large} ms, almost empty {small} ms, {page.ratio:.2f} times"


def _table(pages: list[Page]) -> Table:
    table = Table("store", "page", title="The console's pages, in ms; the ratio is of the medians")
    for heading in ("small p50", "p95", "large p50", "p95", "ratio"):
        table.add_column(heading, justify="right")
    for page in pages:
        times = [f"{ms:.2f}" for ms in (*page.small, *page.large)]
        table.add_row(page.store, page.name, *times, f"[bold]{page.ratio:.2f}[/]")
    return table

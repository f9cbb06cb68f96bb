"""A store of a million charges beside an empty one: what a charge costs there, and what each list takes.

Both are driven in turn in one run. The grown store has as many charges again of one customer alone.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.table import Table

from bench import traffic
from bench.cases import CLIENTS
from bench.generator import Generator
from bench.growing import FAMILIES, NAMES, grow, settle
from bench.machine import load_average, machine, versions
from bench.report import shown
from bench.rounds import Comparison, Effort, Figures, in_turn
from bench.servers import Server, serving_tollhouse, tollhouse
from bench.stores import Place
from bench.traffic import KEY, Traffic
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

RESULTS = Path(__file__).parent / "grown.json"
TENANT, SLUG, CURRENCY = 1, "bench", "USD"
LISTED = f"/v1/projects/{SLUG}"
PAGE = 50
#: Requests of each list, on either store.
ASKED = 400
TURNS = 8

Places = Mapping[str, Callable[[Path], AbstractContextManager[Place]]]


@dataclass(frozen=True)
class Size:
    customers: int
    charges: int


FULL, QUICK, SMALL = Size(100_000, 1_000_000), Size(10_000, 100_000), Size(1, 10)


@dataclass(frozen=True)
class Read:
    """How long a list took, in milliseconds: of the empty store and of the grown one."""

    store: str
    name: str
    empty: tuple[float, float]
    grown: tuple[float, float]


class Side:
    """One store with its server."""

    def __init__(self, place: Place, server: Server, size: Size) -> None:
        self.server = server
        self.size = size
        with closing(SqlStore(store_url(place.url))) as store:
            self.first = grow(store, TENANT, CURRENCY, customers=size.customers, charges=size.charges)
            self.busy = grow(store, TENANT, CURRENCY, customers=1, charges=size.charges)
            settle(store)
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def get(self, path: str) -> Any:
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {KEY}"})
        response = self.connection.getresponse()
        body = response.read()
        assert response.status == 200, (path, response.status, body)
        return json.loads(body)

    def timed(self, path: str) -> float:
        """In milliseconds."""
        started_at = time.perf_counter()
        self.get(path)
        return (time.perf_counter() - started_at) * 1e3

    def uid(self, number: int) -> str:
        return str(self.get(f"{LISTED}/customers?q=g{number}")["data"][0]["id"])

    def lists(self, chance: random.Random) -> dict[str, Callable[[], str]]:
        """For each list, what makes the next path of it."""
        customers, charges = self.size.customers, self.size.charges
        some = [self.uid(self.first + chance.randrange(customers)) for _ in range(min(100, customers))]
        busy = self.uid(self.busy)

        def search(make: Callable[[], str]) -> Callable[[], str]:
            return lambda: f"{LISTED}/customers?q={quote(make())}"

        def number() -> int:
            return self.first + chance.randrange(customers)

        return {
            "the project": lambda: LISTED,
            "customers, any page": lambda: f"{LISTED}/customers?page={1 + chance.randrange(-(-customers // PAGE))}",
            "customers by user_id": search(lambda: f"G{number()}"),
            "customers by e-mail": search(lambda: f"g{number()}@example.com"),
            "customers by how some begin": search(lambda: f"g{number() // 10}"),
            "customers by how all begin": lambda: f"{LISTED}/customers?q=g&page={1 + chance.randrange(200)}",
            "customers by a word": search(lambda: f"family{chance.randrange(FAMILIES)}"),
            "customers by two words": search(lambda: f"name{chance.randrange(NAMES)} fam"),
            "customers by nothing that is": search(lambda: f"nobody {number()}"),
            "charges of a customer": lambda: f"/v1/customers/{chance.choice(some)}/charges",
            "charges of the largest, any page": lambda: (
                f"/v1/customers/{busy}/charges?page={1 + chance.randrange(-(-charges // PAGE))}"
            ),
        }


def measure_grown(
    console: Console, folder: Path, places: Places, generator: Generator, options: argparse.Namespace
) -> None:
    about: dict[str, Any] = {
        "measured at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "machine": machine(folder),
        "load average before": load_average(),
    }
    effort, size = (Effort(3, 2), QUICK) if options.quick else (Effort(7, 4), FULL)
    reads: list[Read] = []
    charges: list[Comparison] = []
    for name in options.store or places:
        with ExitStack() as running:
            empty_place, empty = running.enter_context(_side(folder / f"{name}-empty", places[name], SMALL))
            grown_place, grown = running.enter_context(_side(folder / f"{name}-grown", places[name], size))
            store = empty_place.name
            for read in _reads(store, empty, grown):
                reads.append(read)
                console.print(_line(read), highlight=False)
            charges.append(_charges(store, generator, empty, grown, effort))
            console.print(f"{store}: a charge at {shown(charges[-1].ratio)} of the rate of an empty store")
            books = [tollhouse(place.url, "verify").strip().splitlines()[-1] for place in (empty_place, grown_place)]
            about[f"{store} {empty_place.version}"] = {**empty_place.settings, "books": " ".join(books)}
    about["load average after"] = load_average()
    console.print(_table(reads))
    results = {
        **about,
        "size": vars(size),
        "charges": [c.as_json() for c in charges],
        "reads": [vars(r) for r in reads],
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


@contextmanager
def _side(
    folder: Path, place: Callable[[Path], AbstractContextManager[Place]], size: Size
) -> Iterator[tuple[Place, Side]]:
    folder.mkdir()
    with place(folder) as made, serving_tollhouse(folder, made.name, made.url) as server:
        yield made, Side(made, server, size)


def _reads(store: str, empty: Side, grown: Side) -> Iterator[Read]:
    chance = random.Random(1)
    of_empty, of_grown = empty.lists(chance), grown.lists(chance)
    for name in of_grown:
        took: tuple[list[float], list[float]] = ([], [])
        for _ in range(TURNS):
            for side, paths, times in ((empty, of_empty, took[0]), (grown, of_grown, took[1])):
                times.extend(side.timed(paths[name]()) for _ in range(ASKED // TURNS))
        yield Read(store, name, _p50_p99(took[0]), _p50_p99(took[1]))


def _p50_p99(times: list[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]


def _charges(store: str, generator: Generator, empty: Side, grown: Side, effort: Effort) -> Comparison:
    """Half of the customers are new in each round; the others came in the round before, or are any of the grown
    store's."""

    def drive(side: Side, sent: Traffic) -> Any:
        return generator.drive(side.server.port, sent, clients=CLIENTS, seconds=effort.seconds)

    def of_grown(turn: int) -> Traffic:
        return traffic.charges_among(turn, grown.first, grown.size.customers)

    drive(empty, traffic.charges(0))
    drive(grown, of_grown(0))
    before = grown.server.batches()
    ours, theirs = in_turn(
        effort, lambda turn: drive(grown, of_grown(turn)), lambda turn: drive(empty, traffic.charges(turn))
    )
    commands, batches = (b - a for a, b in zip(before, grown.server.batches(), strict=True))
    sides = Figures.of(ours), Figures.of(theirs)
    return Comparison(store, "POST /charges", CLIENTS, "empty store", *sides, commands / batches)


def _line(read: Read) -> str:
    empty, grown = (f"{p50:.1f} / {p99:.1f}" for p50, p99 in (read.empty, read.grown))
    return f"{read.store}, {read.name}: {grown} ms, empty {empty} ms"


def _table(reads: list[Read]) -> Table:
    table = Table("store", "list", title="Lists, in ms; the ratio is of the medians")
    for heading in ("empty p50", "p99", "grown p50", "p99", "ratio"):
        table.add_column(heading, justify="right")
    for read in reads:
        times = [f"{ms:.2f}" for ms in (*read.empty, *read.grown)]
        table.add_row(read.store, read.name, *times, f"[bold]{read.grown[0] / read.empty[0]:.1f}[/]")
    return table

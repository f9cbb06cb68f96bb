"""SIGKILL in the middle of load through every door: what was answered is there once, and nothing is half done.

A door joins by a Caller below. Every call charges an amount of its own, so that the books tell which calls they hold.
"""

from __future__ import annotations

import itertools
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.harness import ACME, Postgres, Server, migrated_sqlite, prepared, sqlite_copy, start_server
from tollhouse import crash_points
from tollhouse.ledger.facts import CustomerTagFact, CustomerTraitFact, TrackedEventFact, TransactionFact
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

TENANT = (
    ACME
    + """
[[plans]]
identifier = "any-amount"

  [[plans.prices]]
  currency = "USD"
  price_type = "CUSTOM"
"""
)
SETTINGS = {"gateway_timeout_seconds": "1", "resolve_after_seconds": "0"}
SETTLE_SECONDS = 30

TOLD = {"events": [{"action": "Bought"}], "tags": ["paying"], "custom_attributes": {"plan": "pro"}, "name": "Ada"}

CHARGED, NOT_CHARGED, OPEN = "charged", "not charged", "open"

#: Makes the call of this number, with idempotency keys made from the last argument or without; what was answered.
Caller = Callable[[httpx.Client, int, str | None], str]


def keyed(key: str | None, step: str = "") -> dict[str, str]:
    return {} if key is None else {"Idempotency-Key": key + step}


def beacon(client: httpx.Client, number: int, key: str | None) -> str:
    """Half of them with all else that may be told of a customer."""
    body: dict[str, Any] = {"user_id": f"u{number % 5}", "amount": number}
    if number % 2:
        body = {"user_id": f"u{number % 5}", "charges": [{"amount": number}], **TOLD}
    reply = client.post("/track" if number % 2 else "/charges", json=body, headers=keyed(key))
    assert reply.status_code == 200, reply.text
    return CHARGED


def enswitch(client: httpx.Client, number: int, key: str | None) -> str:
    """Creates a charge and charges it: two calls, each with a key of its own."""
    login = {"auth_username": "user", "auth_password": "password"}
    create = {**login, "name": "Router", "customer": "123", "amount": f"{number / 100:.2f}"}
    created = client.post("/api/json/charges/create/", data=create, headers=keyed(key, " create")).json()
    assert created["responses"][0]["code"] == "200", created
    charge = {**login, "id": str(created["data"]["id"])}
    charged = client.post("/api/json/charges/charge/", data=charge, headers=keyed(key, " charge")).json()
    assert charged["responses"][0]["code"] == "204", charged
    return CHARGED


def kelviq(client: httpx.Client, number: int, key: str | None) -> str:
    """504 says that the outcome is not known yet, to be asked again; 400 that the gateway was never called."""
    body = {
        "planIdentifier": "any-amount",
        "chargePeriod": "ONE_TIME",
        "customerId": "cust_789",
        "currencyCode": "USD",
        "customAmount": number / 100,
    }
    reply = client.post("/api/v1/charges/", json=body, headers=keyed(key))
    if reply.status_code == 400:
        assert reply.json()["code"] == "payment_not_completed", reply.text
    return {201: CHARGED, 400: NOT_CHARGED, 504: OPEN}[reply.status_code]


CALLERS: dict[str, Caller] = {"beacon": beacon, "enswitch": enswitch, "kelviq": kelviq}


class Load:
    """Calls through every door from a few threads; knows which were answered and which were not."""

    def __init__(self, with_keys: bool) -> None:
        self._with_keys = with_keys
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.answered: dict[str, set[int]] = {name: set() for name in CALLERS}
        self.unanswered: dict[str, set[int]] = {name: set() for name in CALLERS}
        self.not_charged: dict[str, set[int]] = {name: set() for name in CALLERS}

    def run(self, server: Server, kill_after: int) -> None:
        """Call until the server is killed: when so many more calls were answered, some of them through every door."""
        goal = self._count() + kill_after
        before = {name: len(numbers) for name, numbers in self.answered.items()}

        def is_enough() -> bool:
            return self._count() >= goal and all(len(self.answered[name]) > before[name] for name in CALLERS)

        with ThreadPoolExecutor(2 * len(CALLERS)) as pool:
            calling = [pool.submit(self._call_until_killed, server, name) for name in [*CALLERS, *CALLERS]]
            while not is_enough() and not any(future.done() for future in calling):
                time.sleep(0.001)
            server.kill()
            for future in calling:
                future.result()

    def call_again(self, server: Server) -> None:
        """What was not answered, with the same keys, until it is."""
        with server.client() as client:
            for name, numbers in self.unanswered.items():
                for number in sorted(numbers):
                    self._note(name, number, self._settled(client, name, number))

    def _settled(self, client: httpx.Client, name: str, number: int) -> str:
        until = time.monotonic() + SETTLE_SECONDS
        while (outcome := CALLERS[name](client, number, self._key(number))) == OPEN:
            assert time.monotonic() < until, f"call {number} through {name} stayed open"
            time.sleep(0.05)
        return outcome

    def _note(self, name: str, number: int, outcome: str) -> None:
        if outcome != OPEN:
            with self._lock:
                self.unanswered[name].remove(number)
                (self.answered if outcome == CHARGED else self.not_charged)[name].add(number)

    def _call_until_killed(self, server: Server, name: str) -> None:
        with server.client() as client:
            while True:
                with self._lock:
                    number = next(self._numbers)
                    self.unanswered[name].add(number)
                try:
                    outcome = CALLERS[name](client, number, self._key(number))
                except httpx.TransportError:
                    return
                self._note(name, number, outcome)

    def _key(self, number: int) -> str | None:
        return f"call {number}" if self._with_keys else None

    def _count(self) -> int:
        return sum(map(len, self.answered.values()))


class Books:
    """What the store holds."""

    def __init__(self, url: str) -> None:
        self.url = url

    def charged(self) -> dict[str, Counter[int]]:
        """The amounts charged through each door, before tax, and how often."""
        found: dict[str, Counter[int]] = {name: Counter() for name in CALLERS}
        with closing(SqlStore(store_url(self.url))) as store, store.reading(1) as reader:
            for transaction in reader.find(TransactionFact, kind="charge"):
                found[transaction.origin][transaction.net_minor] += 1
        return found

    def told(self) -> int:
        """How many events, tags and traits customers have."""
        with closing(SqlStore(store_url(self.url))) as store, store.reading(1) as reader:
            return sum(reader.count(kind) for kind in (TrackedEventFact, CustomerTagFact, CustomerTraitFact))

    def differences(self) -> list[str]:
        with closing(SqlStore(store_url(self.url))) as store:
            return verify(store).differences


@pytest.fixture
def books(engine: str, request: pytest.FixtureRequest) -> Iterator[Books]:
    with tempfile.TemporaryDirectory(prefix="tollhouse-") as folder:
        if engine == "sqlite":
            url = sqlite_copy(migrated_sqlite(), Path(folder))
        else:
            postgres: Postgres = request.getfixturevalue("postgres")
            url = postgres.empty()
        with closing(SqlStore(store_url(url))) as store:
            prepared(store, TENANT)
        yield Books(url)


def kill_often(books: Books, folder: Path, *, kills: int, with_keys: bool) -> None:
    load = Load(with_keys)
    chance = random.Random(7)
    for _ in range(kills):
        server = start_server(books.url, folder, **SETTINGS)
        try:
            if with_keys:
                load.call_again(server)
            load.run(server, kill_after=chance.randint(5, 60))
        finally:
            server.kill()
        assert books.differences() == []
        charged = books.charged()
        for name, numbers in charged.items():
            assert load.answered[name] <= set(numbers), f"{name} lost a charge that it had answered"
            assert set(numbers.values()) <= {1}, f"{name} charged twice"
            assert set(numbers) <= load.answered[name] | load.unanswered[name]
    if with_keys:
        server = start_server(books.url, folder, **SETTINGS)
        try:
            load.call_again(server)
        finally:
            server.stop()
        charged = books.charged()
        assert {name: set(numbers) for name, numbers in charged.items()} == load.answered
        assert {often for numbers in charged.values() for often in numbers.values()} == {1}
        assert books.differences() == []


def test_a_few_kills(books: Books, tmp_path: Path) -> None:
    kill_often(books, tmp_path, kills=3, with_keys=True)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_few_kills_without_keys(books: Books, tmp_path: Path) -> None:
    kill_often(books, tmp_path, kills=2, with_keys=False)


@pytest.mark.soak
@pytest.mark.parametrize("with_keys", [True, False], ids=["with-keys", "without-keys"])
def test_hundreds_of_kills(books: Books, tmp_path: Path, with_keys: bool) -> None:
    kill_often(books, tmp_path, kills=150, with_keys=with_keys)


@pytest.mark.parametrize(
    ("point", "is_stored"), [(crash_points.BEFORE_COMMIT, False), (crash_points.AFTER_COMMIT, True)]
)
@pytest.mark.parametrize(
    ("engine", "path"),
    [("sqlite", "/charges/bulk"), ("postgresql", "/charges/bulk"), ("sqlite", "/track")],
    indirect=["engine"],
)
def test_a_kill_around_the_commit(
    books: Books, serve: Callable[..., Server], path: str, point: str, is_stored: bool
) -> None:
    """Before it nothing happened; after it all of it did, though nobody was told. The same key tells which."""
    body = {"user_id": "u", "charges": [{"amount": 1}, {"amount": 2}], **TOLD}

    def post(server: Server) -> httpx.Response:
        with server.client() as client:
            return client.post(path, json=body, headers={"Idempotency-Key": "k"})

    killed = serve(books.url, crash_point=point)
    with pytest.raises(httpx.TransportError):
        post(killed)
    assert killed.process.wait(timeout=60) == -9
    assert books.charged()["beacon"] == (Counter([1, 2]) if is_stored else Counter())
    assert books.told() == (3 if is_stored and path == "/track" else 0)
    assert books.differences() == []

    reply = post(serve(books.url))
    assert reply.status_code == 200
    assert ("Idempotency-Replayed" in reply.headers) is is_stored
    assert books.charged()["beacon"] == Counter([1, 2])
    assert books.told() == (3 if path == "/track" else 0)


def test_every_crash_point_is_named_in_the_source_and_armed_by_a_test() -> None:
    source = Path(crash_points.__file__).parent
    tests = [file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py")]
    texts = [file.read_text(encoding="utf-8") for file in source.rglob("*.py") if file.name != "crash_points.py"]
    names = {
        value: name
        for name, value in vars(crash_points).items()
        if isinstance(value, str) and value in crash_points.ALL
    }
    assert set(names) == set(crash_points.ALL)
    for value, name in names.items():
        assert any(f"crash_points.{name}" in text for text in texts), name
        assert any(f"crash_points.{name}" in text or f'"{value}"' in text for text in tests), name

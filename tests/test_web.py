"""The shell before every door: which door, how large a body, and what is said when something of ours goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.harness import InProcess, migrated_sqlite, sqlite_copy
from tollhouse.app import build_front
from tollhouse.config import Settings
from tollhouse.ledger.refusals import Overloaded, StoreUnavailable
from tollhouse.web import RETRY_AFTER, BodyTooLarge, Front, Reply, Request, Trouble, plain_path


class EchoDoor:
    """Answers with its name, and with what the request's path asks for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.errors: dict[str, Exception] = {
            "/overloaded": Overloaded(),
            "/unavailable": StoreUnavailable(),
            "/fault": ZeroDivisionError("a secret of the caller"),
            "/too-large": BodyTooLarge(),
        }

    async def answer(self, request: Request) -> Reply:
        if error := self.errors.get(request.path.removeprefix(f"/{self.name}")):
            raise error
        body = await request.body(10)
        return Reply(200, f"{self.name} {request.method} {request.path} {len(body)}".encode())

    def trouble(self, what: str) -> Reply:
        return Reply(599, f"{self.name} {what}".encode())


class Running:
    def __init__(self, **options: Any) -> None:
        self.observed: list[tuple[str, int]] = []
        self.events: list[str] = []
        doors = [("/long/prefix", EchoDoor("long/prefix")), ("/long", EchoDoor("long")), ("", EchoDoor("rest"))]
        self.front = Front(
            doors,
            observe=lambda door, status: self.observed.append((door, status)),
            start=self._event("started"),
            stop=self._event("stopped"),
            **options,
        )
        self.http = InProcess(self.front)

    def _event(self, name: str) -> Callable[[], Awaitable[None]]:
        async def happen() -> None:
            self.events.append(name)

        return happen

    def get(self, path: str, body: bytes = b"") -> str:
        return self.http.request("GET", path, body).body.decode()


@pytest.fixture
def run() -> Iterator[Callable[..., Running]]:
    """Makes applications that are closed after the test."""
    with ExitStack() as made:

        def make(**options: Any) -> Running:
            running = Running(**options)
            made.callback(running.http.close)
            return running

        yield make


@pytest.fixture
def running(run: Callable[..., Running]) -> Running:
    return run()


@pytest.mark.parametrize(
    ("path", "door", "plain"),
    [
        ("/", "rest", "/"),
        ("/long", "long", "/long"),
        ("/long/x", "long", "/long/x"),
        ("/longer", "rest", "/longer"),
        ("//long///prefix/", "long/prefix", "/long/prefix"),
        ("/long/prefix/y", "long/prefix", "/long/prefix/y"),
        ("/long/prefixed", "long", "/long/prefixed"),
        ("/x//", "rest", "/x"),
        ("//", "rest", "/"),
    ],
)
def test_the_longest_prefix_names_the_door(running: Running, path: str, door: str, plain: str) -> None:
    assert running.get(path) == f"{door} GET {plain} 0"


@pytest.mark.parametrize(
    ("path", "plain"), [("", ""), ("/", "/"), ("///", "/"), ("/a//b/", "/a/b"), ("/a/%2F", "/a/%2F")]
)
def test_plain_path(path: str, plain: str) -> None:
    assert plain_path(path) == plain


@pytest.mark.parametrize("what", [Trouble.OVERLOADED, Trouble.UNAVAILABLE, Trouble.FAULT, "too-large"])
def test_what_goes_wrong_is_said_in_the_doors_own_form(running: Running, what: str) -> None:
    assert running.get(f"/long/{what}") == f"long {what.replace('-', '_')}"
    assert running.observed == [("long", 599)]


def test_every_reply_names_itself_and_its_length(running: Running) -> None:
    first, second = (running.http.request("GET", "/x") for _ in range(2))
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.headers["content-length"] == str(len(first.body))


def test_head_is_get_without_the_body(running: Running) -> None:
    answer = running.http.request("HEAD", "/x")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "14")


@pytest.mark.parametrize(("size", "reply"), [(10, "rest GET /x 10"), (11, "rest too_large")])
def test_a_body_is_as_large_as_is_allowed(running: Running, size: int, reply: str) -> None:
    assert running.get("/x", b"x" * size) == reply


def read(*chunks: bytes, headers: list[tuple[bytes, bytes]] | None = None, gone: bool = False) -> bytes:
    """A body that comes in chunks, with at most 10 bytes allowed."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": c, "more_body": True} for c in chunks]
    if gone:
        messages.append({"type": "http.disconnect"})
    else:
        messages[-1]["more_body"] = False
    incoming = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(incoming)

    scope = {"method": "POST", "path": "/", "query_string": b"", "headers": headers or []}
    return asyncio.run(Request(scope, receive, "id").body(10))


def test_a_body_in_chunks() -> None:
    assert read(b"12345", b"", b"67890") == b"1234567890"
    with pytest.raises(BodyTooLarge):
        read(b"12345", b"67890", b"1", b"never read")


@pytest.mark.parametrize("length", [b"11", b"9" * 30, b"9" * 5000])
def test_a_body_that_says_it_is_too_large_is_not_read(length: bytes) -> None:
    with pytest.raises(BodyTooLarge):
        read(b"x", headers=[(b"content-length", length)])


@pytest.mark.parametrize("length", [b"\xb2", b"-1", b"", b"ten"])
def test_a_length_that_is_none_is_not_believed(length: bytes) -> None:
    assert read(b"x", headers=[(b"content-length", length)]) == b"x"


@pytest.mark.parametrize("chunks", [(), (b"x",)])
def test_a_client_who_leaves_is_not_answered(running: Running, chunks: tuple[bytes, ...]) -> None:
    said: list[Any] = []
    incoming = iter(
        [*({"type": "http.request", "body": c, "more_body": True} for c in chunks), {"type": "http.disconnect"}]
    )

    async def receive() -> Any:
        return next(incoming)

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": []}
    asyncio.run(running.front(scope, receive, send))  # type: ignore[arg-type]
    assert said == []


def test_websockets_are_closed(running: Running) -> None:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def open_one() -> None:
        await running.front({"type": "websocket"}, asyncio.Queue().get, send)

    asyncio.run(open_one())
    assert said == [{"type": "websocket.close"}]


def test_it_starts_and_stops_once(running: Running) -> None:
    running.http.start()
    assert running.events == ["started"]
    running.http.stop()
    assert running.events == ["started", "stopped"]


def test_a_start_that_fails_is_told(running: Running) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("no room")

    running.front._start = fail
    with pytest.raises(RuntimeError, match="no room"):
        running.http.start()


@pytest.mark.parametrize("every", [False, True])
def test_the_access_log_is_a_setting(
    run: Callable[..., Running], every: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    run(log_every_request=every).get("/x?api_key=sk_secret")
    logged = "".join(capfd.readouterr())
    assert ("answered" in logged) is every
    assert "sk_secret" not in logged


def test_every_door_says_that_the_server_is_stopping(tmp_path: Path) -> None:
    front = build_front(Settings(database_url=sqlite_copy(migrated_sqlite(), tmp_path)))
    for prefix, door in front._doors:
        reply = door.trouble(Trouble.STOPPING)
        assert reply.status == 503, prefix
        assert RETRY_AFTER in reply.headers, prefix
    http = InProcess(front)
    http.start()
    http.stop()

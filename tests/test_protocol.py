"""The head of a request has a bound; bodies, and what follows them, have none of its."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import Server, provisioned_sqlite, sqlite_copy, start_server
from tollhouse.protocol import HEAD_BYTES_MAX


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("protocol")
    running = start_server(sqlite_copy(provisioned_sqlite(), folder), folder)
    yield running
    running.kill()


def connect(server: Server) -> socket.socket:
    host, port = server.base.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def test_a_head_without_end_is_refused(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ")
        sent = 0
        try:
            while sent < 100 * HEAD_BYTES_MAX:
                sent += connection.send(b"a" * 16_384)
        except OSError:
            pass
        else:
            raise AssertionError("the server took all of it")


def test_a_large_body_says_nothing_of_the_next_head(server: Server) -> None:
    with connect(server) as connection:
        for _ in range(3):
            body = b"x" * (4 * HEAD_BYTES_MAX)
            connection.sendall(
                b"POST /charges HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_acme\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body) + body
            )
            answer = b""
            while b"not valid JSON" not in answer:
                received = connection.recv(65_536)
                assert received, answer
                answer += received
            assert answer.startswith(b"HTTP/1.1 400")


def test_a_key_header_is_utf8_and_the_same_as_in_the_body(server: Server) -> None:
    with server.client() as client:
        body = {"user_id": "protocol", "amount": 5}
        first = client.post("/charges", json={**body, "idempotency_key": "klé"})
        second = client.post("/charges", json=body, headers=[(b"Idempotency-Key", "klé".encode())])
        assert (first.status_code, first.headers.get("Idempotency-Replayed")) == (200, None)
        assert (second.status_code, second.headers.get("Idempotency-Replayed")) == (200, "true")


@pytest.mark.parametrize("keys", [[b"\xff"], [b"a", b"b"], [b"a", b"a"]])
def test_a_key_header_that_could_be_misread_is_refused(server: Server, keys: list[bytes]) -> None:
    with server.client() as client:
        answer = client.post(
            "/charges", json={"user_id": "protocol", "amount": 5}, headers=[(b"Idempotency-Key", key) for key in keys]
        )
        assert answer.status_code == 422
        assert "idempotency_key" in answer.json()["errors"]


@pytest.mark.parametrize("text", ["9" * 30, "9" * 5000, "0" * 20 + "1"])
@pytest.mark.parametrize("name", ["page", "per_page"])
def test_an_absurd_page_is_refused(server: Server, name: str, text: str) -> None:
    with server.client() as client:
        assert client.get(f"/v1/projects/acme/customers?{name}={text}").status_code == 422


def test_an_absurd_search_is_refused(server: Server) -> None:
    with server.client() as client:
        assert client.get("/v1/projects/acme/customers", params={"q": "a" * 256}).status_code == 422

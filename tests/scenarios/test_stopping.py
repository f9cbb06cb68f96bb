"""A server that is asked to stop: what was begun is finished, what comes after is refused in words, and no longer than
it may take. And one that is replaced by another, while nobody notices."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from tests.harness import Postgres, Server, prepared, provisioned_sqlite, sqlite_copy
from tests.scenarios.charging import PATIENCE_SECONDS, Charging
from tests.scenarios.conftest import Deployment
from tests.scenarios.supervised import Supervisor
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

BODY = b'{"user_id": "begun", "amount": 5}'

Serve = Callable[..., Server]


def connected(server: Server) -> socket.socket:
    host, port = server.base.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS)


@contextmanager
def begun(server: Server) -> Iterator[socket.socket]:
    """A charge of which the head and half of the body have been sent, and which the server has begun to read."""
    with connected(server) as connection:
        connection.sendall(
            b"POST /charges HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_acme\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)
        )
        assert connection.recv(1024).startswith(b"HTTP/1.1 100 ")
        connection.sendall(BODY[:10])
        yield connection


def wait_until_nobody_listens(server: Server) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            connected(server).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    raise AssertionError("the server goes on listening")


def open_clients(server: Server, count: int) -> list[httpx.Client]:
    """Clients with a connection each that is open and idle."""
    clients = [server.client() for _ in range(count)]
    for client in clients:
        assert client.get("/healthz").status_code == 200
    return clients


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    answer = b""
    while received := connection.recv(65_536):
        answer += received
    return answer


def test_what_was_begun_is_finished_and_what_comes_after_is_refused(serve: Serve, acme_url: str) -> None:
    server = serve(acme_url, stop_seconds="100")
    ready, beacon, enswitch, kelviq = open_clients(server, 4)
    with connected(server) as silent, begun(server) as connection:
        server.process.terminate()
        wait_until_nobody_listens(server)
        silent.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert everything(silent).startswith(b"HTTP/1.1 200 ")

        refused = [
            ready.get("/readyz"),
            beacon.post("/charges", json={"user_id": "late", "amount": 1}),
            enswitch.post("/api/json/charges/list/", data={"auth_username": "user", "auth_password": "password"}),
            kelviq.post("/api/v1/charges/", json={"customerId": "cust_789"}),
        ]
        for reply in refused:
            assert (reply.status_code, reply.headers["Retry-After"]) == (503, "1"), reply.text
            assert reply.headers["Connection"] == "close"
        told = "The server is stopping. Nothing was done; try again shortly."
        assert refused[0].json() == {"detail": "stopping"}
        assert refused[1].json() == {"success": False, "code": 503, "data": None, "message": told, "errors": {}}
        assert refused[3].json()["code"] == "stopping"

        connection.sendall(BODY[10:])
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close\r\n" in answer.lower()
    assert server.process.wait(timeout=PATIENCE_SECONDS) in (0, -signal.SIGTERM)
    books = Deployment(acme_url, server)
    assert books.charges_of(reference="begun") == [5]
    with closing(SqlStore(store_url(acme_url))) as store, store.reading_rows() as rows:
        assert rows.exec_driver_sql("SELECT count(*) FROM customers WHERE reference = 'late'").scalar() == 0
    assert books.differences() == []


def test_a_stop_takes_no_longer_than_it_may(serve: Serve, acme_url: str) -> None:
    """A body that never ends does not keep the server from ending."""
    server = serve(acme_url, stop_seconds="1")
    with begun(server):
        server.process.terminate()
        assert server.process.wait(timeout=PATIENCE_SECONDS) in (0, -signal.SIGTERM)
    with closing(SqlStore(store_url(acme_url))) as store, store.reading_rows() as rows:
        assert rows.exec_driver_sql("SELECT count(*) FROM customers WHERE reference = 'begun'").scalar() == 0


def test_while_it_drains_a_server_serves_and_says_that_it_will_not(serve: Serve, acme_url: str) -> None:
    """Whoever asks twice by Ctrl-C does not wait for the end of it."""
    server = serve(acme_url, drain_seconds="3600")
    server.process.terminate()
    until = time.monotonic() + PATIENCE_SECONDS
    while httpx.get(f"{server.base}/readyz", trust_env=False).status_code != 503:
        assert time.monotonic() < until
    server.process.terminate()
    with server.client() as client:
        for amount in (1, 2):
            reply = client.post("/charges", json={"user_id": "draining", "amount": amount})
            assert (reply.status_code, reply.headers["Connection"]) == (200, "close")
    assert server.process.poll() is None
    signal_to(server, signal.SIGINT)
    assert server.process.wait(timeout=PATIENCE_SECONDS) in (0, 1, -signal.SIGTERM, -signal.SIGINT)
    assert Deployment(acme_url, server).charges_of(reference="draining") == [1, 2]


def signal_to(server: Server, number: int) -> None:
    os.kill(server.process.pid, number)


def test_a_server_is_replaced_and_nobody_notices(postgres: Postgres) -> None:
    """Two side by side on one socket: the old one drains until all clients have come anew, and the new one goes on."""
    url = postgres.empty()
    with closing(SqlStore(store_url(url))) as store:
        prepared(store)
    with closing(Supervisor(url)) as supervisor:
        old = supervisor.start(drain_seconds="3600")
        with closing(Charging(supervisor.client, clients=4)) as charging:
            charging.wait_for_more(10)
            supervisor.start()
            charging.wait_for_more(10)
            old.terminate()
            supervisor.hear(b"STOPPING=1")
            charging.wait_for_more(2)
            old.send_signal(signal.SIGINT)
            assert old.wait(timeout=PATIENCE_SECONDS) in (0, 1, -signal.SIGINT)
            charging.wait_for_more(10)
            charging.end()
        books = Deployment(url, Server(old, supervisor.base, supervisor.log))
        assert sorted(books.charges_of(reference="steady")) == sorted(charging.charged)
        assert books.differences() == []


def test_between_two_servers_on_a_file_clients_wait_and_are_not_refused(tmp_path: Path) -> None:
    url = sqlite_copy(provisioned_sqlite(), tmp_path)
    with closing(Supervisor(url)) as supervisor, supervisor.client() as client, ThreadPoolExecutor(1) as pool:
        first = supervisor.start()
        assert client.post("/charges", json={"user_id": "patient", "amount": 1}).status_code == 200
        first.terminate()
        assert first.wait(timeout=PATIENCE_SECONDS) in (0, -signal.SIGTERM)
        with supervisor.client() as other:
            waiting = pool.submit(other.post, "/charges", json={"user_id": "patient", "amount": 2})
            supervisor.start()
            assert waiting.result().status_code == 200
        assert Deployment(url, Server(first, supervisor.base, supervisor.log)).charges_of(reference="patient") == [1, 2]

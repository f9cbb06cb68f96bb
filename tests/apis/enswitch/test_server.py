"""The same over a real socket: what a server of ours hands to the door is what was sent."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import msgspec

from tests.apis.enswitch.client import Envelope
from tests.harness import Server

LOGIN = "auth_username=user;auth_password=password"


def call(server: Server, method: str, target: str, body: bytes | None = None, **headers: str) -> Envelope:
    address = urlsplit(server.base).netloc
    with closing(http.client.HTTPConnection(address, timeout=30)) as connection:
        connection.request(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        assert response.status == 200
        return msgspec.json.decode(response.read(), type=Envelope)


def test_the_documented_calls_and_the_known_clients(acme_url: str, serve: Callable[..., Server]) -> None:
    server = serve(acme_url)
    created = call(server, "GET", f"/api/json/charges/create/?{LOGIN};name=example;customer=123;amount=10")
    assert created.told == [("200", "")]
    known = f"/api/json/charges/get?{LOGIN.replace(';', '&')}&id={created.data['id']}"
    row = call(server, "GET", known, Content_Type="Application/JSON").data
    assert (row["name"], row["amount"]) == ("example", "10.00")
    form = f"{LOGIN};id={row['id']}".encode()
    charged = call(server, "POST", "/api/json/charges/charge/", form, Content_Type="application/x-www-form-urlencoded")
    assert charged.told == [("204", "")]
    rows = call(server, "GET", f"/api/json/transactions/list/?{LOGIN};customer=123").data
    assert [row["amount"] for row in rows] == ["-12.00"]


def test_of_many_retries_one_charges(acme_url: str, serve: Callable[..., Server]) -> None:
    server = serve(acme_url)
    created = call(server, "GET", f"/api/json/charges/create/?{LOGIN};name=x;customer=123;amount=10;number=9")
    target = f"/api/json/charges/charge/?{LOGIN};id={created.data['id']};idempotency_key=k"
    with ThreadPoolExecutor(8) as pool:
        codes = {answer.code for answer in pool.map(lambda _: call(server, "GET", target), range(24))}
    assert codes == {"204"}
    assert len(call(server, "GET", f"/api/json/transactions/list/?{LOGIN};customer=123").data) == 1

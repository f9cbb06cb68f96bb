"""A client as careless as the known one: GET, `&`, no last slash, a Content-Type without a body, HTTP 200 alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from tests.harness import Answer, InProcess


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    key: str
    message: str


class Envelope(msgspec.Struct, forbid_unknown_fields=True):
    responses: list[Entry]
    data: Any = None

    @property
    def code(self) -> str:
        return self.responses[0].code

    @property
    def told(self) -> list[tuple[str, str]]:
        """Code and key of each entry."""
        return [(entry.code, entry.key) for entry in self.responses]


class Client:
    def __init__(self, application: InProcess, username: str = "user", password: str = "password") -> None:
        self.application = application
        self.login = {"auth_username": username, "auth_password": password}

    def __call__(self, path: str, **parameters: Any) -> Envelope:
        """Call a function; the answer's envelope."""
        return envelope(self.raw(path, **parameters))

    def raw(self, path: str, *, headers: dict[str, str] | None = None, **parameters: Any) -> Answer:
        sent = {"content-type": "Application/JSON", **(headers or {})}
        return self.application.request("GET", self.target(path, **parameters), key=None, headers=sent)

    def target(self, path: str, **parameters: Any) -> str:
        return f"/api/json/{path}?" + urlencode(sorted({**self.login, **parameters}.items()))

    def post(self, path: str, body: bytes, content_type: str | None, query: str = "") -> Envelope:
        headers = {} if content_type is None else {"content-type": content_type}
        target = f"/api/json/{path}/?{query or urlencode(self.login)}"
        return envelope(self.application.request("POST", target, body, key=None, headers=headers))

    def create(self, **parameters: Any) -> int:
        return int(self("charges/create", **{"name": "Router", "customer": 123, **parameters}).data["id"])

    def balance(self, number: int = 123) -> str:
        return str(self("customers/get", id=number).data["balance"])


def envelope(answer: Answer) -> Envelope:
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    return msgspec.json.decode(answer.body, type=Envelope)

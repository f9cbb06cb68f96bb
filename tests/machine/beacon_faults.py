"""Calls of Beacon that are refused, and hence change nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

SECRET, PUBLIC = "sk_machine", "pk_machine"
FUTURE = 99_999_999_999


@dataclass(frozen=True)
class Fault:
    method: str
    path: str
    body: Any
    api_key: str | None
    status: int


def fault_of(which: int, user_id: str) -> Fault:
    """One of the faults, of a customer; a body that names nobody has an e-mail too."""
    fault = FAULTS[which]
    if not isinstance(fault.body, dict):
        return fault
    return replace(fault, body={"user_id": user_id, "email": "n@n"} | fault.body)


_FIELDS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("/customers", {"user_id": None, "email": ""}),
    ("/customers", {"user_id": True}),
    ("/customers", {"user_id": 1.5}),
    ("/customers", {"user_id": {}}),
    ("/customers", {"user_id": "u" * 256}),
    ("/customers", {"user_id": "a\0"}),
    ("/customers", {"email": "nobody"}),
    ("/customers", {"email": "@x"}),
    ("/customers", {"email": "e@" + "x" * 253}),
    ("/customers", {"email": ["x@x"]}),
    ("/customers", {"name": 5}),
    ("/customers", {"first_name": "N" * 256}),
    ("/customers", {"last_name": "a\0b"}),
    ("/customers", {"phone": "1" * 51}),
    ("/customers", {"phone": True}),
    ("/customers", {"signed_up_at": FUTURE}),
    ("/customers", {"signed_up_at": "yesterday"}),
    ("/customers", {"ip": "300.1.1.1"}),
    ("/customers", {"update_session": "maybe"}),
    ("/customers", {"update_session": 2}),
    ("/customers", {"custom_attributes": []}),
    ("/customers", {"custom_attributes": {"two words": 1}}),
    ("/customers", {"custom_attributes": {"dot.ted": 1}}),
    ("/customers", {"custom_attributes": {"": 1}}),
    ("/customers", {"custom_attributes": {"k" * 51: 1}}),
    ("/customers", {"custom_attributes": {"good": 1, "bad": [1]}}),
    ("/customers", {"custom_attributes": {"good": 1, "bad": {"x": 1}}}),
    ("/customers", {"custom_attributes": {f"k{n}": n for n in range(201)}}),
    ("/customers/bulk", {"customers": {}}),
    ("/customers/bulk", {}),
    ("/customers/bulk", {"customers": [{"user_id": "fresh"}, {"name": "Nobody"}]}),
    ("/customers/bulk", {"customers": [{"user_id": "fresh"}, 5]}),
    ("/customers/bulk", {"customers": [{"user_id": "fresh"}] * 1001}),
    ("/events", {}),
    ("/events", {"action": " "}),
    ("/events", {"action": "a" * 256}),
    ("/events", {"action": 5}),
    ("/events", {"action": "new", "properties": []}),
    ("/events", {"action": "new", "properties": {"x": "y" * 32_768}}),
    ("/events", {"action": "new", "created_at": 0}),
    ("/events", {"action": "new", "created_at": -1}),
    ("/events", {"action": "new", "created_at": 10**12}),
    ("/events/bulk", {"events": [{"action": "new"}, {"action": ""}]}),
    ("/events/bulk", {"events": [{"action": "new", "user_id": "somebody else"}]}),
    ("/events/bulk", {"events": [{"action": "new", "email": "else@x"}]}),
    ("/events/bulk", {"events": None}),
    ("/charges", {}),
    ("/charges", {"amount": None}),
    ("/charges", {"amount": True}),
    ("/charges", {"amount": "19.99"}),
    ("/charges", {"amount": "$5"}),
    ("/charges", {"amount": ""}),
    ("/charges", {"amount": 0.5}),
    ("/charges", {"amount": 2**53}),
    ("/charges", {"amount": -(2**53)}),
    ("/charges", {"amount": 1, "currency": "EUR"}),
    ("/charges", {"amount": 1, "created_at": FUTURE}),
    ("/charges/bulk", {"charges": [{"amount": 1}, {"amount": "x"}]}),
    ("/charges/bulk", {"charges": [{"amount": 1}, {"amount": 1, "user_id": "somebody else"}]}),
    ("/charges/bulk", {"charges": [{"amount": 1}] * 1001}),
    ("/tags", {}),
    ("/tags", {"name": ""}),
    ("/tags", {"name": "t" * 101}),
    ("/tags/bulk", {"tags": ["new", ""]}),
    ("/tags/bulk", {"tags": ["new", 5]}),
    ("/tags/bulk", {"tags": "new"}),
    ("/track", {"events": [{"action": "new"}], "tags": ["new"], "charges": [{"amount": "x"}]}),
    ("/track", {"events": [{"action": "new"}], "charges": [{"amount": 1}], "tags": [None]}),
    ("/track", {"charges": {"amount": 1}}),
    ("/track", {"tags": ["new"], "currency": "EUR"}),
    ("/track", {"tags": ["t"] * 501, "events": [{"action": "new"}] * 500}),
    ("/pages", {}),
    ("/pages", {"url": "ftp://shop/a"}),
    ("/pages", {"url": "/a"}),
    ("/pages", {"url": "https://"}),
    ("/pages", {"url": "https://shop/" + "a" * 2048}),
    ("/pages", {"url": "https://shop/a", "title": "t" * 501}),
    ("/pages", {"url": "https://shop/a", "title": 5}),
]

FAULTS: Final[list[Fault]] = [
    *(Fault("POST", path, body, SECRET, 422) for path, body in _FIELDS),
    Fault("POST", "/tags", b"[]", SECRET, 400),
    Fault("POST", "/tags", b"{", SECRET, 400),
    Fault("POST", "/tags", b'{"user_id":"a","name":"new","name":"newer"}', SECRET, 400),
    Fault("POST", "/events", b'{"user_id":"a","action":"new","properties":{"x":NaN}}', SECRET, 400),
    Fault("POST", "/events", b'{"user_id":"a","action":"\xff"}', SECRET, 400),
    Fault("POST", "/customers", b'{"user_id":"' + b"u" * 1_048_576 + b'"}', SECRET, 413),
    Fault("POST", "/tags", {"name": "new"}, None, 401),
    Fault("POST", "/tags", {"name": "new"}, "sk_nobody", 401),
    Fault("POST", "/nothing", {"name": "new"}, SECRET, 404),
    Fault("PUT", "/tags", {"name": "new"}, SECRET, 405),
    Fault("POST", "/v1/projects/machine/customers", {}, PUBLIC, 403),
    Fault("PUT", "/v1/projects/machine", {"name": "Mine"}, PUBLIC, 403),
    Fault("PUT", "/v1/projects/other", {"name": "Mine"}, SECRET, 404),
    Fault("PUT", "/v1/projects/machine", {"name": "N" * 256}, SECRET, 422),
    Fault("POST", "/v1/projects/machine/customers", {"email": "nobody"}, SECRET, 422),
    Fault("POST", "/v1/projects/other/customers", {}, SECRET, 404),
]

"""From where somebody may call: their own address, and what proxies say of it."""

from __future__ import annotations

import pytest

from tests.apis.enswitch.client import Client
from tests.harness import InProcess, in_process
from tollhouse.apis.people import login
from tollhouse.config import Settings
from tollhouse.passwords import NOBODY

PROXY = "10.1.2.3"


def code_from(application: InProcess, address: str, *forwarded: str) -> str:
    application.peer = address
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    target = Client(application, "nora").target("charges/list")
    answer = application.request("GET", target, key=None, headers=headers)
    application.peer = "127.0.0.1"
    return str(answer.json()["responses"][0]["code"])


@pytest.mark.parametrize(
    ("source", "address", "code"),
    [
        ("", "203.0.113.9", "200"),
        ("", "", "200"),
        (" , ", "203.0.113.9", "200"),
        ("192.0.2.1", "192.0.2.1", "200"),
        ("192.0.2.1", "192.0.2.2", "401"),
        ("192.0.2.1", "", "401"),
        ("192.0.2.1", "not an address", "401"),
        ("192.0.2.1, 198.51.100.0/24", "198.51.100.77", "200"),
        ("192.0.2.1 198.51.100.0/24", "198.51.101.1", "401"),
        ("198.51.100.9/24", "198.51.100.1", "200"),
        ("192.0.2.1", "::ffff:192.0.2.1", "200"),
        ("::ffff:192.0.2.1", "192.0.2.1", "200"),
        ("::ffff:192.0.2.0/120", "192.0.2.77", "200"),
        ("::ffff:192.0.2.0/120", "::ffff:192.0.2.77", "200"),
        ("2001:db8::/32", "2001:db8:1::1", "200"),
        ("2001:db8::/32", "2001:db9::1", "401"),
        ("2001:db8::/32", "192.0.2.1", "401"),
        ("0.0.0.0/0", "2001:db8::1", "401"),
        ("0.0.0.0/0", "::ffff:1.2.3.4", "200"),
        ("fe80::/10", "fe80::1%eth0", "200"),
    ],
)
def test_a_person_calls_from_allowed_addresses_alone(telco: Client, source: str, address: str, code: str) -> None:
    assert telco("people/update", id=7, source=source).told == [("204", "")]
    assert code_from(telco.application, address) == code


@pytest.mark.parametrize(
    "source", ["x", "192.0.2.1;", "192.0.2.256", "10.0.0.0/33", "10.0.0.0-10.0.0.9", "::1/129", "1"]
)
def test_what_is_no_address_is_refused(telco: Client, source: str) -> None:
    assert telco("people/update", id=7, source=source).told == [("400", "source")]
    given = {"username": "a", "email": "a@b", "role": 5, "password": "p", "source": source}
    assert telco("people/create", **given).told == [("400", "source")]


def test_nobody_forwards_who_is_not_trusted(telco: Client) -> None:
    telco("people/update", id=7, source="192.0.2.1")
    assert code_from(telco.application, "203.0.113.9", "192.0.2.1") == "401"
    assert code_from(telco.application, "127.0.0.1", "192.0.2.1") == "401"
    assert code_from(telco.application, "192.0.2.1", "203.0.113.9") == "200"


@pytest.mark.parametrize(
    ("peer", "forwarded", "code"),
    [
        (PROXY, ["192.0.2.1"], "200"),
        (f"::ffff:{PROXY}", ["192.0.2.1"], "200"),
        (PROXY, ["192.0.2.1:4711"], "200"),
        (PROXY, ["::ffff:192.0.2.1"], "200"),
        (PROXY, ["[::ffff:192.0.2.1]:4711"], "200"),
        (PROXY, ["203.0.113.9, 192.0.2.1"], "200"),
        (PROXY, ["203.0.113.9", "192.0.2.1"], "200"),
        (PROXY, ["192.0.2.1, 10.9.9.9"], "200"),
        (PROXY, ["192.0.2.1", "10.9.9.9 , 172.16.0.1"], "200"),
        (PROXY, ["192.0.2.1, 203.0.113.9"], "401"),
        (PROXY, ["192.0.2.1", "203.0.113.9"], "401"),
        (PROXY, ["192.0.2.1, unknown"], "401"),
        (PROXY, ["192.0.2.1,"], "401"),
        (PROXY, ["10.9.9.9"], "401"),
        (PROXY, [""], "401"),
        (PROXY, [], "401"),
        ("203.0.113.9", ["192.0.2.1"], "401"),
        ("192.0.2.1", ["203.0.113.9"], "200"),
    ],
)
def test_the_last_address_that_no_trusted_proxy_has_counts(
    acme_url: str, peer: str, forwarded: list[str], code: str
) -> None:
    with in_process(Settings(database_url=acme_url, trusted_proxies="10.0.0.0/8, 172.16.0.1")) as application:
        assert Client(application, "telco")("people/update", id=7, source="192.0.2.1").code == "204"
        assert code_from(application, peer, *forwarded) == code


def test_elsewhere_is_a_wrong_password_at_the_same_cost(
    telco: Client, checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert code_from(telco.application, "192.0.2.1") == "200"
    telco("people/update", id=7, source="192.0.2.1")
    checks.clear()
    monkeypatch.setattr(login, "password_matches", lambda *question: checks.append(question[0]))
    assert code_from(telco.application, "203.0.113.9") == "401"
    assert checks == [NOBODY]
    assert code_from(telco.application, "192.0.2.1") == "200"

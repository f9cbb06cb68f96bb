"""Where a call comes from: a public key speaks from the customer's own browser, any other from somebody's server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import InProcess


def shown(application: InProcess, user_id: str) -> tuple[Any, Any, Any]:
    """What is kept of the connection: address, country, user agent."""
    (listed,) = application.request("GET", f"/v1/projects/acme/customers?q={user_id}").json()["data"]
    data = application.request("GET", f"/v1/customers/{listed['id']}").json()["data"]
    return data["ip"], data["location"]["country"], data["device"]["user_agent"]


@pytest.mark.parametrize("path", ["/customers", "/track"])
def test_the_address_of_a_browser_is_the_customers(application: InProcess, path: str) -> None:
    application.peer = "8.8.8.8"
    headers = [(b"user-agent", b"Browser/1"), (b"x-forwarded-for", b"1.1.1.1")]
    application.request("POST", path, {"user_id": "u"}, key="pk_test_acme", headers=headers)
    assert shown(application, "u") == ("8.8.8.8", "US", "Browser/1")


@pytest.mark.parametrize("key", ["sk_test_acme", "ak_test_acme"])
def test_the_address_of_a_server_is_nobodys(application: InProcess, key: str) -> None:
    application.peer = "8.8.8.8"
    application.request("POST", "/customers", {"user_id": "u"}, key=key, headers=[(b"user-agent", b"Server/1")])
    assert shown(application, "u") == (None, None, None)


def test_a_charge_says_nothing_of_where_it_comes_from(application: InProcess) -> None:
    application.peer = "8.8.8.8"
    application.request("POST", "/charges", {"user_id": "u", "amount": 1}, key="pk_test_acme")
    application.request("POST", "/events", {"user_id": "u", "action": "Looked"}, key="pk_test_acme")
    assert shown(application, "u") == (None, None, None)


def test_a_user_agent_that_cannot_be_read_is_not_kept(application: InProcess) -> None:
    headers = [(b"user-agent", b"a\x01b")]
    application.request("POST", "/customers", {"user_id": "u"}, key="pk_test_acme", headers=headers)
    assert shown(application, "u")[2] is None

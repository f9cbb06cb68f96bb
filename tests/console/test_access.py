"""Every form of the console, sent by those who may not: nothing of it is done; and none without its token."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import count
from urllib.parse import quote, urlencode

import pytest

from tests.apis.enswitch.client import Client
from tests.console.visitor import Page, Visitor
from tests.harness import InProcess
from tollhouse.console import ConsoleDoor
from tollhouse.console.routing import On
from tollhouse.ledger.facts import AuditFact, CustomerFact
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

SignedIn = Callable[..., Visitor]

#: What any form asks for: whatever is left out or not known is what the form takes as empty.
FILLED = {
    **{"name": "A name", "amount": "5", "currency": "EUR", "digest": "500", "sure": "1", "step": "confirm"},
    **{"kind": "credit", "period": "monthly", "email": "one@example.com", "parent": "10", "plan": "70"},
    **{"username": "somebody", "password": "a long one", "again": "a long one", "rate": "5", "charges": "1"},
    **{"settles": "account", "state": "enabled", "url": "https://one.example.com/", "all": "1", "code": "123456"},
    **{"from": "EUR", "to": "NOK", "payment": "2", "after": "0"},
}
#: Fields besides that only some forms ask for, and those that addresses have.
ASKED = (
    *("description", "buy", "day", "start", "end", "times", "reason", "note", "quantities", "countries", "flat"),
    *("since", "last_day", "number", "reference", "timezone", "country", "source"),
)
QUERIED = (
    *("after", "before", "q", "parent", "customer", "id", "from", "to", "door", "kind", "state", "plan", "currency"),
    *("amount", "amount_to", "charge", "person", "command", "subject", "period", "figure", "told"),
)
_PART = re.compile(r"\{(\w+)\}")
_ATTEMPTS = count(1)


def routes_of(application: InProcess) -> Mapping[str, Mapping[str, On]]:
    """What is at each path below /console."""
    return next(door for _, door in application._front._doors if isinstance(door, ConsoleDoor)).routes


def forms_of(application: InProcess) -> list[str]:
    """The paths below /console to which forms are sent."""
    return sorted(path for path, methods in routes_of(application).items() if "POST" in methods)


@pytest.fixture
def norths(application: InProcess) -> dict[str, str]:
    """Something of each kind that is the branch's, by how paths call it."""
    north, telco = Client(application, "north"), Client(application, "telco")
    charge = north("charges/create", name="Fee", customer=11, amount="7").data["id"]
    assert telco("charges/charge", id=charge).code == "204"
    transaction = telco("transactions/list", customer=11).data[0]["id"]
    person = telco("people/get", username="nora").data
    return {
        "number": "11",
        "charge": str(charge),
        "transaction": str(transaction),
        "tax": str(north("taxes/create", name="Tax", rate="5", charges=1).data["id"]),
        "person": str(person["id"]),
        "role": str(person["role"]),
        "endpoint": "1",
        "event": "1",
        "key": "000000000000",
        "product": "1",
        "run": "1",
        "payment": "1",
    }


def sent(visitor: Visitor, path: str, of: dict[str, str], token: str) -> Page:
    given = {**FILLED, "role": of["role"], "attempt": f"{next(_ATTEMPTS):032}", "form_token": token}
    return visitor.post(f"/console{_of(path, of)}", given)


def _of(path: str, of: dict[str, str]) -> str:
    number = "70" if path.startswith("/plans/") else of["number"]
    return _PART.sub(lambda part: number if part[1] == "number" else of[part[1]], path)


def done_by(url: str, username: str) -> list[str]:
    """The commands that somebody has done, but for signing in."""
    with closing(SqlStore(store_url(url))) as store:
        tenant = store.tenant_called("telco")
        assert tenant is not None
        with store.reading(tenant.tenant_id) as reader:
            found = reader.find(AuditFact, name=username, door="console")
            return [entry.command for entry in found if entry.command != "SignIn"]


def balance_of_nora(url: str) -> int:
    with closing(SqlStore(store_url(url))) as store:
        tenant = store.tenant_called("telco")
        assert tenant is not None
        with store.reading(tenant.tenant_id) as reader:
            (nora,) = reader.find(CustomerFact, number=11)
            return nora.balance_minor


#: What these people may do of what no branch has, or with what is their own.
OWN = {
    "south": {"/customers/new", "/taxes/new", "/people/new", "/me/password", "/me/codes", "/me/codes/confirm"},
    "telco-administrator": {"/people/new", "/me/password", "/me/codes", "/me/codes/confirm"},
    "north-auditor": set[str](),
}


@pytest.mark.parametrize("username", sorted(OWN))
def test_no_form_does_to_others_what_its_sender_may_not(
    signed_in: SignedIn, application: InProcess, norths: dict[str, str], acme_url: str, username: str
) -> None:
    visitor, balance = signed_in(username), balance_of_nora(acme_url)
    token = visitor.open("/console/me").form("/console/sign-out").values["form_token"]
    for path in forms_of(application):
        if path in OWN[username] or path == "/me/codes/off":
            continue
        page = sent(visitor, path, norths, token)
        assert page.status in (403, 404), (path, page.status, page.main)
        assert done_by(acme_url, username) == [], path
    assert balance_of_nora(acme_url) == balance


def test_no_form_does_anything_without_its_token(
    signed_in: SignedIn, application: InProcess, norths: dict[str, str], acme_url: str
) -> None:
    visitor = signed_in("telco")
    for path in forms_of(application):
        for token in ("", "0" * 64, "é"):
            page = sent(visitor, path, norths, token)
            assert (page.status, "too old" in page.text) == (403, True), (path, page.main)
    assert done_by(acme_url, "telco") == []


def test_the_same_forms_are_done_for_who_may(
    signed_in: SignedIn, application: InProcess, norths: dict[str, str], acme_url: str
) -> None:
    visitor = signed_in("telco")
    token = visitor.open("/console/me").form("/console/sign-out").values["form_token"]
    for path in forms_of(application):
        if not path.startswith("/me/"):
            page = sent(visitor, path, norths, token)
            assert page.status < 500, (path, page.main)
    done = set(done_by(acme_url, "telco"))
    assert done >= {"AddToBalance", "CreateCharge", "DeleteCustomer", "LockPerson", "SetAccess", "UpdateTax"}


@pytest.mark.parametrize("text", ["9" * 400, "-1", "\u00b2", "\x00", "{}", "NaN", "x" * 1500, "2026-W01-1"])
def test_whatever_is_filled_in_is_answered(
    signed_in: SignedIn, application: InProcess, norths: dict[str, str], text: str
) -> None:
    """In every field and path: never a fault of ours, and nothing is done with a number that is none."""
    visitor = signed_in("telco")
    token = visitor.open("/console/me").form("/console/sign-out").values["form_token"]
    headers = {"cookie": f"tollhouse_console={visitor.cookies['tollhouse_console']}"}
    query = urlencode(dict.fromkeys(QUERIED, text))
    for path, methods in routes_of(application).items():
        asked = [f"/console{path}?{query}", f"/console{_PART.sub(quote(text, safe=''), path)}"]
        for target in asked if "GET" in methods else ():
            answer = application.request("GET", target, key=None, headers=headers)
            assert answer.status < 500, (target, answer.status)
        if "POST" in methods and not path.startswith("/me/"):
            kept = {"step": "confirm", "sure": "1", "form_token": token, "attempt": f"{next(_ATTEMPTS):032}"}
            page = visitor.post(f"/console{_of(path, norths)}", {**dict.fromkeys([*FILLED, *ASKED], text), **kept})
            assert page.status < 500, (path, page.main)

"""Everybody walks wherever links lead, and then wherever they led somebody else: nobody sees what is not theirs.

What belongs to a branch or a tenant has a mark in its texts that nothing else has.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.apis.enswitch.client import Client
from tests.console.visitor import Visitor
from tests.harness import InProcess

#: Whose customer 20 marks what, and who sees it besides the people of the branch itself.
MARKS = {
    "telco": {"telco"},
    "north": {"telco", "north"},
    "nora": {"telco", "north", "nora"},
    "south": {"telco", "south"},
    "acme": {"user"},
    "beta": {"beta-user"},
    # What a seller's tax is called is told to whoever pays it.
    "telcotax": {"telco", "north", "south"},
    "northtax": {"telco", "north", "nora"},
    "southtax": {"telco", "south"},
    "noratax": {"telco", "north", "nora"},
}
#: People whose roles reach nobody below their own customer, by the branch that their customer is.
ALONE = {
    "north-administrator": "north",
    "north-user": "north",
    "telco-administrator": "telco",
}
#: Who reads all that somebody else sees.
READING = {"north-auditor": "north"}
PASSWORDS = {"beta-user": "beta-password"}
PEOPLE = sorted(set.union(*MARKS.values()) | ALONE.keys() | READING.keys())
PAGES_MAX = 1000
#: So many ways to look at one thing are gone, by its filters and pages.
WAYS_MAX = 2
MARK = re.compile(r"zz-([a-z]+)-zz")


def mark(whose: str) -> str:
    return f"zz-{whose}-zz"


def build_branch(application: InProcess, username: str, customer: int, plan: bool) -> None:
    """Something of every kind that a reseller can have, with the branch's mark in it."""
    owner, telco = Client(application, username), Client(application, "telco")
    text = mark(username)
    role = telco("people/get", username=username).data["role"]
    made: dict[str, Any] = {}
    for function, given in {
        "taxes/create": {"name": mark(f"{username}tax"), "rate": "5", "charges": 1},
        "people/create": {
            "username": f"{text}-person",
            "password": "password",
            "role": role,
            "email": f"{text}-person@example.com",
        },
        "products/create": {"name": text},
        "plans/create": {"name": text, "currency": "EUR"},
        "charges/create": {"name": text, "description": text, "customer": customer, "amount": "7"},
    }.items():
        answer = owner(function, **given)
        assert answer.code in ("200", "204"), (username, function, answer)
        made[function] = answer.data
    assert telco("charges/charge", id=made["charges/create"]["id"]).code == "204"
    if customer != 1:
        given = {"id": customer, "amount": "5", "transaction": "credit", "description": text}
        assert telco("customers/balance/add", **given).code == "204"
        written = {"customer": customer, "amount": "3", "description": text}
        assert telco("transactions/create", **written).code == "200"
    if plan:
        charge = owner("charges/create", name=text, description=text, plan=made["plans/create"]["id"], amount="2")
        assert owner("charges/charge", id=charge.data["id"]).code == "204"


@pytest.fixture
def world(application: InProcess) -> InProcess:
    telco = Client(application, "telco")
    for number, whose in {10: "north", 40: "north", 11: "nora", 20: "south", 21: "south"}.items():
        given = {"name": f"{mark(whose)}-{number}", "email": f"{mark(whose)}-{number}@example.com"}
        assert telco("customers/update", id=number, **given).code == "204"
    for username, customer, plan in (("telco", 1, True), ("north", 40, True), ("nora", 11, False), ("south", 21, True)):
        build_branch(application, username, customer, plan)
    for tenant in ("acme", "beta"):
        key, text = f"sk_test_{tenant}", mark(tenant)
        for path, body in {
            "/charges": {"user_id": text, "email": f"{text}@example.com", "amount": 500, "description": text},
            "/events": {"user_id": text, "action": text},
            "/tags": {"user_id": text, "name": text},
        }.items():
            assert application.request("POST", path, body, key=key).status < 300, path
        for path, body in {
            "/admin/v1/keys": {"name": text, "kind": "secret"},
            "/admin/v1/webhook_endpoints": {"url": f"https://{text}.example.com/", "events": ["*"]},
        }.items():
            assert application.request("POST", path, body, key=key).status < 300, path
    return application


def seen_by(person: str) -> set[str]:
    """The marks that a person may see."""
    if person in ALONE:
        return {ALONE[person], f"{ALONE[person]}tax", "telcotax"}
    person = READING.get(person, person)
    return {whose for whose, people in MARKS.items() if person in people}


def walk(visitor: Visitor) -> dict[str, int]:
    """Every page that links lead to, from the first on, with its status."""
    found: dict[str, int] = {}
    ways: Counter[str] = Counter()
    waiting = ["/console"]
    while waiting and len(found) < PAGES_MAX:
        path = waiting.pop(0)
        place = path.partition("?")[0]
        if path in found or ways[place] == WAYS_MAX:
            continue
        ways[place] += 1
        page = visitor.open(path)
        found[path] = page.status
        links = (urljoin(path, link).partition("#")[0] for link in page.links)
        actions = (form.action for form in page.forms if form.method == "get")
        waiting += [link for link in (*links, *actions) if link.startswith("/console") and link not in found]
    return found


def test_nobody_sees_what_is_anothers(world: InProcess) -> None:
    visitors = {}
    everywhere: dict[str, tuple[str, str]] = {}
    reached: dict[str, set[str]] = {}
    for person in PEOPLE:
        visitor = visitors[person] = Visitor(world)
        visitor.sign_in(person, PASSWORDS.get(person, "password"))
        found = walk(visitor)
        dead = {path: status for path, status in found.items() if status != 200}
        assert not dead, f"{person} is led to {dead}"
        reached[person] = set()
        for path in found:
            # Of the ways to look at one thing, by filters and pages, one is enough for others to try.
            everywhere.setdefault(path.partition("?")[0], (path, person))
    for person, visitor in visitors.items():
        for path, whose in everywhere.values():
            answer = visitor.ask(path)
            assert answer.status in (200, 303, 403, 404, 405), (person, path, answer.status)
            marks = set(MARK.findall(answer.body.decode()))
            assert marks <= seen_by(person), f"{person} sees {marks} at {path}, which {whose} came to"
            reached[person] |= marks
    assert reached["telco"] >= {"telco", "north", "nora", "south"}
    assert reached["north"] >= {"north", "nora"}
    assert reached["user"] == {"acme"}
    assert reached["beta-user"] == {"beta"}
    assert len(everywhere) > 40

"""API keys: made and shown once, revoked, and for the root's `system` alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from tests.console.visitor import Page, Visitor
from tests.harness import InProcess
from tollhouse.ledger.facts import AuditFact
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

SignedIn = Callable[..., Visitor]
KEYS = "/console/keys"


def made(visitor: Visitor, name: str, kind: str = "secret") -> Page:
    visitor.open(f"{KEYS}/new")
    return visitor.send(f"{KEYS}/new", name=name, kind=kind)


def text_on(page: Page) -> str:
    (text,) = [word for word in page.main.split() if word.startswith(("sk_", "pk_", "ak_", "ck_"))]
    return text


def status_with(application: InProcess, key: str) -> int:
    return application.request("GET", "/admin/v1/keys", key=key).status


def revoke_link(visitor: Visitor, name: str) -> str:
    """The way to revoke the first key of this name."""
    rows = [row for row in visitor.open(KEYS).rows if row and row[0] == name]
    return f"{KEYS}/{rows[0][3]}/revoke"


def test_a_key_is_shown_once_opens_the_doors_and_closes_them_when_it_is_revoked(
    signed_in: SignedIn, application: InProcess
) -> None:
    visitor = signed_in("user")
    page = made(visitor, "shop server")
    assert page.answer.headers["cache-control"] == "no-store"
    text = text_on(page)
    assert status_with(application, text) == 200
    link = revoke_link(visitor, "shop server")
    page = visitor.open(link)
    assert "Every program that uses it stops" in page.main
    page = visitor.send(link)
    assert "opens nothing any more" in page.main
    assert status_with(application, text) == 401
    assert [row[0] for row in page.rows if len(row) == 5] == ["Name", "shop server"]
    assert "It was revoked on" in visitor.open(link).main


def test_its_text_is_on_no_other_page_and_not_in_the_audit_log(
    signed_in: SignedIn, application: InProcess, acme_url: str
) -> None:
    visitor = signed_in("user")
    text = text_on(made(visitor, "shop server"))
    link = revoke_link(visitor, "shop server")
    for path in (KEYS, f"{KEYS}/new", link, "/console/audit", "/console/me"):
        assert text not in visitor.open(path).answer.body.decode(), path
    visitor.open(link)
    assert text not in visitor.send(link).answer.body.decode()
    with closing(SqlStore(store_url(acme_url))) as store:
        tenant = store.tenant_called("acme")
        assert tenant is not None
        with store.reading(tenant.tenant_id) as reader:
            entries = reader.find(AuditFact)
    assert {"CreateKey", "RevokeKey"} <= {entry.command for entry in entries}
    assert not any(text in str(entry) for entry in entries)


def test_a_form_sent_twice_makes_one_key_and_says_so(signed_in: SignedIn) -> None:
    visitor = signed_in("user")
    visitor.open(f"{KEYS}/new")
    values = {**visitor.page.form(f"{KEYS}/new").values, "name": "twice"}
    text = text_on(visitor.post(f"{KEYS}/new", values))
    page = visitor.post(f"{KEYS}/new", values)
    assert page.status == 422
    assert "its text was shown then and is kept nowhere" in page.main
    assert text not in page.answer.body.decode()
    assert len([row for row in visitor.open(KEYS).rows if row[0] == "twice"]) == 1


def test_under_the_name_of_a_revoked_key_another_can_be_made(signed_in: SignedIn) -> None:
    visitor = signed_in("user")
    made(visitor, "again")
    link = revoke_link(visitor, "again")
    visitor.open(link)
    visitor.send(link)
    assert text_on(made(visitor, "again", "public")).startswith("pk_")
    values = visitor.open("/console/me").form("/console/sign-out").values
    page = visitor.post(link, values)
    assert "revoked before" in page.main


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"name": ""}, "Fill this in."),
        ({"name": " "}, "Fill this in."),
        ({"name": "x" * 256}, "Use at most 255 characters."),
        ({"name": "x", "kind": "master"}, "Choose one of those"),
        ({"name": "x", "kind": ""}, "Choose what it is for."),
    ],
)
def test_a_key_that_cannot_be_is_told_at_its_field(signed_in: SignedIn, filled: dict[str, str], told: str) -> None:
    visitor = signed_in("user")
    page = visitor.open(f"{KEYS}/new")
    page = visitor.send(f"{KEYS}/new", **filled)
    assert page.status == 422
    assert told in page.main


def test_a_name_with_markup_is_shown_as_it_is(signed_in: SignedIn) -> None:
    visitor = signed_in("user")
    made(visitor, "<script>alert(1)</script>")
    assert "<script>alert(1)</script>" in visitor.open(KEYS).main
    assert visitor.open(f"{KEYS}?after=%3Cscript%3E%00").status == 200


def test_many_keys_are_told_a_page_at_a_time(signed_in: SignedIn, application: InProcess) -> None:
    for number in range(60):
        body = {"name": f"key-{number:02}", "kind": "public"}
        assert application.request("POST", "/admin/v1/keys", body).status == 200
    visitor = signed_in("user")
    names = []
    path = KEYS
    while path:
        page = visitor.open(path)
        names += [row[0] for row in page.rows[1:]]
        path = next((link for link in page.links if "after=" in link), "")
    assert len(names) == len(set(names)) > 60
    assert names == sorted(names)


@pytest.mark.parametrize("username", ["telco-administrator", "north", "north-administrator", "north-auditor", "nora"])
def test_nobody_else_sees_or_makes_keys(signed_in: SignedIn, username: str) -> None:
    visitor = signed_in(username)
    for path in (KEYS, f"{KEYS}/new", f"{KEYS}/{'0' * 12}/revoke"):
        assert visitor.open(path).status == 403
    values = visitor.open("/console/me").form("/console/sign-out").values
    assert visitor.post(f"{KEYS}/new", {**values, "name": "x", "kind": "secret"}).status == 403


def test_another_tenants_key_and_one_that_is_not_there_are_told_alike(
    signed_in: SignedIn, application: InProcess
) -> None:
    body = {"name": "acme's", "kind": "secret"}
    key_id = application.request("POST", "/admin/v1/keys", body).json()["data"]["id"]
    telco = signed_in("telco")
    values = telco.open("/console/me").form("/console/sign-out").values
    for named in (key_id, "0" * 12, "x", "%", "0" * 64):
        assert telco.open(f"{KEYS}/{named}/revoke").status == 404, named
        assert telco.post(f"{KEYS}/{named}/revoke", values).status == 404, named
    assert status_with(application, "sk_test_acme") == 200

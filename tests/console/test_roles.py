"""Roles: seen by who may give them, made and changed by the root's `system`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.apis.enswitch.client import Client
from tests.console.visitor import Visitor
from tests.harness import InProcess

SignedIn = Callable[..., Visitor]
ROLES = "/console/roles"


def link_of(visitor: Visitor, name: str) -> str:
    page = visitor.open(ROLES)
    names = [row[0] for row in page.rows[1:]]
    links = [link for link in page.links if link.startswith(f"{ROLES}/") and link != f"{ROLES}/new"]
    return links[names.index(name)]


def test_each_sees_the_roles_that_they_may_give_and_the_roots_system_all(signed_in: SignedIn) -> None:
    everything = ["Owner", "Reseller", "Administrator", "Auditor", "User"]
    for username, seen in {
        "telco": everything,
        "telco-administrator": ["Administrator", "User"],
        "north-administrator": ["Administrator", "User"],
    }.items():
        assert [row[0] for row in signed_in(username).open(ROLES).rows[1:]] == seen, username
    for username in ("north", "north-user", "nora"):
        assert signed_in(username).open(ROLES).status == 403, username


def test_what_a_role_allows_is_told_privilege_by_privilege(signed_in: SignedIn) -> None:
    visitor = signed_in("telco")
    assert [row[1:] for row in visitor.open(ROLES).rows if row[0] == "User"] == [["user", "–"]]
    page = visitor.open(link_of(visitor, "Auditor"))
    chosen = page.form(page.path).values
    assert {name for name, value in chosen.items() if value == "2"} == {
        *("user", "administrator", "wholesale", "commerce", "reports"),
    }
    administrator = signed_in("telco-administrator")
    path = link_of(administrator, "User")
    page = administrator.open(path)
    assert [row[:2] for row in page.rows if row[0] in ("user", "system")] == [["system", "not"], ["user", "may"]]
    assert path not in [form.action for form in page.forms]


def test_a_role_is_made_and_given_what_it_allows(signed_in: SignedIn, application: InProcess) -> None:
    visitor = signed_in("telco")
    visitor.open(f"{ROLES}/new")
    page = visitor.send(f"{ROLES}/new", name="Support <b>", description="Looks")
    assert "allows nothing yet" in page.main
    assert "Support <b>" in page.main
    path = page.path.partition("?")[0]
    page = visitor.send(path, commerce="2", user="1")
    assert "Saved." in page.main
    role = next(r for r in Client(application, "telco")("roles/list").data if r["name"] == "Support <b>")
    assert {name for name, access in role["access"].items() if access} == {"commerce", "user"}
    assert (role["access"]["commerce"], role["access"]["user"]) == (2, 1)
    assert page.form(path).values["commerce"] == "2"
    visitor.send(path, commerce="0")
    role = next(r for r in Client(application, "telco")("roles/list").data if r["name"] == "Support <b>")
    assert role["access"]["commerce"] == 0


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"name": ""}, "Fill this in."),
        ({"name": "x" * 256}, "Use at most 255 characters."),
        ({"name": "Owner"}, "Another role has this name."),
        ({"name": "x", "description": "x" * 4001}, "Use at most 4000 characters."),
    ],
)
def test_a_role_that_cannot_be_is_told_at_its_field(signed_in: SignedIn, filled: dict[str, str], told: str) -> None:
    visitor = signed_in("telco")
    visitor.open(f"{ROLES}/new")
    page = visitor.send(f"{ROLES}/new", **filled)
    assert page.status == 422
    assert told in page.main


def test_nobody_takes_their_own_system_away_and_then_nothing_is_changed(
    signed_in: SignedIn, application: InProcess
) -> None:
    visitor = signed_in("telco")
    path = link_of(visitor, "Owner")
    before = Client(application, "telco")("roles/list").data[0]["access"]
    assert "This is your own role" in visitor.open(path).main
    for value in ("0", "2"):
        page = visitor.send(path, system=value, commerce="0", callshop="1")
        assert page.status == 422
        assert "Nobody may take their own system access away." in page.main
        assert page.form(path).values["commerce"] == "0"
        visitor.open(path)
    assert Client(application, "telco")("roles/list").data[0]["access"] == before
    assert visitor.send(path, commerce="9").status == 422


def test_who_may_not_change_roles_cannot(signed_in: SignedIn) -> None:
    path = link_of(signed_in("telco"), "User")
    for username in ("telco-administrator", "north", "north-administrator", "north-auditor", "nora"):
        visitor = signed_in(username)
        values = {**visitor.open("/console/me").form("/console/sign-out").values, "name": "x", "system": "1"}
        assert visitor.open(f"{ROLES}/new").status == 403, username
        assert visitor.post(f"{ROLES}/new", values).status == 403, username
        assert visitor.post(path, values).status == 403, username


def test_a_role_that_is_not_there_or_may_not_be_seen_is_told_alike(signed_in: SignedIn) -> None:
    owner = link_of(signed_in("telco"), "Owner")
    administrator = signed_in("north-administrator")
    for path in (owner, f"{ROLES}/999", f"{ROLES}/x", f"{ROLES}/99999999999999999999", f"{ROLES}?after=x"):
        assert administrator.open(path).status == 404, path


def test_read_only_opens_the_settings_and_no_form_of_theirs(signed_in: SignedIn, application: InProcess) -> None:
    telco = Client(application, "telco")
    role = telco("roles/create", name="Viewer").data["id"]
    for privilege in ("user", "administrator", "settings", "system"):
        assert telco("roles/access/set", role=role, privilege=privilege, access=2).code == "204"
    given = {"username": "viewer", "password": "password", "role": role, "email": "viewer@example.com"}
    assert telco("people/create", **given).code == "200"
    visitor = signed_in("viewer")
    page = visitor.open("/console/me")
    values = page.form("/console/sign-out").values
    for place in ("webhooks", "keys", "people", "roles"):
        page = visitor.open(f"/console/{place}")
        assert page.status == 200, place
        assert f"/console/{place}/new" not in page.links
        assert not [form for form in page.forms if form.method == "post" and "sign-out" not in form.action]
        assert visitor.open(f"/console/{place}/new").status == 403, place
        assert visitor.post(f"/console/{place}/new", {**values, "name": "x", "kind": "secret"}).status == 403, place
    assert visitor.open("/console/audit").status == 200

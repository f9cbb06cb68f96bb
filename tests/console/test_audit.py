"""The audit log: who did what, when, from where, before and after; each their branch's, found by filters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.apis.enswitch.client import Client
from tests.console.visitor import Page, Visitor
from tests.harness import InProcess

SignedIn = Callable[..., Visitor]
AUDIT = "/console/audit"


def told(page: Page) -> list[tuple[str, str]]:
    """Who, and what they did, of each entry."""
    return [
        (row[1], row[3].partition(" Before and after")[0]) for row in page.rows if len(row) == 4 and row[0] != "When"
    ]


def test_a_change_is_told_with_who_where_and_what_it_was_before(signed_in: SignedIn, application: InProcess) -> None:
    north = Client(application, "north")
    tax = north("taxes/create", name="VAT <b>", rate="19").data["id"]
    assert north("taxes/update", id=tax, rate="7.5").code == "204"
    page = signed_in("telco").open(AUDIT)
    entries = told(page)
    assert entries[1:3] == [("north", f"Update tax tax {tax} (VAT <b>)"), ("north", f"Create tax tax {tax} (VAT <b>)")]
    assert "ENSwitch 127.0.0.1" in page.main
    assert ["rate", "19.00", "7.50"] in page.rows
    assert ["name", "–", "VAT <b>"] in page.rows
    assert f"/console/taxes/{tax}" in page.links


def test_each_sees_what_people_of_their_branch_did(signed_in: SignedIn, application: InProcess) -> None:
    for username in ("telco", "north", "south", "nora"):
        assert Client(application, username)("taxes/create", name=f"by {username}", rate="1").code == "200"
    everything = {"telco", "north", "south", "nora"}
    for username, seen in {
        "telco": everything,
        "telco-administrator": {"telco"},
        "north-auditor": {"north", "nora"},
        "north-administrator": {"north"},
    }.items():
        page = signed_in(username).open(AUDIT)
        assert {name for name in everything if f"by {name}" in page.main} == seen, username
    for username in ("north", "north-user", "nora", "south"):
        assert signed_in(username).open(AUDIT).status == 403, username
    assert "by telco" not in signed_in("user").open(AUDIT).main


def test_entries_are_found_by_each_filter(signed_in: SignedIn, application: InProcess) -> None:
    north, telco = Client(application, "north"), Client(application, "telco")
    tax = north("taxes/create", name="VAT", rate="19").data["id"]
    assert telco("taxes/update", id=tax, rate="7").code == "204"
    visitor = signed_in("telco")
    made, changed, came = ("north", "Create tax"), ("telco", "Update tax"), ("telco", "Sign in")
    today = datetime.now(UTC).date()
    before, after = (today - timedelta(days=2)).isoformat(), (today + timedelta(days=2)).isoformat()
    for query, wanted in {
        "person=north": [made],
        "person=telco": [came, changed],
        "door=console": [came],
        "door=enswitch": [changed, made],
        "command=CreateTax": [made],
        f"kind=tax&subject={tax}": [changed, made],
        "kind=tax&subject=999": [],
        f"from={before}&to={after}&door=enswitch": [changed, made],
        f"to={before}": [],
        f"from={after}": [],
        "person=telco&door=enswitch": [changed],
    }.items():
        page = visitor.open(f"{AUDIT}?{query}")
        assert page.status == 200, page.main
        found = [(who, " ".join(what.split()[:2])) for who, what in told(page)]
        assert found == wanted, query


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("person=nobody", "Nobody has this username."),
        ("person=user", "Nobody has this username."),
        ("door=window", "Choose one of those"),
        ("command=DropTables", "Choose one of those"),
        ("kind=thing&subject=1", "Choose one of those"),
        ("kind=tax", "Say which tax"),
        ("subject=1", "Choose what it is the number or name of."),
        ("from=yesterday", "Enter a day such as"),
        ("from=2026-02-01&to=2026-01-01", "must not come before the first"),
        (f"subject={'x' * 300}&kind=tax", "Use at most 255 characters."),
    ],
)
def test_a_filter_that_cannot_be_is_told_at_its_field(signed_in: SignedIn, query: str, sentence: str) -> None:
    page = signed_in("telco").open(f"{AUDIT}?{query}")
    assert page.status == 422
    assert sentence in page.main
    assert told(page) == []


def test_a_person_of_another_branch_is_told_as_nobody(signed_in: SignedIn) -> None:
    visitor = signed_in("north-auditor")
    assert "Nobody has this username." in visitor.open(f"{AUDIT}?person=south").main
    assert visitor.open(f"{AUDIT}?person=nora").status == 200


def test_whoever_was_removed_is_still_found_by_their_name(signed_in: SignedIn, application: InProcess) -> None:
    telco = Client(application, "telco")
    assert Client(application, "south")("taxes/create", name="theirs", rate="1").code == "200"
    assert telco("people/delete", id=telco("people/get", username="south").data["id"]).code == "204"
    assert "theirs" in signed_in("telco").open(f"{AUDIT}?person=south").main


def test_entries_are_told_a_page_at_a_time(signed_in: SignedIn, application: InProcess) -> None:
    telco = Client(application, "telco")
    for number in range(60):
        assert telco("taxes/create", name=f"tax {number}", rate="1").code == "200"
    visitor = signed_in("telco")
    page = visitor.open(f"{AUDIT}?command=CreateTax")
    first = told(page)
    assert len(first) == 50
    (older,) = [link for link in page.links if "before=" in link]
    rest = told(visitor.open(older))
    assert len(rest) == 10
    assert len({what for _, what in first + rest}) == 60
    assert visitor.open(f"{AUDIT}?before=x").status == 404
    assert visitor.open(f"{AUDIT}?before=1-").status == 404


def test_what_has_no_page_for_who_looks_is_no_link(signed_in: SignedIn, application: InProcess) -> None:
    telco = Client(application, "telco")
    assert telco("taxes/create", name="VAT", rate="1").code == "200"
    page = signed_in("telco-administrator").open(AUDIT)
    assert "VAT" in page.main
    assert not [link for link in page.links if link.startswith("/console/taxes/")]


def test_no_password_is_told(signed_in: SignedIn, application: InProcess) -> None:
    telco = Client(application, "telco")
    person = telco("people/get", username="south").data["id"]
    assert telco("people/update", id=person, password="correct horse").code == "204"
    page = signed_in("telco").open(AUDIT)
    assert ["password_hash", "changed", "changed"] in page.rows
    assert "correct horse" not in page.answer.body.decode()
    assert "argon2" not in page.answer.body.decode()


def test_instants_are_told_by_the_tenants_clock_on_the_wall(signed_in: SignedIn, application: InProcess) -> None:
    body = {"name": "short-lived", "kind": "public"}
    key_id = application.request("POST", "/admin/v1/keys", body).json()["data"]["id"]
    assert application.request("DELETE", f"/admin/v1/keys/{key_id}").status == 200
    page = signed_in("user").open(AUDIT)
    ((_, before, after),) = [row for row in page.rows if row[0] == "revoked_at"]
    assert before == "–"
    assert datetime.strptime(after, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - the zone is the tenant's

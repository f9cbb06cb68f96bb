"""Customers made, changed, moved, deleted and undeleted on the console."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.console.visitor import Page, Visitor

SignedIn = Callable[..., Visitor]

NEW = "/console/customers/new"
NORA = "/console/customers/11"


@pytest.fixture
def north(signed_in: SignedIn) -> Visitor:
    return signed_in("north")


@pytest.fixture
def telco(signed_in: SignedIn) -> Visitor:
    return signed_in("telco")


def sent(visitor: Visitor, path: str, **filled: str) -> Page:
    visitor.open(path)
    return visitor.send(path, **filled)


MAKE = {"name": "Nils", "email": "nils@example.com", "plan": "70"}


def test_a_customer_is_made_once_however_often_the_form_is_sent(north: Visitor) -> None:
    page = north.open(NEW)
    values = {**page.form(NEW).values, **MAKE}
    page = north.post(NEW, values)
    assert "The customer is made" in page.main
    assert "Nils" in page.main
    made = page.path.partition("?")[0]
    again = north.post(NEW, values)
    assert again.path.partition("?")[0] == made
    assert "nothing more was done" in again.main
    assert north.post(NEW, {**values, "name": "Other"}).status == 409
    assert north.post(NEW, {**values, "attempt": ""}).status == 422


def test_a_plan_is_named_by_its_identifier_too(north: Visitor) -> None:
    page = sent(north, NEW, **{**MAKE, "plan": "north-basic", "currency": "usd", "country": "de", "parent": "40"})
    assert "The customer is made" in page.main
    assert "$0.00" in page.main
    assert "Far North" in page.main


REFUSED = [
    ({"name": ""}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"email": ""}, "email"),
    ({"email": "nobody"}, "email"),
    ({"plan": ""}, "plan"),
    ({"plan": "71"}, "plan"),
    ({"plan": "no-such"}, "plan"),
    ({"plan": "9" * 30}, "plan"),
    ({"currency": "XXX"}, "currency"),
    ({"currency": "GBP"}, "currency"),
    ({"country": "ZZ"}, "country"),
    ({"timezone": "Mars/North"}, "timezone"),
    ({"bill_type": "never"}, "bill_type"),
    ({"parent": "20"}, "parent"),
    ({"parent": "1"}, "parent"),
    ({"parent": "x"}, "parent"),
]


def test_what_cannot_be_of_a_new_customer_is_told_at_its_field(north: Visitor) -> None:
    for filled, field in REFUSED:
        page = sent(north, NEW, **{**MAKE, **filled})
        assert page.status == 422, filled
        assert f"{field}-fault" in page.ids, filled
    north.open("/console/customers")
    assert "Nils" not in north.page.main


def test_a_plan_of_somebody_else_is_refused_as_one_that_is_not_there(north: Visitor) -> None:
    told = {sent(north, NEW, **{**MAKE, "plan": plan}).main for plan in ("telco-basic", "no-such", "71", "99")}
    assert len({text.replace("telco-basic", "").replace("no-such", "") for text in told}) == 1, told


def test_a_reference_is_the_roots_to_give(north: Visitor, telco: Visitor) -> None:
    page = north.open(f"{NORA}/edit")
    assert "reference" not in page.form(f"{NORA}/edit").values
    page = north.send(f"{NORA}/edit", reference="mine")
    assert page.status == 422
    assert "owner may set a reference" in page.main
    assert "nora-1" in sent(telco, f"{NORA}/edit", reference="nora-1").main
    assert sent(telco, "/console/customers/21/edit", reference="nora-1").status == 422
    assert "reference-fault" in telco.page.ids


def test_what_is_saved_is_shown_and_the_rest_stays(north: Visitor) -> None:
    page = sent(north, f"{NORA}/edit", name="Nora <b>N</b>", timezone="Asia/Tokyo")
    assert "Saved." in page.main
    assert "Nora <b>N</b>" in page.main
    assert "Asia/Tokyo" in page.main
    assert "nora@example.com" in page.main
    assert "€100.00" in page.main
    page = sent(north, f"{NORA}/edit", currency="USD")
    assert page.status == 422
    assert "currency-fault" in page.ids


def test_ones_own_people_change_no_terms(signed_in: SignedIn) -> None:
    nora = signed_in("nora")
    page = nora.open(f"{NORA}/edit")
    assert "plan" not in page.form(f"{NORA}/edit").values
    assert "Saved." in nora.send(f"{NORA}/edit", name="Nora Nord").main
    nora.open(f"{NORA}/edit")
    page = nora.send(f"{NORA}/edit", plan="71", bill_type="none")
    assert page.status == 422
    for path in ("/delete", "/credit"):
        assert nora.open(f"{NORA}{path}").status == 404


def test_a_customer_is_moved_with_all_below_it(telco: Visitor, signed_in: SignedIn) -> None:
    path = "/console/customers/40/move"
    assert sent(telco, path, parent="41", plan="71").status == 422
    assert "parent-fault" in telco.page.ids
    assert sent(telco, path, parent="20", plan="no").status == 422
    page = sent(telco, path, parent="20", plan="71")
    assert "The customer is moved" in page.main
    assert "South" in page.main
    assert signed_in("north").open("/console/customers/41").status == 404
    assert signed_in("south").open("/console/customers/41").status == 200


def test_a_customer_is_deleted_after_a_question_and_comes_back(north: Visitor) -> None:
    page = north.open(f"{NORA}/delete")
    assert "€100.00" in page.main
    values = page.form(f"{NORA}/delete").values
    page = north.send(f"{NORA}/delete")
    assert "The customer is deleted" in page.main
    assert "deleted" in page.headings[0][1]
    assert north.post(f"{NORA}/delete", values).status == 200
    for path in ("/charge", "/schedule", "/credit", "/edit"):
        assert north.open(f"{NORA}{path}").status == 404, path
    north.open("/console/customers")
    assert "Nora" not in north.page.main
    assert "Nora" in north.send("/console/customers", q="11").main
    north.open(f"{NORA}/undelete")
    assert "The customer is back" in north.send(f"{NORA}/undelete").main


def test_who_has_customers_stays_and_it_is_said_why(north: Visitor) -> None:
    page = sent(north, "/console/customers/40/delete")
    assert page.status == 409
    assert "has customers of its own" in page.main


def test_another_branch_and_the_root_are_not_to_be_deleted(north: Visitor, telco: Visitor) -> None:
    values = north.open(NORA).form("/console/sign-out").values
    for number in (1, 10, 20, 21, 123):
        for what in ("delete", "undelete", "edit"):
            if (number, what) != (10, "edit"):
                page = north.post(f"/console/customers/{number}/{what}", values)
                assert page.status in (404, 409) or page.path == f"/console/customers/{number}", (number, what)
    assert north.open("/console/customers/10").status == 200
    assert telco.open("/console/customers/21").status == 200
    assert telco.open("/console/customers/1/delete").status == 404

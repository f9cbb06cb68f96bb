"""Charging everybody on a plan: rehearsed, signed with the digest, watched, and seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.apis.enswitch.client import Client
from tests.console.visitor import Page, Visitor
from tests.harness import InProcess
from tollhouse.apis.desk import LONG_WORK_MAX
from tollhouse.console.pages.plan_charging import PlanCharging, Rehearsed
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.charging.rehearsing import Line, Rehearsal
from tollhouse.ledger.facts import ChargeFact

SignedIn = Callable[..., Visitor]
CHOOSE = "/console/plans/70/charge"


@pytest.fixture
def on_plan(application: InProcess) -> list[int]:
    """Customers on the plan 70: Nora already is."""
    telco = Client(application, "telco")
    for number in (12, 13, 16):
        assert telco("customers/update", id=number, plan=70).code == "204"
    assert telco("taxes/create", name="VAT", rate="19", charges=1, customer=10).code == "200"
    return [11, 12, 13, 16]


def new_charge(visitor: Visitor, **filled: str) -> Page:
    visitor.open(CHOOSE)
    return visitor.send(CHOOSE, **{"name": "Router", "amount": "10.00", "currency": "EUR", **filled})


def ended(visitor: Visitor, page: Page) -> Page:
    """The run's page, once it has ended."""
    until = time.monotonic() + 60
    while "data-refresh" in page.answer.body.decode():
        assert time.monotonic() < until, page.main
        time.sleep(0.02)
        page = visitor.open(page.path)
    return page


def test_everybody_is_charged_what_was_rehearsed(
    signed_in: SignedIn, on_plan: list[int], application: InProcess
) -> None:
    visitor = signed_in("telco")
    visitor.open("/console/plans/70")
    assert CHOOSE in visitor.page.links
    rehearsal = new_charge(visitor)
    assert rehearsal.path.startswith(f"{CHOOSE}/")
    assert "Nothing was charged" in rehearsal.main
    sums = {row[0]: row[1:] for row in rehearsal.rows if row and row[0] in ("EUR", "JPY", "KWD", "USD")}
    assert sums["EUR"] == ["1", "€10.00", "€1.90", "€11.90", "€10.00"]
    assert sums["JPY"] == ["1", "¥1,605", "¥305", "¥1,910", "¥1,605"]
    telco = Client(application, "telco")
    assert telco("transactions/list", customer=12).data == []

    run = ended(visitor, visitor.send(rehearsal.path, sure="1"))
    assert run.path.startswith("/console/runs/")
    assert "Everybody was charged" in run.main
    assert "4 of 4 customers" in run.main
    assert [row for row in run.rows if row and row[0] in sums] == [[c, *row] for c, row in sums.items()]
    assert telco("transactions/list", customer=12).data[0]["amount"] == "-1910.00"
    assert run.path in visitor.open("/console/plans/70").links


def test_nothing_is_charged_unless_it_is_meant(signed_in: SignedIn, on_plan: list[int]) -> None:
    visitor = signed_in("telco")
    rehearsal = new_charge(visitor)
    page = visitor.send(rehearsal.path)
    assert page.status == 422
    assert "Nothing was charged" in page.main
    assert "Nobody was charged by this plan yet." in visitor.open("/console/plans/70").main


def test_what_changed_since_the_rehearsal_is_not_charged(
    signed_in: SignedIn, on_plan: list[int], application: InProcess
) -> None:
    visitor = signed_in("telco")
    rehearsal = new_charge(visitor)
    assert Client(application, "telco")("customers/update", id=16, bill_type="none").code == "204"
    run = ended(visitor, visitor.send(rehearsal.path, sure="1"))
    assert "Nothing was charged" in run.main
    assert Client(application, "telco")("transactions/list", customer=11).data == []


def test_the_same_signature_sent_twice_charges_once(
    signed_in: SignedIn, on_plan: list[int], application: InProcess
) -> None:
    visitor = signed_in("telco")
    rehearsal = new_charge(visitor)
    values = {**rehearsal.form(rehearsal.path).values, "sure": "1"}
    first = ended(visitor, visitor.post(rehearsal.path, values))
    second = visitor.post(rehearsal.path, values)
    assert second.path == first.path
    assert len(Client(application, "telco")("transactions/list", customer=11).data) == 1


def test_who_cannot_be_charged_is_named_and_stops_it(
    signed_in: SignedIn, on_plan: list[int], application: InProcess
) -> None:
    assert Client(application, "telco")("customers/update", id=17, plan=70).code == "204"
    rehearsal = new_charge(signed_in("telco"))
    assert "1 cannot be charged" in rehearsal.main
    assert "Without a rate" in rehearsal.main
    assert not [form for form in rehearsal.forms if form.action == rehearsal.path]


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"amount": ""}, "Enter an amount."),
        ({"amount": "-1"}, "Enter an amount above zero."),
        ({"amount": "0.001"}, "at most 2 decimals"),
        ({"amount": "1e5"}, "Enter a number such as 12.50."),
        ({"amount": "9" * 30}, "Enter a number such as 12.50."),
        ({"currency": "EURO"}, "Enter the code of a currency"),
        ({"name": ""}, "Fill this in."),
        ({"name": "x" * 300}, "at most 255 characters"),
    ],
)
def test_what_cannot_be_charged_is_told_at_its_field(signed_in: SignedIn, filled: dict[str, str], told: str) -> None:
    page = new_charge(signed_in("telco"), **filled)
    assert page.status == 422
    assert told in page.main


def test_each_sees_and_charges_the_plans_of_their_own_branch(signed_in: SignedIn, on_plan: list[int]) -> None:
    rehearsal = new_charge(signed_in("telco"))
    north = signed_in("north")
    assert north.open(rehearsal.path).status == 200
    assert "/console/plans/71" not in north.open("/console/plans").links
    for path in ("/console/plans/71", "/console/plans/71/charge"):
        assert north.open(path).status == 404
    south = signed_in("south")
    for path in ("/console/plans/70", CHOOSE, rehearsal.path, rehearsal.path.replace("/70/", "/71/")):
        assert south.open(path).status == 404, path
    assert signed_in("north-auditor").open(rehearsal.path).status == 403
    assert signed_in("north-user").open("/console/plans").status == 403


def test_however_many_look_at_a_rehearsal_at_once_it_is_made_once(
    signed_in: SignedIn, on_plan: list[int], application: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first goes through everybody once all have asked."""
    asked, everybody = LONG_WORK_MAX + 4, threading.Event()
    looks, made = count(1), []
    rehearsed, with_others = Everybody.rehearsed, PlanCharging._rehearsed_with_others

    def patient(self: Everybody, charge: ChargeFact, rehearsal: Rehearsal) -> Iterator[Line]:
        made.append(charge.charge_id)
        assert everybody.wait(60)
        return rehearsed(self, charge, rehearsal)

    async def counted(self: PlanCharging, charge: ChargeFact) -> Rehearsed:
        if next(looks) == asked:
            everybody.set()
        return await with_others(self, charge)

    visitor = signed_in("telco")
    path = new_charge(visitor).path
    monkeypatch.setattr(Everybody, "rehearsed", patient)
    monkeypatch.setattr(PlanCharging, "_rehearsed_with_others", counted)
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())}
    answers = application.gather(*(application.asking("GET", path, key=None, headers=headers) for _ in range(asked)))
    assert {answer.status for answer in answers} == {200}
    assert len(made) == 1
    assert all(b"Kawthar" in answer.body for answer in answers)

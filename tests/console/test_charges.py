"""Charges: listed, foreseen, changed, deleted, charged now after a rehearsal, and let go on where they were parked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.apis.enswitch.client import Client
from tests.console.visitor import Visitor
from tests.harness import InProcess
from tollhouse.console.pages.charge_words import schedule_in_words
from tollhouse.ledger.facts import ChargeFact, ScheduleFact, TenantFact
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

SignedIn = Callable[..., Visitor]
LIST = "/console/charges"


@pytest.fixture
def beside(acme_url: str) -> Iterator[SqlStore]:
    """The application's store, from beside it."""
    with closing(SqlStore(store_url(acme_url))) as opened:
        yield opened


def blank(kind: Any) -> Any:
    """A fact in which nothing is set."""
    return kind(*[0] * len(kind.__struct_fields__))


def park(store: SqlStore, slug: str, charge_id: int, reason: str) -> None:
    tenant = store.tenant_called(slug)
    assert tenant is not None
    with store.unit_of_work(tenant.tenant_id) as unit:
        assert unit.change(ScheduleFact, {"charge_id": charge_id}, state="parked", reason=reason) == 1


def names(visitor: Visitor, query: str = "") -> list[str]:
    page = visitor.open(LIST + query)
    assert page.status == 200, page.main
    return [row[0] for row in page.rows[1:]]


def test_charges_are_listed_the_last_made_first_and_by_how_they_stand(
    signed_in: SignedIn, application: InProcess, beside: SqlStore
) -> None:
    acme = Client(application)
    for name in ("Gone", "Over", "Stuck"):
        acme.create(name=name, period="monthly", amount="10")
    acme.create(name="On the plan", customer=0, plan=7, period="quarterly", amount="3")
    assert acme("charges/delete", id=1).code == "204"
    assert acme("charges/update", id=2, start=1_600_000_000, end=1_700_000_000).code == "204"
    park(beside, "acme", 3, "There is no rate.")
    visitor = signed_in("user")
    wanted = {
        "": ["On the plan", "Stuck", "Over", "Gone"],
        "?state=deleted": ["Gone"],
        "?state=ended": ["Over"],
        "?customer=cust_789": ["Stuck", "Over", "Gone"],
        "?plan=gold": ["On the plan"],
        "?plan=7&state=ended": [],
    }
    for query, found in wanted.items():
        assert names(visitor, query) == found, query
    assert visitor.open(f"{LIST}?state=parked").path == f"{LIST}/parked"
    states = {row[0]: row[5] for row in visitor.open(LIST).rows[1:]}
    assert states == {"Gone": "deleted", "Over": "ended", "Stuck": "parked", "On the plan": "active"}
    for query in ("?customer=nobody", "?plan=none", "?state=x"):
        assert visitor.open(LIST + query).status == 422
    for query in ("?before=x", "/due?before=1", "/due?before=1-2-x", "/parked?before=1-2-" + "9" * 17, "/9999", "/x"):
        assert visitor.open(LIST + query).status == 404, query


def test_a_list_leads_on_page_by_page(signed_in: SignedIn, application: InProcess) -> None:
    acme = Client(application)
    for number in range(52):
        acme.create(name=f"Router {number}", period="monthly", amount="1")
    visitor = signed_in("user")
    for path, rest in ((LIST, ["Router 1", "Router 0"]), (f"{LIST}/due", ["Router 50", "Router 51"])):
        page = visitor.open(path)
        assert len(page.rows) == 51
        page = visitor.open(path + next(link for link in page.links if "before=" in link).removeprefix(path))
        assert [cell for row in page.rows[1:] for cell in row if cell.startswith("Router")] == rest


def test_a_schedule_is_said_in_words(signed_in: SignedIn, application: InProcess) -> None:
    acme, visitor = Client(application), signed_in("user")
    wanted: list[tuple[dict[str, object], str]] = [
        ({"period": "monthly"}, "monthly on the 1st, in UTC"),
        ({"period": "quarterly"}, "quarterly on the 1st of January, April, July and October, in UTC"),
        ({"period": "annually", "number": 3}, "annually on the 1st of January, at most 3 times, in UTC"),
        ({"period": ""}, "once, 60 minutes after it was made"),
        ({"period": "once"}, "once, on the first day of the month after it was made"),
        ({"period": "once", "start": 4_000_000_000}, "once, at its start"),
    ]
    for given, words in wanted:
        assert words in visitor.open(f"{LIST}/{acme.create(amount='10', **given)}").main


def test_a_schedule_that_counts_from_its_start_says_so() -> None:
    tenant, charge = blank(TenantFact), blank(ChargeFact)
    for period, anchor_on, words in (
        ("monthly", "2026-01-31", "monthly on the 31st, or the last day of a shorter month, counted from 2026-01-31"),
        ("quarterly", "2025-11-02", "quarterly on the 2nd of February, May, August and November, counted from"),
        ("annually", "2024-02-29", "annually on the 29th of February, or the last day of a shorter month"),
        ("monthly", "2026-01-13", "monthly on the 13th, counted from 2026-01-13"),
        ("monthly", "2026-01-23", "monthly on the 23rd, counted"),
    ):
        charge.period, charge.anchor_on = period, anchor_on
        said = schedule_in_words(charge, tenant, "Europe/Berlin")
        assert said.startswith(words)
        assert said.endswith(", in Europe/Berlin")


def test_what_lies_ahead_is_foreseen_with_its_taxes(signed_in: SignedIn, application: InProcess) -> None:
    charge = Client(application).create(amount="10", currency="EUR", period="monthly", number=3)
    page = signed_in("user").open(f"{LIST}/{charge}")
    ahead = [row for row in page.rows if row and row[-1].startswith("$13.20")]
    assert len(ahead) == 3
    assert all(row[1].endswith("-01") for row in ahead)


def test_charging_now_is_rehearsed_and_done_once(signed_in: SignedIn, application: InProcess) -> None:
    acme = Client(application)
    charge = acme.create(amount="10")
    visitor = signed_in("user")
    address = f"{LIST}/{charge}/charge"
    page = visitor.open(address)
    assert "Nothing was charged" in page.main
    assert "Balance now $0.00 Balance after it -$12.00" in page.main
    values = page.form(address).values
    assert acme.balance() == "0.00"
    page = visitor.post(address, values)
    assert page.path.startswith("/console/transactions/")
    assert page.path.endswith("told=charged")
    again = visitor.post(address, values)
    assert again.path == page.path.replace("charged", "done-before")
    assert acme.balance() == "-12.00"
    page = visitor.open(address)
    assert "charged as often as it allows" in page.main
    assert not [form for form in page.forms if form.action == address]
    shown = visitor.open(f"{LIST}/{charge}")
    assert any(row[-1] == "charged" for row in shown.rows)


def test_what_changed_since_the_rehearsal_is_not_charged(signed_in: SignedIn, application: InProcess) -> None:
    acme = Client(application)
    charge = acme.create(amount="10")
    visitor = signed_in("user")
    address = f"{LIST}/{charge}/charge"
    values = visitor.open(address).form(address).values
    assert acme("charges/update", id=charge, amount="11").code == "204"
    page = visitor.post(address, values)
    assert page.status == 409
    assert "no longer what was rehearsed" in page.main
    for faulty in ({"attempt": ""}, {"digest": ""}, {"digest": "x" * 9999}):
        assert visitor.post(address, {**values, **faulty}).status in (409, 422)
    assert acme.balance() == "0.00"
    fresh = visitor.open(address).form(address).values
    assert visitor.post(address, fresh).path.endswith("told=charged")
    assert acme.balance() == "-13.20"


def test_a_charge_of_a_plan_is_charged_by_the_guided_flow(signed_in: SignedIn, application: InProcess) -> None:
    charge = Client(application).create(customer=0, plan=7, amount="10")
    visitor = signed_in("user")
    assert visitor.open(f"{LIST}/{charge}/charge").path == f"/console/plans/7/charge/{charge}"
    assert visitor.open(f"{LIST}/{charge}").status == 200


def test_a_charge_is_changed_and_deleted(signed_in: SignedIn, application: InProcess) -> None:
    acme = Client(application)
    charge = acme.create(amount="10", period="monthly")
    visitor = signed_in("user")
    address = f"{LIST}/{charge}/change"
    page = visitor.open(address)
    assert page.form(address).values["amount"] == "10.00"
    filled = {"name": "Line", "amount": "1,234.567", "buy": "3", "last_day": "2099-12-31", "number": "12"}
    assert visitor.send(address, **filled).path == f"{LIST}/{charge}?told=saved"
    kept = acme("charges/get", id=charge).data
    assert (kept["name"], kept["amount"], kept["buy"], kept["number"]) == ("Line", "1234.567", "3.00", 12)
    assert kept["end"] == 4_102_444_800
    page = visitor.open(address)
    assert page.form(address).values["last_day"] == "2099-12-31"
    assert visitor.send(address, last_day="", number="").status == 200
    assert acme("charges/get", id=charge).data["end"] == 0

    assert visitor.open(f"{LIST}/{charge}/delete").status == 200
    assert visitor.send(f"{LIST}/{charge}/delete").path == f"{LIST}/{charge}?told=charge-deleted"
    assert "deleted" in visitor.page.main
    assert not any(link.startswith(f"{LIST}/{charge}/") for link in visitor.page.links)
    assert visitor.open(f"{LIST}/{charge}/charge").main.count("deleted") == 1


def test_what_a_charge_cannot_be_is_told_at_its_field(signed_in: SignedIn, application: InProcess) -> None:
    charge = Client(application).create(amount="10", period="monthly")
    visitor = signed_in("user")
    address = f"{LIST}/{charge}/change"
    for name, text in (
        ("name", ""),
        ("name", "x" * 256),
        ("amount", "ten"),
        ("amount", "1" * 30),
        ("buy", "<b>"),
        ("last_day", "2026-02-30"),
        ("number", "-1"),
        ("number", "9" * 18),
    ):
        visitor.open(address)
        page = visitor.send(address, **{name: text})
        assert page.status == 422, (name, text)
        assert f"{name}-fault" in page.ids
    assert Client(application)("charges/get", id=charge).data["name"] == "Router"


def test_an_end_before_the_start_is_refused_above_the_form(signed_in: SignedIn, application: InProcess) -> None:
    charge = Client(application).create(amount="10", period="monthly", start=4_000_000_000)
    visitor = signed_in("user")
    address = f"{LIST}/{charge}/change"
    visitor.open(address)
    page = visitor.send(address, last_day="2026-01-01")
    assert page.status == 409
    assert "The end must be after the start. Nothing was changed." in page.main


def test_what_is_parked_is_told_with_its_reason_and_falls_due_again(
    signed_in: SignedIn, application: InProcess, beside: SqlStore
) -> None:
    acme = Client(application)
    charge = acme.create(name="Stuck", amount="10", period="monthly")
    park(beside, "acme", charge, "There is no rate.")
    visitor = signed_in("user")
    for path in (f"{LIST}/parked", f"{LIST}/{charge}"):
        page = visitor.open(path)
        assert "There is no rate." in page.main
        assert f"{LIST}/{charge}/retry" in page.links
    page = visitor.open(f"{LIST}/{charge}/retry")
    assert any(row[-1].startswith("$12.00") for row in page.rows)
    assert visitor.send(f"{LIST}/{charge}/retry").path == f"{LIST}/{charge}?told=retried"
    assert "There is no rate." not in visitor.page.main
    assert "Nothing is parked" in visitor.open(f"{LIST}/parked").main
    assert "Nothing of it is parked." in visitor.open(f"{LIST}/{charge}/retry").main


def test_a_branch_sees_and_changes_its_own_charges_and_no_others(
    signed_in: SignedIn, application: InProcess, beside: SqlStore
) -> None:
    north, south = Client(application, "north"), Client(application, "south")
    mine = north.create(name="Of north", customer=11, amount="5", period="monthly")
    theirs = south.create(name="Of south", customer=21, amount="5", period="monthly")
    park(beside, "telco", mine, "There is no rate.")
    visitor = signed_in("north")
    assert names(visitor) == ["Of north"]
    assert "Of south" not in visitor.open(f"{LIST}/due").main
    assert "Of north" in visitor.open(f"{LIST}/parked").main
    for what in ("", "/change", "/delete", "/charge"):
        assert visitor.open(f"{LIST}/{mine}{what}").status == 200, what
        assert visitor.open(f"{LIST}/{theirs}{what}").status == 404, what
        if what:
            assert visitor.post(f"{LIST}/{theirs}{what}", {}).status in (403, 404), what
    assert visitor.open(f"{LIST}/{mine}/retry").status == 403
    auditor = signed_in("north-auditor")
    assert names(auditor) == ["Of north"]
    for what in ("/change", "/delete", "/charge", "/retry"):
        assert auditor.open(f"{LIST}/{mine}{what}").status == 403, what
    assert "Charge now" not in auditor.open(f"{LIST}/{mine}").main
    # What is charged to nora is north's to see, and not nora's.
    assert names(signed_in("nora")) == []
    for person in ("north-user", "north-administrator", "telco-administrator"):
        assert signed_in(person).open(LIST).status == 403
    # Whose role reaches nobody below changes nothing there, also of what its customer owns.
    for what in ("/change", "/delete"):
        assert signed_in("north-administrator").open(f"{LIST}/{mine}{what}").status == 404
    acme = signed_in("user")
    assert acme.open(f"{LIST}/{mine}").status == 404
    assert set(names(signed_in("telco"))) == {"Of north", "Of south"}

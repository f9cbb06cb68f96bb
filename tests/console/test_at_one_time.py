"""Forms that move money, sent twice at the same moment: by two tabs, or by a browser that asks again."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from tests.apis.enswitch.client import Client
from tests.console.test_plan_charging import ended
from tests.console.test_transactions import bought, charged, newest, rehearsed
from tests.console.visitor import Visitor
from tests.harness import Answer, InProcess

SignedIn = Callable[..., Visitor]


def sent_at_once(application: InProcess, visitor: Visitor, path: str, *forms: dict[str, str]) -> list[Answer]:
    headers = {
        "cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()),
        "content-type": "application/x-www-form-urlencoded",
    }
    asked = [application.asking("POST", path, urlencode(form).encode(), key=None, headers=headers) for form in forms]
    return application.gather(*asked)


def told(answers: list[Answer]) -> list[str]:
    """What each answer's redirect says, or its status."""
    return sorted(answer.headers.get("location", str(answer.status)).rpartition("=")[2] for answer in answers)


@pytest.mark.parametrize("door", ["beacon", "kelviq"])
def test_two_tabs_give_back_no_more_than_there_is(signed_in: SignedIn, application: InProcess, door: str) -> None:
    charged(application, 4900)
    bought(application)
    visitor = signed_in("user")
    address = newest(visitor, f"?door={door}&customer=cust_789")
    values = rehearsed(visitor, address, "refund", amount="30.00").form(f"{address}/refund").values
    tabs = [{**values, "attempt": f"{tab:032}"} for tab in range(4)]
    assert told(sent_at_once(application, visitor, f"{address}/refund", *tabs)) == ["409", "409", "409", "refunded"]
    again = told(sent_at_once(application, visitor, f"{address}/refund", *tabs))
    assert again == ["409", "409", "409", "done-before"]
    assert [row for row in visitor.open("/console/transactions?kind=refund").rows[1:] if "30.00" in row[5]]
    assert len(visitor.page.rows[1:]) == 1


def test_a_form_sent_again_meanwhile_is_done_once(signed_in: SignedIn, application: InProcess) -> None:
    north = signed_in("north")
    client = Client(application, "north")
    for path, filled in {
        "/console/customers/11/charge": {"settles": "account", "amount": "10", "name": "Hour"},
        "/console/customers/11/credit": {"amount": "10", "kind": "credit"},
    }.items():
        before = len(client("transactions/list", customer=11).data)
        north.open(path)
        values = {**north.send(path, **filled).form(path).values, "step": "confirm"}
        answers = told(sent_at_once(application, north, path, *[values] * 5))
        assert answers.count("done-before") == 4, answers
        assert len(client("transactions/list", customer=11).data) == before + 1
        changed = {**values, "amount": "11"}
        assert told(sent_at_once(application, north, path, changed, changed)) == ["409", "409"]
        assert len(client("transactions/list", customer=11).data) == before + 1


def test_a_sale_sent_again_meanwhile_is_paid_once(signed_in: SignedIn, application: InProcess) -> None:
    visitor = signed_in("user")
    path = "/console/customers/123/sell"
    visitor.open(path)
    page = visitor.send(path, plan="lifetime-access")
    values = {**page.form(path).values, "step": "confirm"}
    answers = told(sent_at_once(application, visitor, path, *[values] * 5))
    assert set(answers) <= {"charged", "done-before", "payment-pending"}, answers
    assert len(visitor.open("/console/transactions?door=kelviq").rows[1:]) == 1


def test_two_tabs_charge_everybody_on_a_plan_once(signed_in: SignedIn, application: InProcess) -> None:
    visitor = signed_in("telco")
    path = "/console/plans/70/charge"
    visitor.open(path)
    page = visitor.send(path, name="Router", amount="10", currency="EUR")
    values = {**page.form(page.path).values, "sure": "1"}
    tabs = [{**values, "attempt": f"{tab:032}"} for tab in range(3)]
    answers = sent_at_once(application, visitor, page.path, *tabs, *tabs)
    runs = {answer.headers.get("location", "") for answer in answers if answer.status == 303}
    assert len(runs) == 1
    ended(visitor, visitor.open(runs.pop()))
    for again in (tabs[0], {**tabs[0], "attempt": "9" * 32}):
        assert "Everybody was charged" not in ended(visitor, visitor.post(page.path, again)).main or again == tabs[0]
    assert len(Client(application, "telco")("transactions/list", customer=11).data) == 1

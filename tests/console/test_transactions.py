"""Transactions: found, opened and explained; refunded and made void after a rehearsal, once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from tests.apis.enswitch.client import Client
from tests.console.visitor import Page, Visitor
from tests.harness import InProcess, in_process, provision
from tollhouse.config import Settings
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

#: A tenant of another currency, and somebody of it.
ELSEWHERE = """
[tenant]
slug = "elsewhere"
name = "Elsewhere"
currency = "{currency}"

[[keys]]
name = "server"
kind = "secret"
secret = "sk_test_elsewhere"

[[roles]]
name = "Owner"
privileges = {{ user = 1, commerce = 1, reports = 1 }}

[[people]]
username = "elsewhere"
password = "password"
role = "Owner"
"""

SignedIn = Callable[..., Visitor]
LIST = "/console/transactions"


def charged(application: InProcess, *amounts: int, user: str = "cust_789", **given: object) -> None:
    for amount in amounts:
        body = {"user_id": user, "amount": amount, **given}
        assert application.request("POST", "/charges", body).status == 200


def bought(application: InProcess, customer: str = "cust_789") -> None:
    body = {"planIdentifier": "lifetime-access", "chargePeriod": "ONE_TIME", "customerId": customer}
    application.request("POST", "/api/v1/charges/", body)


def pays_with(application: InProcess, customer: str, token: str) -> None:
    charged(application, 1, user=customer)
    body = {"customer": customer, "gateway": "sandbox", "token": token, "default": True}
    assert application.request("POST", "/admin/v1/payment_methods", body).status == 200


def grosses(page: Page) -> list[str]:
    return [row[5].partition(" ")[0] for row in page.rows[1:]]


def newest(visitor: Visitor, query: str = "") -> str:
    """Where the newest transaction of the list is."""
    visitor.open(LIST + query)
    return next(link for link in visitor.page.links if link.startswith(f"{LIST}/"))


def rehearsed(visitor: Visitor, address: str, what: str, **filled: str) -> Page:
    visitor.open(f"{address}/{what}")
    return visitor.send(f"{address}/{what}", **filled)


# The list.


def test_the_newest_come_first_and_a_page_leads_to_the_next(signed_in: SignedIn, application: InProcess) -> None:
    charged(application, *range(100, 160))
    visitor = signed_in("user")
    first = visitor.open(LIST)
    assert grosses(first) == [f"${amount / 100:.2f}" for amount in range(159, 109, -1)]
    older = next(link for link in first.links if "before=" in link)
    second = visitor.open(older)
    assert grosses(second) == [f"${amount / 100:.2f}" for amount in range(109, 99, -1)]
    assert not any("before=" in link for link in second.links)
    assert LIST in second.links


def test_filters_leave_out_what_is_not_wanted(signed_in: SignedIn, application: InProcess) -> None:
    charged(application, 1200, 500)
    charged(application, 777, user="cust_other", created_at=1_760_000_000)
    bought(application)
    acme = Client(application)
    made = acme("customers/create", name="Erna", plan=7, email="e@example.com", currency="EUR")
    assert made.code == "200", made
    euro = made.data["id"]
    assert acme("transactions/create", customer=euro, currency="EUR", amount="-12").code == "200"
    charge = acme.create(plan=7, customer=0, amount="10")
    assert acme("charges/charge", id=charge).code == "204"
    visitor = signed_in("user")
    wanted = {
        "?door=kelviq": ["$49.00"],
        "?currency=eur": ["€10.91", "€12.00"],
        "?amount=12": ["$12.00", "$12.00"],
        "?amount=12&currency=EUR": ["€12.00"],
        "?amount=12.00&door=beacon": ["$12.00"],
        "?amount=4&amount_to=5.00": ["$5.00"],
        "?amount_to=7.00": ["$5.00"],
        "?customer=cust_other": ["$7.77"],
        "?customer=123&door=kelviq": ["$49.00"],
        "?from=2025-10-09&to=2025-10-09": ["$7.77"],
        "?to=2025-10-08": [],
        "?plan=gold": ["€10.91", "$12.00"],
        "?plan=lifetime-access": ["$49.00"],
        "?kind=refund": [],
        "?state=void": [],
        f"?charge={charge}": ["€10.91", "$12.00"],
        f"?charge={charge}&currency=USD": ["$12.00"],
    }
    for query, amounts in wanted.items():
        page = visitor.open(LIST + query)
        assert (page.status, grosses(page)) == (200, amounts), query


def test_states_tell_what_became_of_a_charge(signed_in: SignedIn, application: InProcess) -> None:
    charged(application, 1000, 2000, 3000, 4000)
    bought(application)
    visitor = signed_in("user")
    for query, what, filled in (
        ("?amount=10", "refund", {"amount": "10"}),
        ("?amount=20", "refund", {"amount": "0.01"}),
        ("?amount=30", "void", {}),
        ("?amount=49", "refund", {"amount": "48.99"}),
    ):
        address = newest(visitor, query)
        page = rehearsed(visitor, address, what, **filled)
        assert page.status == 200, page.main
        assert visitor.send(f"{address}/{what}").path.startswith(f"{address}?told=")
    wanted = {"refunded": {"$10.00"}, "part refunded": {"$20.00", "$49.00"}, "void": {"$30.00"}, "charged": {"$40.00"}}
    for state, amounts in wanted.items():
        assert set(grosses(visitor.open(f"{LIST}?state={state.replace(' ', '+')}"))) == amounts, state
    assert set(grosses(visitor.open(f"{LIST}?kind=refund"))) == {"-$10.00", "-$0.01", "-$48.99"}


def test_what_cannot_be_looked_for_is_told_at_its_field(signed_in: SignedIn, application: InProcess) -> None:
    charged(application, 1200)
    visitor = signed_in("user")
    for query, name in {
        "from=2026-02-30": "from",
        "from=2026-03-02&to=2026-03-01": "to",
        "to=99999-01-01": "to",
        "kind=%3Cscript%3E": "kind",
        "state=x": "state",
        "door=x": "door",
        "currency=XXX": "currency",
        "currency=%C3%9F": "currency",
        "amount=1.234": "amount",
        "amount=1.5&currency=JPY": "amount",
        "amount=1e9": "amount",
        "amount=99999999999999": "amount",
        "amount=5&amount_to=4": "amount_to",
        "customer=nobody": "customer",
        "customer=99999999999999999999": "customer",
        "customer=" + "x" * 300: "customer",
        "plan=none": "plan",
        "id=ORD-none": "id",
        "id=9999999": "id",
    }.items():
        page = visitor.open(f"{LIST}?{query}")
        assert page.status == 422, query
        assert f"{name}-fault" in page.ids, query
        assert "<script" not in page.main
    for query in (
        "before=1",
        "before=x-1",
        "before=-1-1",
        "before=1-99999999999999999",
        f"before={'9' * 18}-1",
        "charge=x",
    ):
        assert visitor.open(f"{LIST}?{query}").status == 404, query


def test_a_transaction_is_opened_by_what_people_have_at_hand(signed_in: SignedIn, application: InProcess) -> None:
    bought(application)
    pays_with(application, "cust_declined", "pm_card_chargeDeclined")
    bought(application, "cust_declined")
    visitor = signed_in("user")
    address = newest(visitor, "?door=kelviq")
    order = next(word for word in visitor.open(address).main.split() if word.startswith("ORD-"))
    for name in (order, address.rpartition("/")[2], f" {order} "):
        assert visitor.open(f"{LIST}?id={name.replace(' ', '+')}").path == address
    declined = next(row for row in visitor.open("/console/payments?state=declined").rows if row[2].startswith("ORD-"))
    assert visitor.open(f"{LIST}?id={declined[2]}").path.startswith("/console/payments/")


def test_payments_without_a_transaction_are_listed_where_they_are(signed_in: SignedIn, application: InProcess) -> None:
    pays_with(application, "cust_declined", "pm_card_chargeDeclined")
    pays_with(application, "cust_silent", "pm_card_timeoutUnpaid")
    visitor = signed_in("user")
    assert "No payment was declined" in visitor.open(f"{LIST}?state=declined").main
    bought(application, "cust_declined")
    page = visitor.open(f"{LIST}?state=declined")
    assert page.path == "/console/payments?state=declined"
    assert "The card was declined." in page.main
    detail = visitor.open(next(link for link in page.links if link.startswith("/console/payments/")))
    assert "declined" in detail.main
    assert "pm_card" not in detail.answer.body.decode()
    assert visitor.open(f"{LIST}?state=pending").path == "/console/payments?state=pending"
    assert visitor.open("/console/payments?state=x").status == 404
    assert visitor.open("/console/payments/999").status == 404


# One transaction.


def test_a_charge_is_explained_step_by_step_with_postings_that_sum_to_nothing(
    signed_in: SignedIn, application: InProcess
) -> None:
    acme = Client(application)
    charge = acme.create(amount="10", currency="EUR", period="monthly")
    assert acme("charges/charge", id=charge).code == "204"
    visitor = signed_in("user")
    page = visitor.open(newest(visitor))
    for says in ("Router was 10.00 EUR", "1 EUR is 1.1", "rounded once", "VAT: 20", "these steps come to the same"):
        assert says in page.main
    assert page.rows[-1][-1] == "$0.00"
    assert f"/console/charges/{charge}" in page.links
    assert not any(link.endswith(("/refund", "/void")) for link in page.links)
    assert "credit" in page.main


def test_the_events_that_told_of_it_are_shown_to_whoever_may_see_webhooks(
    signed_in: SignedIn, application: InProcess
) -> None:
    hook = {"url": "https://hooks.example.com/x", "events": ["*"], "description": "Shop"}
    assert application.request("POST", "/admin/v1/webhook_endpoints", hook).status == 200
    for _ in range(3):
        bought(application)
    visitor = signed_in("user")
    visitor.open(LIST)
    first, second, third = (link for link in visitor.page.links if link.startswith(f"{LIST}/"))
    rehearsed(visitor, second, "refund", amount="9.00")
    assert visitor.send(f"{second}/refund").path.endswith("told=refunded")
    told = {"order.created", "invoice.created", "invoice.paid", "subscription.created"}
    for address in (first, second, third):
        events = [row[1] for row in visitor.open(address).rows if len(row) == 3 and "Shop" in row[2]]
        assert sorted(events) == sorted(told), address
    events = [
        row[1] for row in visitor.open(newest(visitor, "?kind=refund")).rows if len(row) == 3 and "Shop" in row[2]
    ]
    assert events == ["refund.created", "refund.updated"]
    assert "secret" not in visitor.page.answer.body.decode()


def test_hostile_text_is_shown_as_text(signed_in: SignedIn, application: InProcess) -> None:
    acme = Client(application)
    text = '<script>alert("1")</script>'
    assert acme("transactions/create", customer=123, amount="-3", description=text).code == "200"
    assert acme("charges/create", name=text, customer=123, description=text, amount="1").code == "200"
    visitor = signed_in("user")
    for path in (newest(visitor), LIST, "/console/charges", "/console/charges/1"):
        body = visitor.open(path).answer.body.decode()
        assert "<script>" not in body
        assert "&lt;script&gt;" in body


def test_a_refund_is_rehearsed_then_done_once(signed_in: SignedIn, application: InProcess) -> None:
    charged(application, 1200, 500)
    visitor = signed_in("user")
    address = newest(visitor, "?amount=12")
    page = rehearsed(visitor, address, "refund", amount="4.50", reason="broken")
    assert "Nothing has happened yet" in page.main
    assert ["Refunded", "$0.00", "$4.50"] in page.rows
    assert ["Remaining", "$17.00", "$12.50"] in page.rows
    assert "Left after it $7.50" in page.main
    assert "Nothing of it was given back." in visitor.open(address).main

    page = rehearsed(visitor, address, "refund", amount="4.50", reason="broken")
    values = page.form(f"{address}/refund").values
    done = visitor.post(f"{address}/refund", values)
    assert done.path == f"{address}?told=refunded"
    assert "part refunded" in done.main
    assert "broken" in done.main
    again = visitor.post(f"{address}/refund", values)
    assert again.path == f"{address}?told=done-before"
    assert "nothing more was done" in again.main
    assert sum("$4.50" in row for row in again.rows) == 1
    changed = visitor.post(f"{address}/refund", {**values, "amount": "1.00"})
    assert changed.status == 409
    assert "sent before with other values" in changed.main
    assert grosses(visitor.open(f"{LIST}?kind=refund")) == ["-$4.50"]


def test_an_amount_that_cannot_be_refunded_is_told_at_its_field(signed_in: SignedIn, application: InProcess) -> None:
    charged(application, 1200)
    visitor = signed_in("user")
    address = newest(visitor)
    for amount, says in {
        "12.01": "At most 12.00 USD",
        "0": "above zero",
        "-1": "above zero",
        "": "Enter an amount",
        "1.005": "at most 2 decimals",
        "999999999999999": "too large",
        "9" * 40: "Enter a number",
        "1,5": "Enter a number",
        "<script>": "Enter a number",
    }.items():
        page = rehearsed(visitor, address, "refund", amount=amount)
        assert page.status == 422, amount
        assert says in page.main
        assert "amount-fault" in page.ids
        sure = {**page.form(f"{address}/refund").values, "sure": "1"}
        assert visitor.post(f"{address}/refund", sure).status in (409, 422)
    assert grosses(visitor.open(f"{LIST}?kind=refund")) == []


@pytest.mark.parametrize(
    ("currency", "charge", "wrong", "right", "shown"),
    [("JPY", "¥1,200", "1.5", "15", "¥15"), ("KWD", "KWD\u00a01.200", "0.0001", "0.001", "KWD\u00a00.001")],
)
def test_amounts_have_the_decimals_of_their_currency(
    signed_in: SignedIn, application: InProcess, acme_url: str, currency: str, charge: str, wrong: str, right: str,
    shown: str,
) -> None:  # fmt: skip
    with closing(SqlStore(store_url(acme_url))) as beside:
        provision(beside, ELSEWHERE.format(currency=currency))
    body = {"user_id": "cust_1", "amount": 1200}
    assert application.request("POST", "/charges", body, key="sk_test_elsewhere").status == 200
    visitor = signed_in("elsewhere")
    address = newest(visitor)
    assert grosses(visitor.page) == [charge.replace("\u00a0", " ").partition(" ")[0]]
    assert rehearsed(visitor, address, "refund", amount=wrong).status == 422
    page = rehearsed(visitor, address, "refund", amount=right)
    assert shown.replace("\u00a0", " ") in page.main
    assert visitor.send(f"{address}/refund").path == f"{address}?told=refunded"
    assert len(visitor.open(f"{LIST}?amount={right}").rows) == 2


def test_a_form_that_does_not_say_which_it_is_moves_nothing(signed_in: SignedIn, application: InProcess) -> None:
    charged(application, 1200)
    visitor = signed_in("user")
    address = newest(visitor)
    page = rehearsed(visitor, address, "refund", amount="1")
    values = page.form(f"{address}/refund").values
    for attempt in ("", "x", "x" * 300, "\u00e4" * 20):
        assert visitor.post(f"{address}/refund", {**values, "attempt": attempt}).status == 422
        assert visitor.post(f"{address}/void", {**values, "attempt": attempt}).status == 422
    assert grosses(visitor.open(f"{LIST}?kind=refund")) == []


def test_a_void_takes_the_charge_out_of_the_summary(signed_in: SignedIn, application: InProcess) -> None:
    charged(application, 1200, 500)
    visitor = signed_in("user")
    address = newest(visitor, "?amount=12")
    page = rehearsed(visitor, address, "void", reason="twice")
    assert ["Charges", "2", "1"] in page.rows
    assert ["Charged", "$17.00", "$5.00"] in page.rows
    values = page.form(f"{address}/void").values
    assert visitor.post(f"{address}/void", values).path == f"{address}?told=voided"
    assert visitor.post(f"{address}/void", values).path == f"{address}?told=done-before"
    page = visitor.open(address)
    assert not any(link.endswith(("/refund", "/void")) for link in page.links)
    for what in ("refund", "void"):
        form = {**values, "attempt": "0" * 32, "amount": "1.00"}
        assert visitor.post(f"{address}/{what}", form).status in (409, 422)


def test_what_a_gateway_took_it_gives_back_and_an_unknown_outcome_is_pending(
    signed_in: SignedIn, application: InProcess
) -> None:
    pays_with(application, "cust_slow", "pm_card_answersLate_1")
    pays_with(application, "cust_stuck", "pm_card_refundDeclined")
    bought(application)
    bought(application, "cust_stuck")
    visitor = signed_in("user")

    address = newest(visitor, "?door=kelviq&customer=cust_789")
    page = rehearsed(visitor, address, "refund", amount="9.00", note="asked by phone")
    assert "Left after it $40.00" in page.main
    values = page.form(f"{address}/refund").values
    assert visitor.post(f"{address}/refund", values).path == f"{address}?told=refunded"
    assert visitor.post(f"{address}/refund", values).path == f"{address}?told=done-before"
    assert sum("$9.00" in row for row in visitor.page.rows) == 1
    mine = newest(visitor, "?kind=refund")
    assert address in visitor.open(mine).links
    assert "asked by phone" in visitor.page.main
    for what in ("refund", "void"):
        again = {**values, "attempt": "0" * 32, "amount": "1.00"}
        assert visitor.post(f"{mine}/{what}", again).status == 404, "what was given back is not to be given back"

    address = newest(visitor, "?door=kelviq&customer=cust_stuck")
    rehearsed(visitor, address, "refund", amount="49.00")
    page = visitor.send(f"{address}/refund")
    assert page.status == 409
    assert "The gateway did not give it back" in page.main
    retried = visitor.send(f"{address}/refund", amount="1.00")
    assert retried.status == 200, retried.main


def test_a_refund_that_the_gateway_does_not_answer_shows_as_pending(acme_url: str) -> None:
    with in_process(Settings(database_url=acme_url, gateway_timeout_seconds=1)) as application:
        pays_with(application, "cust_stuck", "pm_script:refund=take+silent")
        bought(application, "cust_stuck")
        visitor = Visitor(application)
        visitor.sign_in("user")
        address = newest(visitor, "?door=kelviq")
        rehearsed(visitor, address, "refund", amount="5.00")
        page = visitor.send(f"{address}/refund")
        assert page.path == f"{address}?told=refund-pending"
        assert 'data-refresh="2000"' in page.answer.body.decode()
        assert "pending" in page.main
        assert any("$5.00" in cell for row in visitor.open("/console/payments").rows for cell in row)
        payment = visitor.open(next(link for link in visitor.page.links if link.startswith("/console/payments/")))
        assert "Asked again" in payment.main


# Who sees and does what.


def of_north(application: InProcess) -> dict[str, str]:
    """Transactions of two branches, by whose they are."""
    telco = Client(application, "telco")
    for number, amount in ((11, "-5"), (21, "-6"), (10, "-7"), (40, "-8")):
        written = {"customer": number, "amount": amount, "currency": "EUR"}
        assert telco("transactions/create", **written).code == "200"
    assert telco("customers/update", id=10, balance="100").code == "204"
    visitor = Visitor(application)
    visitor.sign_in("telco")
    page = visitor.open(LIST)
    links = [link for link in page.links if link.startswith(f"{LIST}/")]
    return {row[5].partition(" ")[0]: link for row, link in zip(page.rows[1:], links, strict=True)}


def test_a_branch_sees_its_own_transactions_and_no_others(signed_in: SignedIn, application: InProcess) -> None:
    links = of_north(application)
    assert {"€5.00", "€6.00", "€7.00", "€8.00"} < links.keys()
    seen = {
        "north": {"€5.00", "€7.00", "€8.00"},
        "nora": {"€5.00"},
        "south": {"€6.00"},
        "north-administrator": {"€7.00"},
        "north-auditor": {"€5.00", "€7.00", "€8.00"},
    }
    for person, amounts in seen.items():
        visitor = signed_in(person)
        assert set(grosses(visitor.open(LIST))) == amounts, person
        for amount, link in links.items():
            assert visitor.open(link).status == (200 if amount in amounts else 404), (person, amount)
            assert visitor.open(f"{link}/refund").status == 403, person
            assert visitor.post(f"{link}/void", {}).status == 403, person
    assert signed_in("north-user").open(LIST).status == 403
    acme = signed_in("user")
    for link in links.values():
        assert acme.open(link).status == 404
        assert acme.open(f"{link}/void").status == 404


def test_a_person_who_may_only_read_moves_nothing(signed_in: SignedIn, application: InProcess) -> None:
    of_north(application)
    visitor = signed_in("telco-administrator")
    page = visitor.open(LIST)
    assert page.status == 200
    for link in page.links:
        if link.startswith(f"{LIST}/"):
            shown = visitor.open(link)
            assert not any(found.endswith(("/refund", "/void")) for found in shown.links)
            assert visitor.open(f"{link}/refund").status == 403


def test_a_look_ends_and_goes_on_further_back(signed_in: SignedIn, application: InProcess) -> None:
    charged(application, *[100] * 10, created_at=1_700_000_000)
    bulk = {"user_id": "cust_789", "charges": [{"amount": 200}] * 1000}
    for _ in range(2):
        assert application.request("POST", "/charges/bulk", bulk).status == 200
    visitor = signed_in("user")
    for query in ("?amount=1", "?amount=1&customer=123"):
        page = visitor.open(LIST + query)
        assert "No match so far." in page.main
        assert "Looked at 2,000 transactions" in page.main
        further = next(link for link in page.links if "before=" in link)
        page = visitor.open(further)
        assert grosses(page) == ["$1.00"] * 10
        assert not any("before=" in link for link in page.links)

"""The overview: what was charged in a period beside the one before, what falls due, what is stuck, who was charged."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.apis.enswitch.client import Client
from tests.console.visitor import Page, Visitor
from tests.harness import InProcess
from tests.store.facts import payment, row
from tollhouse.console.pages.overview_figures import change_in_words, door_rows
from tollhouse.console.plots import amounts_in
from tollhouse.ledger.facts import (
    ChargeFact,
    DeliveryFact,
    Fact,
    RefundFact,
    ScheduleFact,
    WebhookEndpointFact,
)
from tollhouse.ledger.queries.overview import DoorFigures, Sums
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

SignedIn = Callable[..., Visitor]
DAY = 86_400


def charged(application: InProcess, amount: int, *, days_ago: int = 0, **given: object) -> None:
    body = {"user_id": "cust_789", "amount": amount, "created_at": int(time.time()) - days_ago * DAY, **given}
    assert application.request("POST", "/charges", body).status == 200


def corrected(visitor: Visitor, charge: str, what: str, **filled: str) -> None:
    visitor.open(f"/console/transactions?amount={charge}")
    address = next(link for link in visitor.page.links if link.startswith("/console/transactions/"))
    visitor.open(f"{address}/{what}")
    visitor.send(f"{address}/{what}", **filled)
    assert "?told=" in visitor.send(f"{address}/{what}").path


def cards(page: Page) -> dict[str, str]:
    """What stands in each card, by its name."""
    text = page.main.split("is not over yet.")[1]
    names = ("Gross", "Net", "Tax", "Margin", "Refunds", "Voids", "Charges")
    ends = (
        "What was charged, with its taxes.",
        "Gross less refunds, voids and taxes.",
        "Of what was kept.",
        "Net less what it cost to buy.",
        "What was given back.",
        "Charges that were made void.",
        "How many.",
    )
    found = {}
    for name, end in zip(names, ends, strict=True):
        told, text = text.split(end, 1)
        assert told.strip().startswith(name), (name, told)
        found[name] = told.strip().removeprefix(name).strip()
    return found


def put(acme_url: str, *facts: Fact) -> None:
    with closing(SqlStore(store_url(acme_url))) as store, store.unit_of_work(1) as unit:
        for fact in facts:
            unit.insert([fact])


@pytest.fixture
def user(signed_in: SignedIn) -> Visitor:
    return signed_in("user")


# Figures.


def test_figures_are_those_of_the_period_beside_the_one_before(user: Visitor, application: InProcess) -> None:
    """In the 30 days 12.00, 30.00, 20.00, and 10.00 with 20 % tax that cost 4.00; 6.00 of the 30.00 given back, the
    20.00 made void. In those before, 50.00."""
    for amount in (1200, 3000, 2000):
        charged(application, amount)
    charged(application, 5000, days_ago=45)
    charged(application, 99_900, days_ago=70)
    acme = Client(application)
    charge = acme.create(plan=0, customer=123, amount="10", buy="4")
    assert acme("charges/charge", id=charge).code == "204"
    corrected(user, "30", "refund", amount="6")
    corrected(user, "20", "void")
    assert cards(user.open("/console")) == {
        "Gross": "$74.00 ▲ 48.0% more than $50.00 before",
        "Refunds": "$6.00 ▲ more than $0.00 before",
        "Voids": "$20.00 ▲ more than $0.00 before",
        "Net": "$46.00 ▼ 8.0% less than $50.00 before",
        "Tax": "$2.00 ▲ more than $0.00 before",
        "Margin": "$42.00 ▼ 16.0% less than $50.00 before",
        "Charges": "4 ▲ 300.0% more than 1 before",
    }
    assert ["Beacon", "3", "$62.00", "83.8%"] in user.page.rows
    assert ["ENSwitch", "1", "$12.00", "16.2%"] in user.page.rows


def test_each_currency_has_figures_of_its_own_with_its_own_decimals(
    signed_in: SignedIn, application: InProcess
) -> None:
    telco, user = Client(application, "telco"), signed_in("telco")
    for customer, currency, amount in ((11, "EUR", "12"), (12, "JPY", "1200"), (13, "KWD", "1.234")):
        charge = telco("charges/create", name="Fee", customer=customer, currency=currency, amount=amount).data["id"]
        assert telco("charges/charge", id=charge).code == "204"
    page = user.open("/console")
    assert cards(page)["Gross"] == "€12.00 no charges before"
    assert [link for link in page.links if link.startswith("/console?currency=")] == [
        "/console?currency=JPY",
        "/console?currency=KWD",
    ]
    assert cards(user.open("/console?currency=JPY"))["Gross"] == "¥1,200 no charges before"
    kwd = user.open("/console?currency=kwd")
    assert cards(kwd)["Gross"] == "KWD 1.234 no charges before"
    assert "€" not in kwd.main
    assert cards(user.open("/console?currency=CHF"))["Charges"] == "0 no charges before"
    assert "Nothing was charged in CHF" in user.page.main


@pytest.mark.parametrize(("period", "periods", "days_before"), [("7d", 7, 10), ("90d", 90, 100), ("12m", 12, 420)])
def test_a_period_is_drawn_and_told_beside_the_one_before(
    user: Visitor, application: InProcess, period: str, periods: int, days_before: int
) -> None:
    charged(application, 1200)
    charged(application, 700, days_ago=days_before)
    page = user.open(f"/console?period={period}")
    assert cards(page)["Gross"] == "$12.00 ▲ 71.4% more than $7.00 before"
    course = [row for row in page.rows if ", before: " in row[0]]
    assert len(course) == periods
    for column, amount in ((1, "$12.00"), (2, "$7.00")):
        assert sorted(row[column] for row in course) == ["$0.00"] * (periods - 1) + [amount]
    for figure in ("net", "tax", "margin", "refunds", "voids"):
        assert f"/console?period={period}&figure={figure}#course" in page.links
    assert "Net by" in user.open(f"/console?period={period}&figure=net").main


def test_what_an_address_says_wrongly_is_not_asked_for(user: Visitor, application: InProcess) -> None:
    charged(application, 1200)
    usual = cards(user.open("/console"))
    for query in (
        "period=99y&currency=XXX&figure=<script>",
        "period=&currency=",
        "currency=" + "A" * 5000,
        "period=%00",
    ):
        page = user.open(f"/console?{query}")
        assert (page.status, cards(page)) == (200, usual), query
        assert "<script>alert" not in page.answer.body.decode()


def test_a_change_is_told_in_words_and_exactly() -> None:
    usd = amounts_in("USD")
    told = {
        (100, 100): "the same as before",
        (0, 0): "the same as before",
        (5, 0): "more than $0.00 before",
        (0, 5): "100.0% less than $0.05 before",
        (-5, 5): "200.0% less than $0.05 before",
        (5, -5): "more than -$0.05 before",
        (-9, -5): "less than -$0.05 before",
        (2001, 2000): "0.1% more than $20.00 before",
        (10_001, 10_000): "less than 0.1% more than $100.00 before",
        (10**15 + 10**12, 10**9): "100,099,900.0% more than $10,000,000.00 before",
        (2**62 + 1, 2**62): "less than 0.1% more than $46,116,860,184,273,879.04 before",
    }
    for (now, then), words in told.items():
        assert change_in_words(now, then, usd) == words, (now, then)


def test_doors_have_their_share_of_the_gross() -> None:
    doors = [
        DoorFigures("admin", Sums(1, 0)),
        DoorFigures("beacon", Sums(2, 100)),
        DoorFigures("kelviq", Sums(1, 200)),
    ]
    assert [(door.origin, door.share) for door in door_rows(doors)] == [
        ("kelviq", "66.7"),
        ("beacon", "33.3"),
        ("admin", "0.0"),
    ]
    assert door_rows(doors[:1])[0].share == ""


# What falls due, what is stuck, and who was charged most.


def test_what_falls_due_and_what_is_stuck_lead_to_where_it_is_seen_to(user: Visitor, acme_url: str) -> None:
    now = int(time.time()) * 1_000_000
    hour = 3600 * 1_000_000
    late = {"state": "pending", "call_until_at": 1, "look_up_at": 1}
    put(
        acme_url,
        *(row(ChargeFact, n, name=f"Fee {n}", amount="5", currency="USD") for n in (91, 92, 93)),
        row(ScheduleFact, 91, charge_id=91, customer_number=123, state="active", due_at=now + hour),
        row(ScheduleFact, 92, charge_id=92, customer_number=0, state="active", due_at=now + 50 * hour),
        row(ScheduleFact, 93, charge_id=93, customer_number=123, state="parked", due_at=now - 3 * hour),
        payment(81, customer_number=123, created_at=now - 2 * hour, **late),
        payment(82, customer_number=123, created_at=now - 3 * hour, **late),
        row(RefundFact, 83, created_at=now - hour, **late),
        row(WebhookEndpointFact, 71, url="https://hooks.example/secret-path", state="enabled"),
        row(DeliveryFact, 1, endpoint_id=71, customer_number=123, customer_seq=1, state="failed", attempts=9),
    )
    page = user.open("/console")
    assert "Within 24 hours 1 Within 7 days 2" in page.main
    due = [entry for entry in page.rows if entry[1] in ("Fee 91", "Fee 92")]
    assert [(entry[2], entry[3]) for entry in due] == [("Ada Lovelace", "5 USD"), ("Everybody on a plan", "5 USD")]
    for told in (
        "Stuck : 2 payments without an answer, 1 refund without an answer, 1 parked charge, webhook hooks.example",
        "2 payments without an answer , the oldest since 20",
        "1 refund without an answer , the oldest since 20",
        "1 parked charge , the oldest since 20",
        "Webhook hooks.example fails: 1 event given up, 0 to be tried again",
    ):
        assert told in page.main, told
    assert "secret-path" not in page.answer.body.decode()
    wanted = {
        "#stuck",
        "/console/payments",
        "/console/charges?state=parked",
        "/console/webhooks",
        "/console/charges/91",
    }
    assert wanted <= set(page.links)


def test_the_top_customers_are_of_the_currency_and_linked(user: Visitor, application: InProcess) -> None:
    charged(application, 700, user_id="<script>alert(1)</script>" + "x" * 200)
    charged(application, 1200)
    page = user.open("/console")
    deadline = time.monotonic() + 60
    while "They are being counted" in page.main and time.monotonic() < deadline:
        page = user.open("/console")
    top = [entry for entry in page.rows if entry[0].startswith(("Ada", "<script>"))]
    assert [(entry[1], entry[2]) for entry in top] == [("1", "$12.00"), ("1", "$7.00")]
    assert "/console/customers/123" in page.links
    assert "Nobody was charged in EUR" in user.open("/console?currency=EUR").main


# The first page, and who sees it.


def test_an_empty_store_says_what_to_do_next_and_shows_no_key(user: Visitor, application: InProcess) -> None:
    page = user.open("/console")
    assert "Nothing was charged yet" in page.main
    assert "$KEY" in page.main
    assert "sk_test" not in page.text
    assert {"/docs", "/console/customers", "/console/keys"} <= set(page.links)
    body = {"user_id": "cust_1", "amount": 500}
    assert application.request("POST", "/charges", body, headers={"idempotency-key": "first-1"}).status == 200
    assert cards(user.open("/console"))["Gross"] == "$5.00 no charges before"


def test_whoever_reaches_no_other_customer_sees_figures_without_names_and_links(
    signed_in: SignedIn, application: InProcess
) -> None:
    telco = Client(application, "telco")
    charge = telco("charges/create", name="Zebra fee", customer=11, amount="7").data["id"]
    assert telco("charges/charge", id=charge).code == "204"
    telco("charges/create", name="Yak fee", customer=11, amount="7", period="monthly")
    page = signed_in("telco-administrator").open("/console")
    assert cards(page)["Charges"] == "1 no charges before"
    assert "Your role does not show other customers" in page.main
    for hidden in ("Zebra", "Yak", "Nora"):
        assert hidden not in page.main
    assert not any(link.startswith(("/console/customers/", "/console/charges")) for link in page.links)


@pytest.mark.parametrize("username", ["north", "north-auditor", "north-user", "nora", "south"])
def test_people_of_a_branch_are_led_to_their_own_first_place(signed_in: SignedIn, username: str) -> None:
    page = signed_in(username).open("/console?currency=EUR")
    assert page.path in ("/console/customers", "/console/me")
    assert page.status == 200
    assert "Overview" not in page.text


def test_another_tenants_charges_are_nowhere(signed_in: SignedIn, application: InProcess) -> None:
    charged(application, 77_700)
    page = signed_in("beta-user", "beta-password").open("/console")
    assert "777" not in page.main

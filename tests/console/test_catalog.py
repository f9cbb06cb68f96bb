"""Taxes, rates of exchange, products and prices: seen and changed by those who may."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.apis.enswitch.client import Client
from tests.console.visitor import Visitor
from tests.harness import InProcess

SignedIn = Callable[..., Visitor]


def test_a_tax_is_made_and_changed_for_what_is_charged_from_then_on(
    signed_in: SignedIn, application: InProcess
) -> None:
    visitor, north = signed_in("north"), Client(application, "north")
    visitor.open("/console/taxes/new")
    page = visitor.send("/console/taxes/new", name="VAT", rate="19")
    assert page.path.startswith("/console/taxes")
    assert "Saved." in page.main
    (tax,) = north("taxes/list").data
    assert (tax["name"], tax["rate"], tax["liable"], tax["charges"]) == ("VAT", "19.00", 2, 1)
    visitor.open(f"/console/taxes/{tax['id']}")
    assert "Saved." in visitor.send(f"/console/taxes/{tax['id']}", rate="7.5", charges="").main
    (tax,) = north("taxes/list").data
    assert (tax["rate"], tax["charges"], tax["products"]) == ("7.50", 0, 1)


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"name": "", "rate": "1"}, "Fill this in."),
        ({"name": "VAT"}, "Enter a percentage"),
        ({"name": "VAT", "rate": "-1"}, "from zero up"),
        ({"name": "VAT", "rate": "1e3"}, "Enter a number such as 12.50."),
        ({"name": "VAT", "rate": "10000000"}, "too large"),
        ({"name": "VAT", "rate": "1", "currency": "XXX"}, "code of a currency"),
        ({"name": "VAT", "rate": "1", "liable": "9"}, "Choose one of those"),
    ],
)
def test_a_tax_that_cannot_be_is_told_at_its_field(signed_in: SignedIn, filled: dict[str, str], told: str) -> None:
    visitor = signed_in("north")
    visitor.open("/console/taxes/new")
    page = visitor.send("/console/taxes/new", **filled)
    assert page.status == 422
    assert told in page.main


def test_each_sees_the_taxes_of_their_branch_and_changes_their_own(signed_in: SignedIn, application: InProcess) -> None:
    telco = Client(application, "telco")
    shared = telco("taxes/create", name="Levy", rate="1", shared=1).data["id"]
    hidden = telco("taxes/create", name="Hidden", rate="1").data["id"]
    north = signed_in("north")
    assert "Levy" not in north.open("/console/taxes").main
    assert "not yours to change" in north.open(f"/console/taxes/{shared}").main
    assert north.open(f"/console/taxes/{hidden}").status == 404
    values = {**north.open(f"/console/taxes/{shared}").form(f"/console/taxes/{shared}").values, "rate": "2"}
    assert north.post(f"/console/taxes/{shared}", values).status == 404
    assert telco("taxes/list").data[0]["rate"] == "1.00"
    assert signed_in("north-auditor").open("/console/taxes/new").status == 403


def test_a_rate_counts_from_the_day_it_was_set_for(signed_in: SignedIn) -> None:
    visitor = signed_in("telco")
    visitor.open("/console/rates")
    page = visitor.send("/console/rates", **{"from": "usd", "to": "eur", "rate": "0.95"})
    assert page.status == 200
    visitor.send("/console/rates", **{"from": "USD", "to": "EUR", "rate": "0.99", "since": "2999-01-01"})
    rows = [row for row in visitor.page.rows if row[0] == "USD"]
    assert [(row[1], row[4]) for row in rows] == [("0.99", "later"), ("0.95", "in force"), ("0.90", "past")]


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"from": "EUR", "to": "EUR", "rate": "1"}, "Must be another currency than from."),
        ({"from": "EUR", "to": "USD", "rate": "0"}, "Must be above 0."),
        ({"from": "EUR", "to": "USD", "rate": "-1"}, "Must be above 0."),
        ({"from": "EUR", "to": "XXX", "rate": "1"}, "Must be an ISO 4217 currency."),
        ({"from": "EUR", "to": "USD", "rate": "1", "since": "yesterday"}, "Enter a day such as"),
    ],
)
def test_a_rate_that_cannot_be_is_told_at_its_field(signed_in: SignedIn, filled: dict[str, str], told: str) -> None:
    visitor = signed_in("telco")
    visitor.open("/console/rates")
    page = visitor.send("/console/rates", **filled)
    assert page.status == 422
    assert told in page.main


def test_a_price_is_changed_in_a_draft_and_counts_once_it_is_published(
    signed_in: SignedIn, application: InProcess
) -> None:
    visitor = signed_in("user")
    (product,) = [link for link in visitor.open("/console/products").links if link.startswith("/console/products/")]
    (plan,) = [link for link in visitor.open(product).links if "/plans/" in link]
    assert "49.00" in visitor.open(plan).main
    page = visitor.send(f"{plan}/price", amount="59", currency="usd", countries="de, fr")
    assert "draft" in page.main
    page = visitor.send(f"{plan}/price", amount="4900", currency="JPY")
    assert [row[4] for row in page.rows if row[0] == "JPY"] == ["4900.00"]
    offer = "/api/v1/monetization/product-offering/invoice-test/?ip_address=127.0.0.1"
    assert b"59" not in application.request("GET", offer).body
    page = visitor.send(f"{plan}/publish")
    assert "Saved." in page.main
    assert "Publish" not in page.main
    assert [row[:2] for row in page.rows if row[0] == "USD" and row[2] == "the plan"][-1] == ["USD", "DE, FR"]
    page = visitor.send(f"{plan}/archive")
    assert "archived" in page.main


def test_a_draft_can_be_thrown_away(signed_in: SignedIn) -> None:
    visitor = signed_in("user")
    (product,) = [link for link in visitor.open("/console/products").links if link.startswith("/console/products/")]
    (plan,) = [link for link in visitor.open(product).links if "/plans/" in link]
    visitor.open(plan)
    visitor.send(f"{plan}/price", amount="59", currency="USD")
    page = visitor.send(f"{plan}/discard")
    assert "59" not in page.main


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"amount": "1.234", "currency": "USD"}, "at most 2 decimals"),
        ({"amount": "0.5", "currency": "JPY"}, "at most 0 decimals"),
        ({"amount": "0", "currency": "USD"}, "above zero"),
        ({"amount": "1", "currency": "USD", "countries": "Germany"}, "codes of countries"),
    ],
)
def test_a_price_that_cannot_be_is_told_at_its_field(signed_in: SignedIn, filled: dict[str, str], told: str) -> None:
    visitor = signed_in("user")
    (product,) = [link for link in visitor.open("/console/products").links if link.startswith("/console/products/")]
    (plan,) = [link for link in visitor.open(product).links if "/plans/" in link]
    visitor.open(plan)
    page = visitor.send(f"{plan}/price", **filled)
    assert page.status == 422
    assert told in page.main


def test_the_catalog_is_for_the_roots_people(signed_in: SignedIn) -> None:
    north = signed_in("north")
    for path in ("/console/products", "/console/products/1", "/console/products/plans/70", "/console/rates"):
        assert north.open(path).status == 403

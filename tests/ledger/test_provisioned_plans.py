"""What a provisioning file says of plans: prices in brackets, countries, entitlements, descriptions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import SHOP, TestClock, prepared, provision
from tests.ledger.test_catalog import Shop
from tollhouse.ledger.catalog.features import features_called
from tollhouse.ledger.catalog.products import product_shown
from tollhouse.ledger.facts import (
    FeatureDetailsFact,
    PlanEntitlementFact,
    PlanPriceFact,
    PlanVersionFact,
    ProductDetailsFact,
    ProductFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.provisioning.document import ProvisioningRefused
from tollhouse.ledger.purchase_details import detail_of
from tollhouse.ledger.refusals import CountryNotServed
from tollhouse.ledger.sight import Snapshot
from tollhouse.store.store import SqlStore

TENANT = '[tenant]\nslug = "shop"\n'
PLAN = """
[[plans]]
identifier = "brackets"
product = "invoice-test"
countries = ["de", "IN"]

  [[plans.prices]]
  currency = "USD"
  amount = "10.00"

    [[plans.prices.features]]
    identifier = "credits"
    model = "TIERED"
    tiers = [
      { up_to = 10, unit_amount = "1.00", flat_amount = "5.00" },
      { unit_amount = "0.000000000001", flat_amount = "2.00" },
    ]

  [[plans.prices]]
  currency = "USD"
  amount = "3.00"
  countries = ["IN", "BR"]

  [[plans.entitlements]]
  identifier = "support"
  value = true

  [[plans.entitlements]]
  identifier = "storage"
  value = 5
  hard_limit = true

  [[plans.entitlements]]
  identifier = "credits"
  unlimited = true
  reset = "EVERY_MONTH"
"""


@pytest.fixture
def shop(store: SqlStore, ledger: Ledger, clock: TestClock) -> Shop:
    return Shop(store, ledger, prepared(store, SHOP + PLAN, clock))


def test_brackets_countries_and_entitlements_count(shop: Shop) -> None:
    payment = shop.buy("brackets", customer="cust_germany", quantities=(("credits", 11),))
    assert payment.amount_minor == 1000 + 1500 + 200
    assert [step.label for step in detail_of(payment).steps] == ["1 to 10", "11 and more"]
    grants = {grant.identifier: grant for grant in detail_of(payment).grants}
    assert (grants["support"].has_access, grants["storage"].usage_limit, grants["storage"].hard_limit) == (
        True,
        5,
        True,
    )
    assert (grants["credits"].usage_limit, grants["credits"].reset) == (None, "EVERY_MONTH")
    assert shop.costs("brackets", country_of_ip="IN") == (300, "USD")
    for country in ("BR", "US"):
        with pytest.raises(CountryNotServed):
            shop.buy("brackets", country_of_ip=country)
    assert shop.newest("brackets").document.countries == ("DE", "IN")


def test_applied_again_it_writes_nothing(shop: Shop, clock: TestClock) -> None:
    kinds: tuple[Any, ...] = (PlanPriceFact, PlanEntitlementFact, PlanVersionFact)
    before = [shop.rows(kind) for kind in kinds]
    provision(shop.store, SHOP + PLAN, clock)
    assert [shop.rows(kind) for kind in kinds] == before
    assert shop.states("brackets") == []


def test_what_is_left_out_stays_and_what_is_given_replaces(shop: Shop, clock: TestClock) -> None:
    head = TENANT + '[[plans]]\nidentifier = "brackets"\n'
    provision(shop.store, head + 'name = "Brackets"\n', clock)
    number = shop.newest("brackets").plan.number
    assert len(shop.rows(PlanPriceFact, plan_number=number)) == 2
    provision(shop.store, head + '[[plans.entitlements]]\nidentifier = "storage"\nvalue = 6\n', clock)
    assert [(row.identifier, row.value) for row in shop.rows(PlanEntitlementFact, plan_number=number)] == [
        ("storage", "6")
    ]
    assert len(shop.rows(PlanPriceFact, plan_number=number)) == 2
    provision(shop.store, head + "entitlements = []\nprices = []\n", clock)
    assert shop.rows(PlanEntitlementFact, plan_number=number) == []
    assert shop.rows(PlanPriceFact, plan_number=number) == []


def test_products_and_features_are_described(shop: Shop, clock: TestClock) -> None:
    text = TENANT + '[[products]]\nidentifier = "invoice-test"\ndescription = "For tests"\n'
    text += '[[features]]\nidentifier = "seats"\ndescription = "To sit on"\n'
    provision(shop.store, text, clock)
    with shop.store.reading(shop.tenant.tenant_id) as reader:
        sight = Snapshot(reader, clock.now())
        product = product_shown(sight, shop.uid_of(ProductFact, "invoice-test"))
        seats = features_called(reader, shop.tenant, ["seats"])["seats"]
    assert (product.details.description, product.details.tax_code) == ("For tests", "saas")
    assert seats.details.description == "To sit on"
    details = [shop.rows(kind) for kind in (ProductDetailsFact, FeatureDetailsFact)]
    clock.advance(60)
    provision(shop.store, text, clock)
    assert [shop.rows(kind) for kind in (ProductDetailsFact, FeatureDetailsFact)] == details


HEAD = TENANT + '[[plans]]\nidentifier = "p"\n'
PRICE = '[[plans.prices]]\ncurrency = "USD"\n[[plans.prices.features]]\nidentifier = "credits"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (PRICE, r"plans.p.prices\[0\].features\[0\].amount: belongs to FLAT and PACKAGE prices, which need one"),
        (PRICE + 'model = "TIERED"\namount = "1"', "amount: belongs to FLAT and PACKAGE"),
        (PRICE + 'model = "TIERED"', r"features\[0\].tiers: The last tier must have no end"),
        (PRICE + 'model = "VOLUME"\ntiers = [{ up_to = 5 }]', "tiers: The last tier must have no end"),
        (PRICE + 'model = "STAIRSTEP"\ntiers = [{ unit_amount = "1" }]', "a flat amount alone"),
        (PRICE + 'model = "VOLUME"\ntiers = [{ unit_amount = "-1" }]', r"tiers\[0\].unit_amount: must be at least 0"),
        (PRICE + 'amount = "1"\ntiers = [{ up_to = "inf" }]', "belong to TIERED, VOLUME and STAIRSTEP"),
        ('countries = ["DE"]', "countries: limit the prices beside them"),
        ('countries = ["D1"]\n[[plans.prices]]\ncurrency = "USD"', "countries: must be ISO 3166-1"),
        ('[[plans.entitlements]]\nidentifier = "nothing"', "nothing names no feature"),
        ('[[plans.entitlements]]\nidentifier = "support"\nvalue = 1', "value: Must be true or false"),
        ('[[plans.entitlements]]\nidentifier = "storage"\nvalue = true', "value: Must be a whole number"),
        (
            '[[plans.entitlements]]\nidentifier = "storage"\n[[plans.entitlements]]\nidentifier = "storage"',
            "there twice",
        ),
        ('[[plans.entitlements]]\nidentifier = "storage"\nreset = "DAILY"', "reset"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(shop: Shop, clock: TestClock, text: str, sentence: str) -> None:
    with pytest.raises(ProvisioningRefused, match=sentence):
        provision(shop.store, HEAD + text, clock)

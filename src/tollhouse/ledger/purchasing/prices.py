"""The prices that a plan is sold at, as rows say them, and which of them a buyer gets.

What a charge asks and what an offering shows come from here: they cannot differ.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from tollhouse.domain import places, pricing
from tollhouse.domain.pricing import FeaturePrice, Price, Tier
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import CustomerFact, PlanFact, PlanPriceFact, PriceFeatureFact, ProductFact, TenantFact
from tollhouse.ledger.plan_documents import ONE_TIME, brackets_from_text
from tollhouse.ledger.refusals import CountryNotServed, CurrencyMismatch, NoPriceInCurrency
from tollhouse.ledger.sight import Finds


def one_time_prices(facts: Finds, tenant: TenantFact, plan: PlanFact) -> list[Price]:
    """Those that can be charged, the default first."""
    rows = facts.find(PlanPriceFact, plan_number=plan.number, charge_period=ONE_TIME)
    features = facts.find(PriceFeatureFact, plan_number=plan.number) if rows else []
    return chargeable(tenant, plan, rows, features)


def chargeable(
    tenant: TenantFact, plan: PlanFact, rows: Sequence[PlanPriceFact], features: Sequence[PriceFeatureFact]
) -> list[Price]:
    """The prices in a plan's rows that say an amount: nothing is given away because its amount was forgotten."""
    prices = [
        price_from_rows(tenant, plan, row, [f for f in features if f.price_position == row.position])
        for row in sorted(rows, key=lambda row: row.position)
    ]
    return [price for price in prices if price.price_type != "PAID" or price.amount is not None or price.features]


def price_from_rows(
    tenant: TenantFact, plan: PlanFact, row: PlanPriceFact, features: Sequence[PriceFeatureFact]
) -> Price:
    return Price(
        price_id=row.position,
        uid=row.uid or uid_of_price(tenant, plan, row.position),
        currency=row.currency,
        price_type=row.price_type,  # type: ignore[arg-type]
        amount=None if row.amount is None else Decimal(row.amount),
        tax_behavior=row.tax_behavior,  # type: ignore[arg-type]
        countries=frozenset(msgspec.json.decode(row.countries, type=list[str])),
        features=tuple(_feature_price(feature) for feature in sorted(features, key=lambda f: f.position)),
    )


def _feature_price(row: PriceFeatureFact) -> FeaturePrice:
    return FeaturePrice(
        identifier=row.identifier,
        model=row.model,  # type: ignore[arg-type]
        amount=Decimal(row.amount),
        block_size=row.block_size,
        quantity_min=row.quantity_min,
        quantity_max=row.quantity_max,
        tiers=tuple(
            Tier(bracket.up_to, Decimal(bracket.unit_amount), Decimal(bracket.flat_amount))
            for bracket in brackets_from_text(row.tiers)
        ),
    )


def chosen_price(
    prices: Sequence[Price],
    customer: CustomerFact | None,
    *,
    currency_asked: str | None,
    country_of_ip: str | None,
    now: int,
) -> tuple[Price, str]:
    """The price that a customer, or somebody unknown, gets and why. Refuses with CurrencyMismatch, NoPriceInCurrency or
    CountryNotServed."""
    today = day_of(now)
    try:
        return pricing.choose_price(
            prices,
            currency_asked=currency_asked,
            currency_locked=customer.currency_lock if customer else None,
            country_of_ip=country_of_ip,
            country_of_billing=customer.country if customer else None,
            currency_of_country=lambda country: places.currency_of_country(country, today),
        )
    except pricing.CurrencyMismatch as error:
        raise CurrencyMismatch(error.currency_locked) from error
    except pricing.NoPriceInCurrency as error:
        raise NoPriceInCurrency(error.currency) from error
    except pricing.CountryNotServed as error:
        raise CountryNotServed(error.country) from error


def uid_of_price(tenant: TenantFact, plan: PlanFact, position: int) -> str:
    """The UUID of a price that was given none: always the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"tollhouse:{tenant.slug}:plan:{plan.number}:price:{position}"))


def product_of(facts: Finds, tenant: TenantFact, plan: PlanFact) -> ProductFact:
    """The plan's product. A plan without one is its own: same names, and an id that is always the same."""
    for product in facts.find(ProductFact, product_id=plan.product_id) if plan.product_id else ():
        return product
    return plan_as_product(tenant, plan)


def plan_as_product(tenant: TenantFact, plan: PlanFact) -> ProductFact:
    uid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"tollhouse:{tenant.slug}:plan:{plan.identifier}"))
    return ProductFact(plan.tenant_id, 0, uid, plan.identifier, plan.name)


def day_of(instant: int) -> date:
    """The UTC day of an instant."""
    return datetime.fromtimestamp(instant // SECOND, UTC).date()

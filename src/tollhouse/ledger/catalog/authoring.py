"""What a plan's prices and entitlements may say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any, Final

from tollhouse.domain.pricing import QUANTITY_MAX, TIERED_MODELS, Tier, TiersMalformed, check_tiers
from tollhouse.ledger.plan_documents import AuthoredPrice, PeriodPrice, PriceItem

#: JavaScript reads it back exactly.
VALUE_MAX: Final = 2**53 - 1


def fault_of_prices(prices: Sequence[AuthoredPrice]) -> str | None:
    """What is wrong with them as a whole or one by one, as a sentence; None if nothing is."""
    for index, price in enumerate(prices):
        for fault in _faults_of_price(price):
            return f"Item {index}: {fault}"
    for one, other in combinations([price for price in prices if price.price_type == "PAID"], 2):
        if one.currency == other.currency and _meet(one, other):
            return f"Two paid prices in {one.currency} are for the same buyers: give each countries of its own."
    return None


def _meet(one: AuthoredPrice, other: AuthoredPrice) -> bool:
    """Whether nothing says which of two prices a buyer gets. One for a country comes before one for everywhere."""
    if one.countries and other.countries:
        return not set(one.countries).isdisjoint(other.countries)
    return not one.countries and not other.countries


def _faults_of_price(price: AuthoredPrice) -> Iterator[str]:
    features = [item.feature for item in price.items]
    if len(set(features)) != len(features):
        yield "chargeCatalogPrice: Each feature, and the plan itself, may be priced once."
    if price.price_type == "PAID" and not any(item.charges for item in price.items):
        yield "chargeCatalogPrice: A PAID price needs a charge."
    for index, item in enumerate(price.items):
        for fault in _faults_of_item(price, item):
            yield f"chargeCatalogPrice {index}: {fault}"


def _faults_of_item(price: AuthoredPrice, item: PriceItem) -> Iterator[str]:
    if not item.feature and item.model != "FLAT":
        yield "feature: This field is required for every price model but FLAT."
    periods = [charge.charge_period for charge in item.charges]
    if len(set(periods)) != len(periods):
        yield "charges: Each charge period may be there once."
    for index, charge in enumerate(item.charges):
        for fault in (*_faults_of_amounts(item, charge), *_faults_of_bounds(item, charge)):
            yield f"charges {index}: {fault}"
        if price.price_type == "FREE" and _costs_something(charge):
            yield f"charges {index}: A FREE price asks for nothing."


def _faults_of_amounts(item: PriceItem, charge: PeriodPrice) -> Iterator[str]:
    if item.model in TIERED_MODELS:
        if charge.amount is not None:
            yield "priceData: The amounts of this price model are in its tiers."
    elif charge.amount is None:
        yield "priceData: amount: This field is required."
    if (item.model == "PACKAGE") != (charge.block_size is not None):
        yield "priceData: block_size: Belongs to PACKAGE prices, which need one."
    try:
        check_tiers(item.model, tiers_of(charge))
    except TiersMalformed as error:
        yield f"tiers: {error}"


def _faults_of_bounds(item: PriceItem, charge: PeriodPrice) -> Iterator[str]:
    if not item.feature and (charge.quantity_min, charge.quantity_max) != (None, None):
        yield "advanced: Quantities belong to features."
    if (charge.quantity_min or 1) > (charge.quantity_max or QUANTITY_MAX):
        yield "advanced: min_quantity must not be above max_quantity."


def _costs_something(charge: PeriodPrice) -> bool:
    tiers = tiers_of(charge)
    return bool(Decimal(charge.amount or 0)) or any(tier.unit_amount or tier.flat_amount for tier in tiers)


def tiers_of(charge: PeriodPrice) -> tuple[Tier, ...]:
    return tuple(Tier(b.up_to, Decimal(b.unit_amount), Decimal(b.flat_amount)) for b in charge.tiers)


def fault_of_entitlement(feature_type: str, details: dict[str, Any]) -> str | None:
    """What is wrong with the value of an entitlement for this type of feature, None if nothing is."""
    value = details.get("value")
    if value is None:
        return None
    if feature_type == "BOOLEAN":
        return None if isinstance(value, bool) else "details: value: Must be true or false for a BOOLEAN feature."
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= VALUE_MAX:
        return f"details: value: Must be a whole number from 0 to {VALUE_MAX}."
    return None

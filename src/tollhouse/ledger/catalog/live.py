"""Between a plan's document and the rows that purchases read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from tollhouse.domain.pricing import TIERED_MODELS
from tollhouse.ledger.facts import (
    ChangingFact,
    PlanEntitlementFact,
    PlanFact,
    PlanPriceFact,
    PriceFeatureFact,
    TenantFact,
)
from tollhouse.ledger.plan_documents import (
    IN_ADVANCE,
    AuthoredEntitlement,
    AuthoredPrice,
    Bracket,
    PeriodPrice,
    PlanDocument,
    PriceItem,
    brackets_from_text,
    json_text,
)
from tollhouse.ledger.purchasing.prices import uid_of_price
from tollhouse.ledger.sight import Finds

_NOTHING = "0.00"


class LiveRows(msgspec.Struct, frozen=True):
    """A plan's rows, each kind in its order. `features` is what PlanFact says of them."""

    prices: list[PlanPriceFact]
    price_features: list[PriceFeatureFact]
    entitlements: list[PlanEntitlementFact]
    features: list[str]


def live_rows_of(facts: Finds, plan: PlanFact) -> LiveRows:
    """The rows as they are."""
    prices = facts.find(PlanPriceFact, plan_number=plan.number)
    price_features = facts.find(PriceFeatureFact, plan_number=plan.number)
    entitlements = facts.find(PlanEntitlementFact, plan_number=plan.number)
    return LiveRows(
        sorted(prices, key=lambda row: row.position),
        sorted(price_features, key=lambda row: (row.price_position, row.position)),
        sorted(entitlements, key=lambda row: row.position),
        msgspec.json.decode(plan.features, type=list[str]),
    )


class Rows(Finds, Protocol):
    """Rows that can be written: a book, or a unit of work."""

    def put(self, fact: ChangingFact) -> None: ...

    def remove(self, fact: ChangingFact, *key: str) -> None: ...


def replace_rows(rows: Rows, old: LiveRows, new: LiveRows) -> None:
    """Have the new rows in the place of the old ones; PlanFact is left to the caller."""
    _replace(rows, old.prices, new.prices, "plan_number", "position")
    _replace(rows, old.price_features, new.price_features, "plan_number", "price_position", "position")
    _replace(rows, old.entitlements, new.entitlements, "plan_number", "position")


def _replace(rows: Rows, old: Sequence[ChangingFact], new: Sequence[ChangingFact], *key: str) -> None:
    kept = {fact.key for fact in new}
    for fact in old:
        if fact.key not in kept:
            rows.remove(fact, *key)
    for fact in new:
        rows.put(fact)


def same_prices(one: LiveRows, other: LiveRows) -> bool:
    """Whether both ask for the same, whatever UUIDs the prices have."""
    prices = [
        [(replace(row, uid="", countries=""), set(msgspec.json.decode(row.countries))) for row in rows.prices]
        for rows in (one, other)
    ]
    features = [
        [(replace(row, tiers=""), brackets_from_text(row.tiers)) for row in rows.price_features]
        for rows in (one, other)
    ]
    return prices[0] == prices[1] and features[0] == features[1]


# From a document.


def rows_of_document(plan: PlanFact, document: PlanDocument) -> LiveRows:
    """The rows that put a document in force: a row for each price and charge period that can be bought somewhere."""
    prices: list[PlanPriceFact] = []
    price_features: list[PriceFeatureFact] = []
    for price in _in_order(document):
        for period in price.charge_periods if price.is_enabled else ():
            countries = _countries(document, price, period)
            if countries is not None:
                row = _price_row(plan, len(prices), price, period, countries)
                prices.append(row)
                price_features += _feature_rows(plan, row.position, price, period)
    entitlements = [_entitlement_row(plan, position, e) for position, e in enumerate(document.entitlements)]
    return LiveRows(prices, price_features, entitlements, _features(document))


def _in_order(document: PlanDocument) -> list[AuthoredPrice]:
    """The prices in the order in which they are offered: as written.

    Where the plan is for some countries, in each currency those for everywhere come first: a buyer of an unknown
    country gets them, as in a plan for everywhere.
    """
    if not document.countries:
        return list(document.prices)
    currencies = list(dict.fromkeys(price.currency for price in document.prices))
    return sorted(document.prices, key=lambda price: (currencies.index(price.currency), bool(price.countries)))


def _countries(document: PlanDocument, price: AuthoredPrice, period: str) -> list[str] | None:
    """Where a price can be bought, empty being everywhere; None is nowhere.

    The plan's countries limit those of its prices. A price for everywhere leaves out the countries that another price
    in its currency is for, so that it is not taken for one of theirs.
    """
    if not document.countries:
        return list(price.countries)
    if price.countries:
        return [country for country in price.countries if country in document.countries] or None
    others = {
        country
        for other in document.prices
        if other.is_enabled and other.currency == price.currency and period in other.charge_periods
        for country in other.countries
    }
    return [country for country in document.countries if country not in others] or None


def _price_row(plan: PlanFact, position: int, price: AuthoredPrice, period: str, countries: list[str]) -> PlanPriceFact:
    base = next((charge for item, charge in _charges(price, period) if not item.feature), None)
    amount = base.amount if base is not None else None
    return PlanPriceFact(
        tenant_id=plan.tenant_id,
        plan_number=plan.number,
        position=position,
        currency=price.currency,
        charge_period=period,
        price_type=price.price_type,
        amount=amount or (_NOTHING if price.price_type == "FREE" else None),
        tax_behavior=price.tax_behavior,
        countries=json_text(countries),
        uid=price.uid,
    )


def _feature_rows(plan: PlanFact, price_position: int, price: AuthoredPrice, period: str) -> list[PriceFeatureFact]:
    """What is paid when the plan is bought; what is paid as it is used is not among it."""
    bought = [(i, charge) for i, charge in _charges(price, period) if i.feature and i.payment_type == IN_ADVANCE]
    return [
        PriceFeatureFact(
            tenant_id=plan.tenant_id,
            plan_number=plan.number,
            price_position=price_position,
            position=position,
            identifier=item.feature,
            model=item.model,
            amount=charge.amount or _NOTHING,
            block_size=charge.block_size,
            quantity_min=charge.quantity_min,
            quantity_max=charge.quantity_max,
            tiers=json_text(charge.tiers),
        )
        for position, (item, charge) in enumerate(bought)
    ]


def _charges(price: AuthoredPrice, period: str) -> Iterator[tuple[PriceItem, PeriodPrice]]:
    for item in price.items:
        for charge in item.charges:
            if charge.charge_period == period:
                yield item, charge


def _entitlement_row(plan: PlanFact, position: int, entitlement: AuthoredEntitlement) -> PlanEntitlementFact:
    details = entitlement.details
    return PlanEntitlementFact(
        tenant_id=plan.tenant_id,
        plan_number=plan.number,
        position=position,
        identifier=entitlement.feature,
        value=json_text(details.get("value")),
        is_unlimited=int(bool(details.get("hasUnlimitedUsage"))),
        hard_limit=int(bool(details.get("hardLimit"))),
        reset=details.get("reset") or "NEVER",
    )


def _features(document: PlanDocument) -> list[str]:
    """The features that a purchase may name besides those that it pays for or that the plan gives."""
    used = [
        item.feature
        for price in document.prices
        if price.is_enabled
        for item in price.items
        if item.feature and item.payment_type != IN_ADVANCE
    ]
    return list(dict.fromkeys([*document.included, *used]))


# From rows.


def document_of_rows(tenant: TenantFact, plan: PlanFact, rows: LiveRows) -> PlanDocument:
    """The document of a plan that was not written in a catalog."""
    prices = tuple(
        _authored_price(tenant, plan, row, [f for f in rows.price_features if f.price_position == row.position])
        for row in rows.prices
    )
    entitled = {row.identifier for row in rows.entitlements}
    return PlanDocument(
        name=plan.name,
        countries=_countries_of(prices),
        prices=prices,
        entitlements=tuple(AuthoredEntitlement(row.identifier, _details(row)) for row in rows.entitlements),
        included=tuple(identifier for identifier in rows.features if identifier not in entitled),
    )


def _authored_price(
    tenant: TenantFact, plan: PlanFact, row: PlanPriceFact, features: Sequence[PriceFeatureFact]
) -> AuthoredPrice:
    base = PriceItem(charges=(PeriodPrice(charge_period=row.charge_period, amount=row.amount),))
    items = [base] if row.amount is not None else []
    items += [_item(row.charge_period, feature) for feature in features]
    return AuthoredPrice(
        uid=row.uid or uid_of_price(tenant, plan, row.position),
        price_type=row.price_type,
        currency=row.currency,
        tax_behavior=row.tax_behavior,
        countries=tuple(msgspec.json.decode(row.countries, type=list[str])),
        items=tuple(items),
    )


def _item(period: str, row: PriceFeatureFact) -> PriceItem:
    is_tiered = row.model in TIERED_MODELS
    charge = PeriodPrice(
        charge_period=period,
        amount=None if is_tiered else row.amount,
        block_size=row.block_size,
        quantity_min=row.quantity_min,
        quantity_max=row.quantity_max,
        tiers=tuple(Bracket(b.up_to, b.unit_amount, b.flat_amount) for b in brackets_from_text(row.tiers)),
    )
    return PriceItem(feature=row.identifier, model=row.model, charges=(charge,))


def _countries_of(prices: Sequence[AuthoredPrice]) -> tuple[str, ...]:
    """Where a plan can be bought: empty, which is everywhere, unless each of its prices is for some countries."""
    if not all(price.countries for price in prices):
        return ()
    return tuple(sorted({country for price in prices for country in price.countries}))


def _details(row: PlanEntitlementFact) -> dict[str, Any]:
    return {
        "value": msgspec.json.decode(row.value, type=bool | int | None),
        "hasUnlimitedUsage": bool(row.is_unlimited),
        "hardLimit": bool(row.hard_limit),
        "reset": row.reset,
    }

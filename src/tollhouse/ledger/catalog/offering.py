"""What a product costs a buyer: each of its plans at the price that a charge would ask of them here."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TypeVar

import msgspec

from tollhouse.domain import money, places, pricing
from tollhouse.domain.pricing import Price
from tollhouse.ledger.catalog.features import FeatureShown, features_called
from tollhouse.ledger.catalog.live import LiveRows
from tollhouse.ledger.catalog.products import PRODUCT, ProductShown, product_shown, published_plans_of
from tollhouse.ledger.catalog.versions import Version, published_of
from tollhouse.ledger.facts import (
    CustomerFact,
    PaymentFact,
    PlanEntitlementFact,
    PlanFact,
    PlanPriceFact,
    PriceFeatureFact,
    TenantFact,
)
from tollhouse.ledger.plan_documents import ONE_TIME
from tollhouse.ledger.purchase_details import SUCCEEDED
from tollhouse.ledger.purchasing.prices import chargeable, chosen_price, day_of
from tollhouse.ledger.refusals import CountryNotServed, NoPriceInCurrency, NotInCatalog
from tollhouse.ledger.sight import Snapshot

K = TypeVar("K", PlanPriceFact, PriceFeatureFact, PlanEntitlementFact)


class OfferingWanted(msgspec.Struct, frozen=True):
    """Whose offering: without a reference that of somebody unknown. `plans` None are all of the product's."""

    product_uid: str
    customer_reference: str | None
    country_of_ip: str | None
    plans: frozenset[str] | None


class PeriodOffered(msgspec.Struct, frozen=True):
    """A charge period in which the plan has the price; `amount` is the base or None, `least` what the price comes to
    where nothing is said of quantities, None where that cannot be told."""

    charge_period: str
    price: Price
    amount: Decimal | None
    least: Decimal | None


class PlanOffered(msgspec.Struct, frozen=True):
    """A plan at this buyer's price. `can_be_bought` tells whether that is possible here: once."""

    version: Version
    price: Price
    periods: tuple[PeriodOffered, ...]
    rows: LiveRows
    features: dict[str, FeatureShown]
    can_be_bought: bool


class Offering(msgspec.Struct, frozen=True):
    """`country` is the buyer's, empty where it is unknown. `bought` is the newest purchase of one of these plans."""

    product: ProductShown
    country: str
    currency: str
    plans: tuple[PlanOffered, ...]
    customer: CustomerFact | None
    bought: PaymentFact | None


def offering(snapshot: Snapshot, wanted: OfferingWanted) -> Offering:
    """Plans that have no price for this buyer are left out. Raises NotInCatalog."""
    product = product_shown(snapshot, wanted.product_uid)
    if product.details.archived_at is not None:
        raise NotInCatalog(PRODUCT)
    customer = _customer(snapshot, wanted.customer_reference)
    plans = published_plans_of(snapshot, product.product)
    shown = [plan for plan in plans if wanted.plans is None or plan.identifier in wanted.plans]
    offered = _Offers(snapshot, shown, customer, wanted.country_of_ip).all()
    country = wanted.country_of_ip or (customer.country if customer else "")
    return Offering(
        product=product,
        country=country,
        currency=_currency(snapshot, product, customer, country, offered),
        plans=tuple(sorted(offered, key=_order)),
        customer=customer,
        bought=_bought(snapshot, customer, plans),
    )


def _customer(snapshot: Snapshot, reference: str | None) -> CustomerFact | None:
    for customer in snapshot.find(CustomerFact, reference=reference, deleted_at=None) if reference else ():
        return customer
    return None


def _bought(snapshot: Snapshot, customer: CustomerFact | None, plans: list[PlanFact]) -> PaymentFact | None:
    if customer is None or not plans:
        return None
    numbers = [plan.number for plan in plans]
    newest = snapshot.reader.first(
        PaymentFact,
        1,
        order=("-created_at", "-payment_id"),
        customer_number=customer.number,
        state=SUCCEEDED,
        plan_number=numbers,
    )
    return newest[0] if newest else None


def _currency(
    snapshot: Snapshot, product: ProductShown, customer: CustomerFact | None, country: str, plans: list[PlanOffered]
) -> str:
    """The one that the plans' prices are in, else the customer's, else the product's."""
    currencies = {plan.price.currency for plan in plans}
    if customer is not None and customer.currency_lock:
        return customer.currency_lock
    local = places.currency_of_country(country, day_of(snapshot.now)) if country else None
    if local in currencies:
        return str(local)
    return plans[0].price.currency if plans else str(product.settings["currency"])


def _order(plan: PlanOffered) -> tuple[bool, int, int]:
    ordering = plan.version.document.ordering
    return ordering is None, ordering or 0, plan.version.plan.number


class _Offers:
    """The plans of one product for one buyer, from one look at each kind of row."""

    def __init__(
        self, snapshot: Snapshot, plans: list[PlanFact], customer: CustomerFact | None, country_of_ip: str | None
    ) -> None:
        self._now = snapshot.now
        self._tenant: TenantFact = snapshot.tenant
        self._plans = plans
        self._customer = customer
        self._country_of_ip = country_of_ip
        self._prices = self._by_plan(snapshot, PlanPriceFact)
        self._price_features = self._by_plan(snapshot, PriceFeatureFact)
        self._entitlements = self._by_plan(snapshot, PlanEntitlementFact)
        self._versions = published_of(snapshot, snapshot.tenant, plans)
        self._features = features_called(snapshot, snapshot.tenant, sorted(self._named()))

    def _by_plan(self, snapshot: Snapshot, kind: type[K]) -> dict[int, list[K]]:
        rows: dict[int, list[K]] = defaultdict(list)
        numbers = [plan.number for plan in self._plans]
        for row in snapshot.find(kind, plan_number=numbers) if numbers else ():
            rows[row.plan_number].append(row)
        return rows

    def _named(self) -> set[str]:
        priced = {row.identifier for rows in self._price_features.values() for row in rows}
        return priced | {row.identifier for rows in self._entitlements.values() for row in rows}

    def all(self) -> list[PlanOffered]:
        return [offered for plan in self._plans if (offered := self._offered(plan)) is not None]

    def _offered(self, plan: PlanFact) -> PlanOffered | None:
        by_period = self._by_period(plan)
        if not by_period:
            return None
        period = ONE_TIME if ONE_TIME in by_period else next(iter(by_period))
        try:
            price, _ = chosen_price(
                by_period[period],
                self._customer,
                currency_asked=None,
                country_of_ip=self._country_of_ip,
                now=self._now,
            )
        except (CountryNotServed, NoPriceInCurrency):
            return None
        # The same price in other periods is the one with its UUID.
        periods = [
            PeriodOffered(name, other, other.amount, _least(other))
            for name, prices in by_period.items()
            for other in prices
            if other.uid == price.uid
        ]
        rows = LiveRows(
            self._prices[plan.number],
            self._price_features[plan.number],
            sorted(self._entitlements[plan.number], key=lambda row: row.position),
            msgspec.json.decode(plan.features, type=list[str]),
        )
        return PlanOffered(self._versions[plan.number], price, tuple(periods), rows, self._features, period == ONE_TIME)

    def _by_period(self, plan: PlanFact) -> dict[str, list[Price]]:
        """The plan's prices by the period in which they are asked for, each in their order."""
        periods: dict[str, list[PlanPriceFact]] = defaultdict(list)
        for row in sorted(self._prices[plan.number], key=lambda row: row.position):
            periods[row.charge_period].append(row)
        prices = {
            name: chargeable(self._tenant, plan, rows, self._price_features[plan.number])
            for name, rows in periods.items()
        }
        return {name: found for name, found in prices.items() if found}


def _least(price: Price) -> Decimal | None:
    if price.price_type == "CUSTOM":
        return None
    try:
        quote = pricing.total(price, {})
    except (pricing.FeatureQuantityRequired, money.OutOfRange):
        return None
    return money.major_from_minor(quote.net_minor, quote.currency)

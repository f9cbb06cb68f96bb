"""What a buyer would get and pay: the plan, the price that is theirs, what it comes to, and what they pay with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from tollhouse.domain import money, places, pricing
from tollhouse.domain.pricing import FeaturePrice, Price, Quote
from tollhouse.ledger.book import Book
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import StartPurchase
from tollhouse.ledger.facts import (
    CustomerFact,
    FeatureFact,
    PaymentMethodDetailsFact,
    PaymentMethodFact,
    PlanEntitlementFact,
    PlanFact,
    PlanPriceFact,
    PlanVersionFact,
    PriceFeatureFact,
    ProductFact,
)
from tollhouse.ledger.purchase_details import BoughtFeature, Grant, MethodShown
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    CountryNotServed,
    CurrencyMismatch,
    CustomAmountRefused,
    CustomerUnknown,
    FeatureUnknown,
    GatewayNotConfigured,
    NoPriceInCurrency,
    PaymentMethodMissing,
    PlanHasNoOneTimePrice,
    PlanIsFree,
    PlanUnknown,
    PlanWantsCustomAmount,
    QuantityRefused,
    TenantBlocked,
)

#: A purchase leaves this much room in the customer's sum, so that what is being taken meanwhile can be recorded too.
SUM_RESERVE_MINOR = 2**62


class Offer(NamedTuple):
    """A purchase that nothing speaks against. `method` is None where there is nothing to pay."""

    customer: CustomerFact
    plan: PlanFact
    price: Price
    price_reason: str
    quote: Quote
    features: tuple[BoughtFeature, ...]
    method: PaymentMethodFact | None
    method_shown: MethodShown
    plan_version: int
    grants: tuple[Grant, ...]


def offer(book: Book, command: StartPurchase) -> Offer:
    if book.tenant.blocked:
        raise TenantBlocked
    customer = book.known_by_reference(command.customer_reference)
    if customer is None:
        raise CustomerUnknown
    plan = _plan(book, command.plan_identifier)
    prices = _one_time_prices(book, plan)
    _check_features(plan, prices, command.quantities)
    price, price_reason = _chosen(book, customer, prices, command)
    quote = _quote(price, command)
    features = _bought(book, quote)
    _check_room(book, customer, quote)
    method = _payment_method(book, customer, command.gateways) if quote.net_minor else None
    return Offer(
        customer,
        plan,
        price,
        price_reason,
        quote,
        features,
        method,
        _method_shown(book, method),
        _plan_version(book, plan),
        _grants(book, plan, features),
    )


def _plan(book: Book, identifier: str) -> PlanFact:
    for plan in book.unit.find(PlanFact, identifier=identifier, state="published"):
        return plan
    raise PlanUnknown


def _one_time_prices(book: Book, plan: PlanFact) -> list[Price]:
    rows = book.unit.find(PlanPriceFact, plan_number=plan.number, charge_period="ONE_TIME", order=("position",))
    features = book.unit.find(PriceFeatureFact, plan_number=plan.number, order=("price_position", "position"))
    prices = [_price(row, [f for f in features if f.price_position == row.position]) for row in rows]
    prices = [price for price in prices if _says_an_amount(price)]
    if not prices:
        raise PlanHasNoOneTimePrice
    if all(price.price_type == "FREE" for price in prices):
        raise PlanIsFree
    return prices


def _price(row: PlanPriceFact, features: Sequence[PriceFeatureFact]) -> Price:
    return Price(
        price_id=row.position,
        uid=row.uid,
        currency=row.currency,
        price_type=row.price_type,  # type: ignore[arg-type]
        amount=None if row.amount is None else Decimal(row.amount),
        tax_behavior=row.tax_behavior,  # type: ignore[arg-type]
        countries=frozenset(msgspec.json.decode(row.countries, type=list[str])),
        features=tuple(
            FeaturePrice(
                identifier=feature.identifier,
                model=feature.model,  # type: ignore[arg-type]
                amount=Decimal(feature.amount),
                block_size=feature.block_size,
                quantity_min=feature.quantity_min,
                quantity_max=feature.quantity_max,
            )
            for feature in features
        ),
    )


def _says_an_amount(price: Price) -> bool:
    """Whether a price can be charged at all: nothing is given away because its amount was forgotten."""
    return price.price_type != "PAID" or price.amount is not None or bool(price.features)


def _check_features(plan: PlanFact, prices: Sequence[Price], quantities: Sequence[tuple[str, int]]) -> None:
    known = set(msgspec.json.decode(plan.features, type=list[str]))
    known.update(feature.identifier for price in prices for feature in price.features)
    for identifier, _ in quantities:
        if identifier not in known:
            raise FeatureUnknown(identifier)


def _chosen(book: Book, customer: CustomerFact, prices: Sequence[Price], command: StartPurchase) -> tuple[Price, str]:
    today = _day(book.now)
    try:
        price, reason = pricing.choose_price(
            prices,
            currency_asked=command.currency,
            currency_locked=customer.currency_lock,
            country_of_ip=command.country_of_ip,
            country_of_billing=customer.country,
            currency_of_country=lambda country: places.currency_of_country(country, today),
        )
    except pricing.CurrencyMismatch as error:
        raise CurrencyMismatch(error.currency_locked) from error
    except pricing.NoPriceInCurrency as error:
        raise NoPriceInCurrency(error.currency) from error
    except pricing.CountryNotServed as error:
        raise CountryNotServed(error.country) from error
    if price.price_type == "FREE":
        raise PlanIsFree
    return price, reason


def _quote(price: Price, command: StartPurchase) -> Quote:
    """What is to be paid. A custom amount stands for the whole; quantities are checked and change nothing then."""
    try:
        if command.custom_amount is not None:
            price = _with_custom_amount(price, command.custom_amount)
        elif price.price_type == "CUSTOM":
            raise PlanWantsCustomAmount
        return pricing.total(price, dict(command.quantities))
    except pricing.QuantityOutOfRange as error:
        raise QuantityRefused(error.identifier, str(error)) from error
    except pricing.FeatureQuantityRequired as error:
        raise QuantityRefused(error.identifiers[0], str(error)) from error
    except money.OutOfRange as error:
        raise AmountOutOfRange from error


def _with_custom_amount(price: Price, amount: Decimal) -> Price:
    try:
        amount_minor = money.minor_from_major(amount, price.currency)
    except money.TooPrecise as error:
        raise CustomAmountRefused(str(error)) from error
    if amount_minor <= 0:
        raise CustomAmountRefused("The custom amount must be greater than 0.")
    features = tuple(replace(feature, amount=Decimal(0)) for feature in price.features)
    return replace(price, amount=amount, features=features)


def _bought(book: Book, quote: Quote) -> tuple[BoughtFeature, ...]:
    identifiers = list(quote.quantities)
    if not identifiers:
        return ()
    known = {feature.identifier: feature for feature in book.unit.find(FeatureFact, identifier=identifiers)}
    return tuple(_bought_feature(known.get(identifier), identifier, quote) for identifier in identifiers)


def _bought_feature(feature: FeatureFact | None, identifier: str, quote: Quote) -> BoughtFeature:
    if feature is None:
        raise FeatureUnknown(identifier)
    return BoughtFeature(feature.uid, identifier, feature.name, feature.feature_type, quote.quantities[identifier])


def _method_shown(book: Book, method: PaymentMethodFact | None) -> MethodShown:
    if method is None:
        return MethodShown()
    for details in book.find(PaymentMethodDetailsFact, payment_method_id=method.payment_method_id):
        return MethodShown(details.method_type, details.brand, details.last4)
    return MethodShown("card")


def _plan_version(book: Book, plan: PlanFact) -> int:
    """The published version; 1 where a plan was never written in a catalog."""
    for version in book.find(PlanVersionFact, plan_number=plan.number, state="published"):
        return version.version
    return 1


def _grants(book: Book, plan: PlanFact, bought: Sequence[BoughtFeature]) -> tuple[Grant, ...]:
    """What the purchase gives: the plan's entitlements, and what was bought of other features.

    Of a METER it is what was bought, else what the plan says; a BOOLEAN feature is given unless the plan says false.
    """
    quantities = {feature.identifier: feature for feature in bought}
    entitled = book.find(PlanEntitlementFact, plan_number=plan.number)
    entitled.sort(key=lambda row: row.position)
    listed = {row.identifier: row for row in entitled}
    identifiers = [*listed, *msgspec.json.decode(plan.features, type=list[str]), *quantities]
    names = list(dict.fromkeys(identifiers))
    if not names:
        return ()
    features = {feature.identifier: feature for feature in book.find(FeatureFact, identifier=names)}
    return tuple(_grant(features[name], listed.get(name), quantities.get(name)) for name in names if name in features)


def _grant(feature: FeatureFact, entitlement: PlanEntitlementFact | None, bought: BoughtFeature | None) -> Grant:
    value = None if entitlement is None else msgspec.json.decode(entitlement.value, type=bool | int | None)
    is_unlimited = entitlement is not None and bool(entitlement.is_unlimited)
    limit: int | None = None if value is None or isinstance(value, bool) else value
    if bought is not None and feature.feature_type == "METER":
        limit = bought.quantity
    return Grant(
        feature_uid=feature.uid,
        identifier=feature.identifier,
        feature_type=feature.feature_type,
        has_access=value is not False,
        usage_limit=None if is_unlimited else limit,
        hard_limit=entitlement is not None and bool(entitlement.hard_limit),
        reset="NEVER" if entitlement is None else entitlement.reset,
    )


def _check_room(book: Book, customer: CustomerFact, quote: Quote) -> None:
    summary = book.summary(customer.number, quote.currency)
    book.check_sum(summary, quote.net_minor + SUM_RESERVE_MINOR, book.now)


def _payment_method(book: Book, customer: CustomerFact, gateways: frozenset[str]) -> PaymentMethodFact:
    methods = book.unit.find(
        PaymentMethodFact,
        customer_number=customer.number,
        is_default=1,
        state="succeeded",
        order=("payment_method_id",),
    )
    if not methods:
        raise PaymentMethodMissing
    if methods[0].gateway not in gateways:
        raise GatewayNotConfigured(methods[0].gateway)
    return methods[0]


def tax_behavior(price: Price, command: StartPurchase) -> str:
    """The request's counts with a custom amount alone; nothing said is EXCLUSIVE."""
    given = command.tax_behavior if command.custom_amount is not None else None
    behavior = given or price.tax_behavior
    return "EXCLUSIVE" if behavior == "UNSPECIFIED" else behavior


def product_of(book: Book, plan: PlanFact) -> ProductFact:
    """The plan's product. A plan without one is its own: same names, and an id that is always the same."""
    for product in book.unit.find(ProductFact, product_id=plan.product_id):
        return product
    uid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"tollhouse:{book.tenant.slug}:plan:{plan.identifier}"))
    return ProductFact(book.tenant_id, 0, uid, plan.identifier, plan.name)


def _day(instant: int) -> date:
    return datetime.fromtimestamp(instant // SECOND, UTC).date()

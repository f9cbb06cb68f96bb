"""What a buyer would get and pay: the plan, the price that is theirs, what it comes to, and what they pay with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

import msgspec

from tollhouse.domain import money, pricing
from tollhouse.domain.pricing import Price, Quote
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import StartPurchase
from tollhouse.ledger.facts import (
    CustomerFact,
    FeatureFact,
    PaymentMethodDetailsFact,
    PaymentMethodFact,
    PlanEntitlementFact,
    PlanFact,
    PlanVersionFact,
)
from tollhouse.ledger.payment_methods import DEFAULT_METHOD
from tollhouse.ledger.purchase_details import BY_SUBSCRIPTION, BoughtFeature, Grant, MethodShown
from tollhouse.ledger.purchasing.prices import chosen_price, one_time_prices
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    CustomAmountRefused,
    CustomerUnknown,
    FeatureUnknown,
    GatewayNotConfigured,
    PaymentMethodMissing,
    PlanHasNoOneTimePrice,
    PlanIsFree,
    PlanIsNotFree,
    PlanUnknown,
    PlanWantsCustomAmount,
    QuantityRefused,
    TenantBlocked,
)
from tollhouse.ledger.sight import Sight

#: A purchase leaves this much room in the customer's sum, so that what is being taken meanwhile can be recorded too.
SUM_RESERVE_MINOR = 2**62


class Priced(NamedTuple):
    """What a customer would get, and for how much."""

    plan: PlanFact
    price: Price
    price_reason: str
    quote: Quote
    features: tuple[BoughtFeature, ...]


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
    # Whoever publishes another version of the plan waits until this purchase is written.
    book.hold(PlanFact, "identifier", [command.plan_identifier])
    plan, price, price_reason, quote, features = priced(book, customer, command)
    _check_room(book, customer, quote)
    method = _payment_method(book, customer, command) if quote.net_minor else None
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
        _grants(book, plan, price, features),
    )


def priced(sight: Sight, customer: CustomerFact, command: StartPurchase) -> Priced:
    """What a purchase would come to, as far as that does not depend on how it is paid."""
    plan = _plan(sight, command.plan_identifier)
    prices = _one_time_prices(sight, plan, command)
    _check_features(sight, plan, prices, command.quantities)
    price, price_reason = _chosen(sight, customer, prices, command)
    quote = _quote(price, command)
    return Priced(plan, price, price_reason, quote, _bought(sight, quote))


def _plan(sight: Sight, identifier: str) -> PlanFact:
    for plan in sight.find(PlanFact, identifier=identifier, state="published"):
        return plan
    raise PlanUnknown


def _one_time_prices(sight: Sight, plan: PlanFact, command: StartPurchase) -> list[Price]:
    """The plan's prices; of a plan that is subscribed to for nothing, those that are free."""
    prices = one_time_prices(sight, sight.tenant, plan)
    if not prices:
        raise PlanHasNoOneTimePrice
    free = [price for price in prices if price.price_type == "FREE"]
    if command.made_by == BY_SUBSCRIPTION:
        if not free:
            raise PlanIsNotFree
        return free
    if len(free) == len(prices):
        raise PlanIsFree
    return prices


def _check_features(
    sight: Sight, plan: PlanFact, prices: Sequence[Price], quantities: Sequence[tuple[str, int]]
) -> None:
    known = set(msgspec.json.decode(plan.features, type=list[str]))
    if quantities:
        known.update(row.identifier for row in sight.find(PlanEntitlementFact, plan_number=plan.number))
    known.update(feature.identifier for price in prices for feature in price.features)
    for identifier, _ in quantities:
        if identifier not in known:
            raise FeatureUnknown(identifier)


def _chosen(sight: Sight, customer: CustomerFact, prices: Sequence[Price], command: StartPurchase) -> tuple[Price, str]:
    price, reason = chosen_price(
        prices, customer, currency_asked=command.currency, country_of_ip=command.country_of_ip, now=sight.now
    )
    if price.price_type == "FREE" and command.made_by != BY_SUBSCRIPTION:
        raise PlanIsFree
    return price, reason


def _quote(price: Price, command: StartPurchase) -> Quote:
    """What is to be paid. A custom amount stands for the whole; quantities are checked and change nothing then."""
    try:
        if command.custom_amount is not None:
            price = _with_custom_amount(price, command.custom_amount)
        elif price.price_type == "FREE":
            price = _costing(price, Decimal(0))
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
    return _costing(price, amount)


def _costing(price: Price, amount: Decimal) -> Price:
    """The price with this amount for all of it."""
    features = tuple(replace(feature, model="FLAT", amount=Decimal(0), tiers=()) for feature in price.features)
    return replace(price, amount=amount, features=features)


def _bought(sight: Sight, quote: Quote) -> tuple[BoughtFeature, ...]:
    identifiers = list(quote.quantities)
    if not identifiers:
        return ()
    known = {feature.identifier: feature for feature in sight.find(FeatureFact, identifier=identifiers)}
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


def _grants(book: Book, plan: PlanFact, price: Price, bought: Sequence[BoughtFeature]) -> tuple[Grant, ...]:
    """What the purchase gives: the plan's entitlements, and what was bought of other features.

    Of a METER it is what was bought; where that cost nothing, it is what the plan says, if it says anything. A BOOLEAN
    feature is given unless the plan says false.
    """
    quantities = {feature.identifier: feature for feature in bought}
    priced = {feature.identifier for feature in price.features}
    entitled = book.find(PlanEntitlementFact, plan_number=plan.number)
    entitled.sort(key=lambda row: row.position)
    listed = {row.identifier: row for row in entitled}
    identifiers = [*listed, *msgspec.json.decode(plan.features, type=list[str]), *quantities]
    names = list(dict.fromkeys(identifiers))
    if not names:
        return ()
    features = {feature.identifier: feature for feature in book.find(FeatureFact, identifier=names)}
    return tuple(
        _grant(features[name], listed.get(name), quantities.get(name), is_priced=name in priced)
        for name in names
        if name in features
    )


def _grant(
    feature: FeatureFact, entitlement: PlanEntitlementFact | None, bought: BoughtFeature | None, *, is_priced: bool
) -> Grant:
    value = None if entitlement is None else msgspec.json.decode(entitlement.value, type=bool | int | None)
    is_unlimited = entitlement is not None and bool(entitlement.is_unlimited)
    limit: int | None = None if value is None or isinstance(value, bool) else value
    if bought is not None and feature.feature_type == "METER" and (is_priced or limit is None):
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


def _payment_method(book: Book, customer: CustomerFact, command: StartPurchase) -> PaymentMethodFact:
    """The one that was chosen, which may have yet to prove itself; else the default one."""
    chosen = DEFAULT_METHOD
    if command.payment_method_id:
        chosen = {"payment_method_id": command.payment_method_id, "state": ["succeeded", "requires_action"]}
    methods = book.find(PaymentMethodFact, customer_number=customer.number, **chosen)
    if not methods:
        raise PaymentMethodMissing
    method = min(methods, key=lambda method: method.payment_method_id)
    if method.gateway not in command.gateways:
        raise GatewayNotConfigured(method.gateway)
    return method


def tax_behavior(price: Price, command: StartPurchase) -> str:
    """The request's counts with a custom amount alone; nothing said is EXCLUSIVE."""
    given = command.tax_behavior if command.custom_amount is not None else None
    behavior = given or price.tax_behavior
    return "EXCLUSIVE" if behavior == "UNSPECIFIED" else behavior

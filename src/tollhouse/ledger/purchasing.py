"""Buying a plan once with a saved payment method: Kelviq's way.

Three steps. `start` prices the purchase, checks everything and commits the intent: a pending payment. A gateway is
called outside any unit of work. `settle` commits what it answered; an open outcome stays pending, is taken by `claim`
when its look-up is due, and settled by what the gateway then says. Everything that an answer prints is kept with the
payment, so that it can be told again for ever.
"""

from __future__ import annotations

import secrets
import string
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec
from msgspec.structs import replace as with_values

from tollhouse.domain import money, places, pricing
from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.pricing import FeaturePrice, Price, Quote
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.book import Book
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import ClaimUnresolved, SettlePurchase, StartPurchase
from tollhouse.ledger.facts import (
    CustomerFact,
    FeatureFact,
    PaymentAttemptFact,
    PaymentFact,
    PaymentMethodFact,
    PlanFact,
    PlanPriceFact,
    PriceFeatureFact,
    ProductFact,
    TransactionFact,
)
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
    SumTooLarge,
    TenantBlocked,
)

ORIGIN = "kelviq"
PENDING = "pending"
SUCCEEDED = "succeeded"
DECLINED = "declined"

NOT_COMPLETED = ("payment_not_completed", "The payment was not completed; no money was taken.")

#: A purchase leaves this much room in the customer's sum, so that what is being taken meanwhile can be recorded too.
SUM_RESERVE_MINOR = 2**62

DAY_SECONDS = 86_400

_ORDER_CHARACTERS = string.ascii_uppercase + string.digits


class TakenButNotRecorded(Exception):
    """A gateway took money that the customer's sum has no room for. The payment stays pending: look at it by hand."""


class BoughtFeature(msgspec.Struct, frozen=True):
    uid: str
    identifier: str
    name: str
    feature_type: str
    quantity: int


class PurchaseDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment keeps besides its columns: all that an answer prints, and how the price came about."""

    customer_reference: str
    plan_identifier: str
    plan_name: str
    product_uid: str
    product_identifier: str
    product_name: str
    features: tuple[BoughtFeature, ...]
    shows_features: bool
    tax_behavior: str
    price_reason: str
    lines: tuple[tuple[str, int, str], ...]


class PurchaseStarted(msgspec.Struct, frozen=True):
    """The payment as it stands, and the instant at which it stood so."""

    payment: PaymentFact
    now: int

    @property
    def fact_id(self) -> int:
        return self.payment.payment_id


def detail_of(payment: PaymentFact) -> PurchaseDetail:
    return msgspec.json.decode(payment.detail, type=PurchaseDetail)


# Starting.


def start(book: Book, command: StartPurchase) -> PurchaseStarted:
    """Write the intent; what costs nothing is settled at once. Checks come in the order that Kelviq's callers see."""
    offer = _offer(book, command)
    payment = _intent(book, command, offer)
    if payment.amount_minor == 0:
        summary_after = book.check_sum(book.summary(offer.customer.number, payment.currency), 0, book.now)
        payment = _succeeded(book, offer.customer, payment, summary_after, gateway_reference="")
    book.add(payment)
    return PurchaseStarted(payment, book.system_now)


def replay(book: Book, _command: StartPurchase, payment_id: int) -> PurchaseStarted:
    """The payment as it stands now: written by this batch, or read."""
    for payment in book.added(PaymentFact):
        if payment.payment_id == payment_id:
            return PurchaseStarted(payment, book.system_now)
    (payment,) = book.unit.find(PaymentFact, payment_id=payment_id)
    return PurchaseStarted(payment, book.system_now)


class _Offer(NamedTuple):
    """A purchase that nothing speaks against. `method` is None where there is nothing to pay."""

    customer: CustomerFact
    plan: PlanFact
    price: Price
    price_reason: str
    quote: Quote
    features: tuple[BoughtFeature, ...]
    method: PaymentMethodFact | None


def _offer(book: Book, command: StartPurchase) -> _Offer:
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
    return _Offer(customer, plan, price, price_reason, quote, features, method)


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


def _intent(book: Book, command: StartPurchase, offer: _Offer) -> PaymentFact:
    uid = str(uuid.uuid4())
    call_until_at = book.system_now + command.call_seconds * SECOND
    return PaymentFact(
        tenant_id=book.tenant_id,
        payment_id=book.next_number("payment"),
        uid=uid,
        order_id=_order_id(book.now),
        customer_number=offer.customer.number,
        plan_number=offer.plan.number,
        gateway=offer.method.gateway if offer.method else "",
        token=offer.method.token if offer.method else "",
        gateway_key=f"tollhouse-{uid}",
        currency=offer.quote.currency,
        amount_minor=offer.quote.net_minor,
        state=PENDING,
        decline_code="",
        decline_text="",
        gateway_reference="",
        detail=msgspec.json.encode(_detail(book, command, offer)).decode(),
        transaction_id=None,
        call_until_at=call_until_at,
        look_up_at=call_until_at + command.resolve_after_seconds * SECOND,
        look_ups=0,
        created_at=book.now,
        settled_at=None,
    )


def _detail(book: Book, command: StartPurchase, offer: _Offer) -> PurchaseDetail:
    product = _product(book, offer.plan)
    return PurchaseDetail(
        customer_reference=command.customer_reference,
        plan_identifier=offer.plan.identifier,
        plan_name=offer.plan.name,
        product_uid=product.uid,
        product_identifier=product.identifier,
        product_name=product.name,
        features=offer.features,
        shows_features=command.shows_features,
        tax_behavior=_tax_behavior(offer.price, command),
        price_reason=offer.price_reason,
        lines=tuple((line.label, line.quantity, decimal_text(line.amount)) for line in offer.quote.lines),
    )


def _tax_behavior(price: Price, command: StartPurchase) -> str:
    """The request's counts with a custom amount alone; nothing said is EXCLUSIVE."""
    given = command.tax_behavior if command.custom_amount is not None else None
    behavior = given or price.tax_behavior
    return "EXCLUSIVE" if behavior == "UNSPECIFIED" else behavior


def _product(book: Book, plan: PlanFact) -> ProductFact:
    """The plan's product. A plan without one is its own: same names, and an id that is always the same."""
    for product in book.unit.find(ProductFact, product_id=plan.product_id):
        return product
    uid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"tollhouse:{book.tenant.slug}:plan:{plan.identifier}"))
    return ProductFact(book.tenant_id, 0, uid, plan.identifier, plan.name)


def _order_id(now: int) -> str:
    instant = datetime.fromtimestamp(now // SECOND, UTC)
    return f"ORD-{instant:%Y%m%d%H%M%S}-" + "".join(secrets.choice(_ORDER_CHARACTERS) for _ in range(5))


def _day(instant: int) -> date:
    return datetime.fromtimestamp(instant // SECOND, UTC).date()


# Settling.


def settle(book: Book, command: SettlePurchase) -> PaymentFact:
    """The payment as it stands after this answer. One that was settled before stays as it is; the call is noted."""
    (payment,) = book.unit.find(PaymentFact, lock=True, payment_id=command.payment_id)
    if payment.state == PENDING:
        payment = _answered(book, payment, command)
        book.unit.upsert([payment])
    book.unit.upsert([_attempt(book, command)])
    return payment


def _answered(book: Book, payment: PaymentFact, command: SettlePurchase) -> PaymentFact:
    answer = command.answer
    match answer.outcome:
        case "succeeded":
            return _taken(book, payment, answer.reference)
        case "declined":
            return _declined(book, payment, answer.decline_code, answer.decline_text)
        case "absent":
            return _declined(book, payment, *NOT_COMPLETED)
        case _:
            gap_seconds = look_up_gap_seconds(command.resolve_after_seconds, payment.look_ups)
            return with_values(payment, look_up_at=book.system_now + gap_seconds * SECOND)


def _taken(book: Book, payment: PaymentFact, gateway_reference: str) -> PaymentFact:
    customer = book.customer(payment.customer_number)
    if customer is None:
        raise LookupError(f"payment {payment.payment_id} names no customer")
    summary = book.summary(customer.number, payment.currency)
    try:
        summary_after = book.check_sum(summary, payment.amount_minor, payment.created_at)
    except SumTooLarge as error:
        raise TakenButNotRecorded(f"payment {payment.payment_id}") from error
    return _succeeded(book, customer, payment, summary_after, gateway_reference)


def _succeeded(
    book: Book, customer: CustomerFact, payment: PaymentFact, summary_after: ChargeSummary, gateway_reference: str
) -> PaymentFact:
    """Record the money, and hold the customer to its currency if to none yet. The payment as it is then."""
    transaction = TransactionFact(
        tenant_id=book.tenant_id,
        transaction_id=book.next_number("transaction"),
        customer_number=customer.number,
        kind="charge",
        settlement="gateway",
        origin=ORIGIN,
        currency=payment.currency,
        net_minor=payment.amount_minor,
        tax_minor=0,
        gross_minor=payment.amount_minor,
        buy_minor=0,
        effective_at=payment.created_at,
        recorded_at=book.now,
        payment_id=payment.payment_id,
        description=detail_of(payment).plan_name,
    )
    book.record(transaction, summary_after)
    if customer.currency_lock is None:
        book.lock_currency(customer, payment.currency)
    return with_values(
        payment,
        state=SUCCEEDED,
        gateway_reference=gateway_reference,
        transaction_id=transaction.transaction_id,
        look_up_at=None,
        settled_at=book.now,
    )


def _declined(book: Book, payment: PaymentFact, code: str, text: str) -> PaymentFact:
    return with_values(
        payment, state=DECLINED, decline_code=code, decline_text=text, look_up_at=None, settled_at=book.now
    )


def _attempt(book: Book, command: SettlePurchase) -> PaymentAttemptFact:
    return PaymentAttemptFact(
        tenant_id=book.tenant_id,
        payment_id=command.payment_id,
        attempt_no=command.attempt_no,
        kind=command.kind,
        outcome=command.answer.outcome,
        started_at=command.started_at,
        ended_at=command.ended_at,
    )


# Claiming what is open.


def claim(book: Book, command: ClaimUnresolved) -> tuple[PaymentFact, ...]:
    """Payments whose look-up is due. Each comes back by itself if nothing is heard of it, later every time."""
    payments = book.unit.due_payments(book.system_now, command.count)
    for payment in payments:
        payment.look_ups += 1
        gap_seconds = look_up_gap_seconds(command.resolve_after_seconds, payment.look_ups)
        payment.look_up_at = book.system_now + max(command.lease_seconds, gap_seconds) * SECOND
    if payments:
        book.unit.upsert(payments)
    return tuple(payments)


def look_up_gap_seconds(resolve_after_seconds: int, look_ups: int) -> int:
    """How long until the next look-up after so many: the setting, then twice as long each time, up to a day."""
    return min(max(resolve_after_seconds, 1) << min(look_ups, 17), DAY_SECONDS)

"""The intent of a purchase: a pending payment, committed before any gateway is called."""

from __future__ import annotations

import secrets
import string
import uuid
from datetime import UTC, datetime

import msgspec

from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.pricing import Quote
from tollhouse.ledger.book import Book
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import StartPurchase
from tollhouse.ledger.facts import PaymentFact
from tollhouse.ledger.purchase_details import PENDING, PriceChosen, PriceStep, PurchaseDetail
from tollhouse.ledger.purchasing import sessions
from tollhouse.ledger.purchasing.offers import Offer, offer, tax_behavior
from tollhouse.ledger.purchasing.prices import product_of
from tollhouse.ledger.purchasing.settling import succeeded
from tollhouse.ledger.refusals import PriceChanged

_ORDER_CHARACTERS = string.ascii_uppercase + string.digits


class PurchaseStarted(msgspec.Struct, frozen=True):
    """The payment as it stands, and the instant at which it stood so."""

    payment: PaymentFact
    now: int

    @property
    def fact_id(self) -> int:
        return self.payment.payment_id


def start(book: Book, command: StartPurchase) -> PurchaseStarted:
    """Write the intent; what costs nothing is settled at once. Checks come in the order that Kelviq's callers see."""
    session = sessions.held_for(book, command)
    offered = offer(book, command)
    if command.agreed not in (None, (offered.quote.currency, offered.quote.net_minor)):
        raise PriceChanged
    payment = _intent(book, command, offered)
    if session is not None:
        sessions.begin(book, session, payment)
    if payment.amount_minor == 0:
        summary_after = book.check_sum(book.summary(offered.customer.number, payment.currency), 0, book.now)
        payment = succeeded(book, offered.customer, payment, summary_after, gateway_reference="")
    book.add(payment)
    return PurchaseStarted(payment, book.system_now)


def replay(book: Book, _command: StartPurchase, payment_id: int) -> PurchaseStarted:
    """The payment as it stands now: written by this batch, or read."""
    (payment,) = book.find(PaymentFact, payment_id=payment_id)
    return PurchaseStarted(payment, book.system_now)


def _intent(book: Book, command: StartPurchase, offer: Offer) -> PaymentFact:
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


def _detail(book: Book, command: StartPurchase, offer: Offer) -> PurchaseDetail:
    product = product_of(book, book.tenant, offer.plan)
    return PurchaseDetail(
        customer_reference=command.customer_reference,
        plan_identifier=offer.plan.identifier,
        plan_name=offer.plan.name,
        product_uid=product.uid,
        product_identifier=product.identifier,
        product_name=product.name,
        features=offer.features,
        shows_features=command.shows_features,
        tax_behavior=tax_behavior(offer.price, command),
        price_reason=offer.price_reason,
        lines=tuple((line.label, line.quantity, decimal_text(line.amount)) for line in offer.quote.lines),
        steps=_steps(offer.quote),
        exact=decimal_text(offer.quote.exact),
        plan_version=offer.plan_version,
        grants=offer.grants,
        method=offer.method_shown,
        chosen=_chosen(offer, command),
        made_by=command.made_by,
        session_uid=command.session_uid,
    )


def _steps(quote: Quote) -> tuple[PriceStep, ...]:
    return tuple(
        PriceStep(line.label, step.label, step.quantity, decimal_text(step.unit_amount), decimal_text(step.flat_amount))
        for line in quote.lines
        for step in line.steps
    )


def _chosen(offer: Offer, command: StartPurchase) -> PriceChosen:
    return PriceChosen(
        price_uid=offer.price.uid,
        price_type=offer.price.price_type,
        countries=tuple(sorted(offer.price.countries)),
        currency_asked=command.currency,
        currency_locked=offer.customer.currency_lock,
        ip_address=command.ip_address,
        country_of_ip=command.country_of_ip,
        country_of_billing=offer.customer.country,
        custom_amount=None if command.custom_amount is None else decimal_text(command.custom_amount),
    )


def _order_id(now: int) -> str:
    instant = datetime.fromtimestamp(now // SECOND, UTC)
    return f"ORD-{instant:%Y%m%d%H%M%S}-" + "".join(secrets.choice(_ORDER_CHARACTERS) for _ in range(5))

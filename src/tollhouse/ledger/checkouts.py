"""Checkout sessions: opened here, bought on by purchases (`purchasing/sessions.py`)."""

from __future__ import annotations

import secrets
import uuid
from typing import Final

import msgspec
from msgspec.structs import replace

from tollhouse.domain.decimals import decimal_text
from tollhouse.ledger.book import Book
from tollhouse.ledger.checkout_details import CheckoutAsked, asked_of
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import OpenCheckout, RegisterCustomer, StartPurchase
from tollhouse.ledger.facts import CheckoutSessionFact, CustomerFact
from tollhouse.ledger.purchase_details import BY_CHECKOUT
from tollhouse.ledger.purchasing.offers import Priced, priced
from tollhouse.ledger.purchasing.sessions import OPEN
from tollhouse.ledger.refusals import CustomerUnknown, TenantBlocked
from tollhouse.ledger.registering import register, stranger
from tollhouse.ledger.sight import Sight

#: How references of customers start that were made because a checkout named none.
REFERENCE_PREFIX: Final = "cus_"


class CheckoutOpened(msgspec.Struct, frozen=True):
    session: CheckoutSessionFact

    @property
    def fact_id(self) -> int:
        return self.session.session_id


def open_session(book: Book, command: OpenCheckout) -> CheckoutOpened:
    if book.tenant.blocked:
        raise TenantBlocked
    asked = _asked(command)
    known = _known(book, command)
    # Nobody is registered before it is sure that there is something to buy.
    plan = priced_on(book, known or stranger(book), asked).plan
    customer = known or _registered(book)
    session = CheckoutSessionFact(
        tenant_id=book.tenant_id,
        session_id=book.next_number("checkout_session"),
        uid=str(uuid.uuid4()),
        customer_number=customer.number,
        plan_number=plan.number,
        state=OPEN,
        asked=msgspec.json.encode(asked).decode(),
        payment_id=0,
        attempts=0,
        created_at=book.now,
        modified_at=book.now,
        expires_at=book.now + command.open_seconds * SECOND,
    )
    book.put(session)
    return CheckoutOpened(session)


def replay_open(book: Book, _command: OpenCheckout, session_id: int) -> CheckoutOpened:
    (session,) = book.find(CheckoutSessionFact, session_id=session_id)
    return CheckoutOpened(session)


def priced_on(sight: Sight, customer: CustomerFact, asked: CheckoutAsked, country: str = "") -> Priced:
    """What the customer would pay on the session, were `country` the one it pays from; empty: the one that is known."""
    where = country or customer.country or asked.country
    return priced(sight, replace(customer, country=where), _purchase(customer, asked))


def purchase_on(session: CheckoutSessionFact, customer: CustomerFact, **how: object) -> StartPurchase:
    """The command that buys what the session is for; `how` are its fields besides."""
    purchase = _purchase(customer, asked_of(session))
    return msgspec.structs.replace(purchase, made_by=BY_CHECKOUT, session_uid=session.uid, **how)


def _purchase(customer: CustomerFact, asked: CheckoutAsked) -> StartPurchase:
    return StartPurchase(
        tenant_id=customer.tenant_id,
        plan_identifier=asked.plan_identifier,
        customer_reference=customer.reference or "",
        quantities=asked.quantities,
        currency=asked.currency,
        ip_address=asked.ip_address,
        country_of_ip=asked.country_of_ip,
        custom_amount=asked.exact_custom_amount,
        tax_behavior=asked.tax_behavior,
        gateways=frozenset(),
        call_seconds=0,
        resolve_after_seconds=0,
        shows_features=True,
    )


def _known(book: Book, command: OpenCheckout) -> CustomerFact | None:
    """The customer that the command names; None where it names none."""
    if command.customer_reference is None:
        return None
    customer = book.customer_by_reference(command.customer_reference)
    if customer is None:
        raise CustomerUnknown
    return customer


def _registered(book: Book) -> CustomerFact:
    reference = REFERENCE_PREFIX + secrets.token_hex(12)
    return register(book, RegisterCustomer(tenant_id=book.tenant_id, reference=reference)).customer


def _asked(command: OpenCheckout) -> CheckoutAsked:
    return CheckoutAsked(
        plan_identifier=command.plan_identifier,
        success_url=command.success_url,
        quantities=command.quantities,
        currency=command.currency,
        ip_address=command.ip_address,
        country_of_ip=command.country_of_ip,
        custom_amount=None if command.custom_amount is None else decimal_text(command.custom_amount),
        tax_behavior=command.tax_behavior,
        cancel_url=command.cancel_url,
        email=command.email,
        locks_email=command.locks_email,
        country=command.country,
        metadata=msgspec.Raw(command.metadata.encode()),
    )

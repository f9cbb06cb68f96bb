"""Whom the names mean that Beacon's callers give: found, adopted, or made."""

from __future__ import annotations

import uuid
from typing import Final

from tollhouse.domain.identity import folded_email
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import Identity
from tollhouse.ledger.facts import ROOT_NUMBER, ROOT_PATH, CustomerFact
from tollhouse.ledger.registering import telling_of_changes

ORIGIN: Final = "beacon"


def who(book: Book, identity: Identity) -> CustomerFact | None:
    """The customer whom these names mean, or None for one who is still to be made.

    A reference decides alone. An unknown reference that comes with the e-mail of a guest adopts that guest; it never
    takes over a customer with another reference, nor one that another door or provisioning made. An e-mail alone means
    the earliest customer who has it.
    """
    if identity.reference is not None:
        known = book.known_by_reference(identity.reference)
        if known is not None or identity.email is None:
            return known
        return book.known_guest(folded_email(identity.email))
    return book.known_by_email(folded_email(identity.email or ""))


def customer_with(book: Book, found: CustomerFact | None, identity: Identity) -> CustomerFact:
    """The customer whom `who` found, with what it had not had of these names; else a new one."""
    if found is None:
        return new_customer(book, identity)
    if _lacks(found, identity):
        with telling_of_changes(book, found):
            fill_in(book, found, identity)
    return found


def fill_in(book: Book, customer: CustomerFact, identity: Identity) -> None:
    """Give a customer what it has not had: the reference of an adopted guest, or a first e-mail."""
    if _lacks(customer, identity):
        reference = identity.reference if customer.reference is None else None
        email = identity.email if customer.email is None else None
        folded = folded_email(email) if email is not None else None
        book.identify(customer, reference=reference, email=email, folded=folded)


def _lacks(customer: CustomerFact, identity: Identity) -> bool:
    return (customer.reference is None and identity.reference is not None) or (
        customer.email is None and identity.email is not None
    )


def new_customer(book: Book, identity: Identity) -> CustomerFact:
    number = book.next_number("customer")
    customer = CustomerFact(
        tenant_id=book.tenant_id,
        number=number,
        uid=str(uuid.uuid4()),
        reference=identity.reference,
        email=identity.email,
        email_folded=folded_email(identity.email) if identity.email is not None else None,
        is_guest=1 if identity.reference is None else 0,
        name="",
        parent_number=ROOT_NUMBER,
        path=f"{ROOT_PATH}{number}.",
        plan_number=0,
        currency=book.tenant.currency,
        currency_lock=None,
        balance_minor=0,
        opening_balance_minor=0,
        bill_type="postpaid",
        timezone="",
        country="",
        sessions=0,
        last_seen_at=None,
        origin=ORIGIN,
        created_at=book.now,
        updated_at=book.now,
    )
    book.add_customer(customer)
    return customer

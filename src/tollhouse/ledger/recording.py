"""Recording charges that were collected elsewhere: Beacon's way.

A recorded charge is its own transaction: one row, no definition beside it, in the tenant's currency; its amount is
final and carries no tax. The customer is found or made by the rules of `who`, and session, charge and summary go
together.
"""

from __future__ import annotations

import uuid

import msgspec

from tollhouse.domain import summaries
from tollhouse.domain.identity import folded_email
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import Identity, RecordCharges
from tollhouse.ledger.facts import ROOT_NUMBER, ROOT_PATH, CustomerFact, TransactionFact

ORIGIN = "beacon"


class ChargesRecorded(msgspec.Struct, frozen=True, gc=False):
    """`first_transaction_id` is 0 where there was nothing to record."""

    first_transaction_id: int

    @property
    def fact_id(self) -> int:
        return self.first_transaction_id


def decide(book: Book, command: RecordCharges) -> ChargesRecorded:
    if not command.items:
        return ChargesRecorded(0)
    found = who(book, command.identity)
    summary = book.summary(found.number, book.tenant.currency) if found else None
    summaries_after = []
    for item in command.items:
        effective_at = book.now if item.effective_at is None else item.effective_at
        summary = book.check_sum(summary or summaries.EMPTY, item.amount_minor, effective_at)
        summaries_after.append((item.amount_minor, effective_at, summary))

    customer = _identified(book, found, command.identity) if found else _new_customer(book, command.identity)
    if command.touch_session:
        book.touch(customer)
    first = 0
    for amount_minor, effective_at, summary_after in summaries_after:
        transaction_id = book.next_number("transaction")
        first = first or transaction_id
        book.record(_transaction(book, customer, transaction_id, amount_minor, effective_at), summary_after)
    return ChargesRecorded(first)


def replay(_book: Book, _command: RecordCharges, fact_id: int) -> ChargesRecorded:
    return ChargesRecorded(fact_id)


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


def _identified(book: Book, customer: CustomerFact, identity: Identity) -> CustomerFact:
    """Fill in what the customer has not had: the reference of an adopted guest, or a first e-mail."""
    reference = identity.reference if customer.reference is None else None
    email = identity.email if customer.email is None else None
    if reference is not None or email is not None:
        folded = folded_email(email) if email is not None else None
        book.identify(customer, reference=reference, email=email, folded=folded)
    return customer


def _new_customer(book: Book, identity: Identity) -> CustomerFact:
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


def _transaction(
    book: Book, customer: CustomerFact, transaction_id: int, amount_minor: int, effective_at: int
) -> TransactionFact:
    return TransactionFact(
        tenant_id=book.tenant_id,
        transaction_id=transaction_id,
        customer_number=customer.number,
        kind="charge",
        settlement="recorded",
        origin=ORIGIN,
        currency=book.tenant.currency,
        net_minor=amount_minor,
        tax_minor=0,
        gross_minor=amount_minor,
        buy_minor=0,
        effective_at=effective_at,
        recorded_at=book.now,
    )

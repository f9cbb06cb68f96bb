"""Customers as Kelviq's callers keep them: registered under a reference, changed, and archived for good."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec.structs import replace

from tollhouse.domain.identity import folded_email
from tollhouse.ledger import customers
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import ArchiveCustomer, ChangeRegistered, RegisterCustomer
from tollhouse.ledger.events.emitting import emit
from tollhouse.ledger.events.objects import customer_object
from tollhouse.ledger.facts import ROOT_NUMBER, ROOT_PATH, CustomerFact, RetiredReferenceFact
from tollhouse.ledger.profiles import Profile, fact_from_profile, profile_of
from tollhouse.ledger.purchase_details import ORIGIN
from tollhouse.ledger.refusals import CustomerUnknown, ReferenceTaken


class Registered(msgspec.Struct, frozen=True):
    customer: CustomerFact
    profile: Profile

    @property
    def fact_id(self) -> int:
        return self.customer.number


def register(book: Book, command: RegisterCustomer) -> Registered:
    is_taken = book.customer_by_reference(command.reference) is not None
    if is_taken or book.find(RetiredReferenceFact, reference=command.reference):
        raise ReferenceTaken
    registered = _registered(command, _new_customer(book, command))
    book.add_customer(registered.customer)
    if command.metadata or command.billing_address:
        book.put(fact_from_profile(registered.customer, registered.profile))
    emit(book, "customer.created", registered.customer, lambda: customer_object(book, registered.customer))
    return registered


def replay_register(book: Book, command: RegisterCustomer, number: int) -> Registered:
    """The customer as it was made: as the command says, whatever became of it since."""
    made = book.customer(number)
    if made is None:
        raise CustomerUnknown
    was = replace(
        _new_fact(book, command, number), uid=made.uid, created_at=made.created_at, updated_at=made.created_at
    )
    return _registered(command, was)


def change(book: Book, command: ChangeRegistered) -> Registered:
    customer = book.customer_by_reference(command.reference)
    if customer is None:
        raise CustomerUnknown
    kept = profile_of(book, customer)
    before = customer_object(book, customer)
    given = command.given
    profile = replace(
        kept, **{name: dict(given.pop(name)) for name in ("metadata", "billing_address") if name in given}
    )
    if "email" in given:
        given["email_folded"] = None if given["email"] is None else folded_email(given["email"])
    given["country"] = profile.billing_address.get("country", "")
    values = {name: value for name, value in given.items() if value != getattr(customer, name)}
    if profile == kept and not values:
        return Registered(customer, kept)
    book.change_customer(customer, **values)
    book.put(fact_from_profile(customer, profile))
    _tell_changes(book, customer, before)
    return Registered(customer, profile)


@contextmanager
def telling_of_changes(book: Book, customer: CustomerFact) -> Iterator[None]:
    """Tell of what is changed of a registered customer meanwhile; others raise no events."""
    if customer.origin != ORIGIN:
        yield
        return
    before = customer_object(book, customer)
    yield
    if customer_object(book, customer) | {"modified_on": None} != before | {"modified_on": None}:
        _tell_changes(book, customer, before)


def _tell_changes(book: Book, customer: CustomerFact, before: dict[str, Any]) -> None:
    after = customer_object(book, customer)
    changed = {name: old for name, old in before.items() if after[name] != old and name != "modified_on"}
    emit(book, "customer.updated", customer, lambda: after, previous=changed)


def archive(book: Book, command: ArchiveCustomer) -> Registered:
    """Delete the customer as any other is deleted. Raises CustomerInUse where that cannot be."""
    customer = customers.delete_for_tenant(book, lambda: book.customer_by_reference(command.reference))
    book.put(RetiredReferenceFact(book.tenant_id, command.reference, customer.number))
    return Registered(customer, profile_of(book, customer))


def stranger(book: Book) -> CustomerFact:
    """Somebody of whom nothing is known, to ask what they would pay; registered nowhere."""
    return _new_fact(book, RegisterCustomer(tenant_id=book.tenant_id, reference=""), 0)


def _registered(command: RegisterCustomer, customer: CustomerFact) -> Registered:
    return Registered(customer, Profile(dict(command.metadata), dict(command.billing_address)))


def _new_customer(book: Book, command: RegisterCustomer) -> CustomerFact:
    return _new_fact(book, command, book.next_number("customer"))


def _new_fact(book: Book, command: RegisterCustomer, number: int) -> CustomerFact:
    return CustomerFact(
        tenant_id=book.tenant_id,
        number=number,
        uid=str(uuid.uuid4()),
        reference=command.reference,
        email=command.email,
        email_folded=None if command.email is None else folded_email(command.email),
        is_guest=0,
        name=command.name,
        parent_number=ROOT_NUMBER,
        path=f"{ROOT_PATH}{number}.",
        plan_number=0,
        currency=book.tenant.currency,
        currency_lock=None,
        balance_minor=0,
        opening_balance_minor=0,
        bill_type="postpaid",
        timezone="",
        country=dict(command.billing_address).get("country", ""),
        sessions=0,
        last_seen_at=None,
        origin=ORIGIN,
        created_at=book.now,
        updated_at=book.now,
    )

"""What somebody at a desk does to one customer: tags, notes, no more e-mail, delete; and to the project."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from tollhouse.ledger import customers
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import (
    ChangeProject,
    ForgetCustomer,
    TagCustomer,
    Unsubscribe,
    WriteNotes,
)
from tollhouse.ledger.facts import CustomerFact, ProjectDetailFact, TagFact
from tollhouse.ledger.refusals import CustomerUnknown
from tollhouse.ledger.tracking import definitions, tagging
from tollhouse.ledger.tracking.identifying import tracked_of

WEBSITE: Final = "website"


class Kept(msgspec.Struct, frozen=True, gc=False):
    number: int


def tag_customer(book: Book, command: TagCustomer) -> Kept:
    """Raises CustomerUnknown or TooManyDefinitions."""
    customer = _held(book, command.customer_uid)
    if command.has_tag:
        definitions.check_room(book, TagFact, [command.name])
        tagging.tag(book, customer, [command.name])
    else:
        tagging.untag(book, customer, command.name)
    book.stamp(customer)
    return Kept(customer.number)


def write_notes(book: Book, command: WriteNotes) -> Kept:
    customer = _held(book, command.customer_uid)
    book.put(replace(tracked_of(book, customer), notes=command.notes))
    book.stamp(customer)
    return Kept(customer.number)


def unsubscribe(book: Book, command: Unsubscribe) -> Kept:
    """Once is enough: the first time is the one that is kept."""
    customer = _held(book, command.customer_uid)
    kept = tracked_of(book, customer)
    if kept.unsubscribed_at is None:
        book.put(replace(kept, unsubscribed_at=book.now))
        book.stamp(customer)
    return Kept(customer.number)


def forget(book: Book, command: ForgetCustomer) -> Kept:
    """Delete the customer as any other is deleted. Raises CustomerUnknown, or CustomerInUse where that cannot be."""
    customer = customers.delete_for_tenant(book, lambda: _held(book, command.customer_uid))
    return Kept(customer.number)


def change_project(book: Book, command: ChangeProject) -> Kept:
    if command.name is not None and command.name != book.tenant.name:
        book.change_tenant(name=command.name)
    if command.website is not None:
        book.put(ProjectDetailFact(book.tenant_id, WEBSITE, command.website))
    return Kept(0)


def _held(book: Book, uid: str) -> CustomerFact:
    """The live customer with this id, locked."""
    for row in book.unit.find(CustomerFact, uid=uid, deleted_at=None):
        customer = book.customer(row.number)
        if customer is not None and customer.deleted_at is None:
            return customer
    raise CustomerUnknown

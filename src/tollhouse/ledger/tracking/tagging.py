"""Tags of customers."""

from __future__ import annotations

from collections.abc import Sequence

from tollhouse.ledger.book import Book
from tollhouse.ledger.facts import CustomerFact, CustomerTagFact, TagFact
from tollhouse.ledger.tracking import definitions


def tag(book: Book, customer: CustomerFact, names: Sequence[str]) -> None:
    """Give a customer tags; those it has it keeps."""
    for name in names:
        tag_id = definitions.tag(book, name).tag_id
        if book.kept(CustomerTagFact, customer_number=customer.number, tag_id=tag_id) is None:
            book.put(CustomerTagFact(book.tenant_id, customer.number, tag_id, book.now))


def untag(book: Book, customer: CustomerFact, name: str) -> None:
    """Take a tag away; one that the customer does not have, or that nobody has, is no matter."""
    known = book.kept(TagFact, name=name)
    if known is None:
        return
    kept = book.kept(CustomerTagFact, customer_number=customer.number, tag_id=known.tag_id)
    if kept is not None:
        book.remove(kept, "customer_number", "tag_id")

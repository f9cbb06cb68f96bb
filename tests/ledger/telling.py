"""An event by itself, which no door can bring about."""

from __future__ import annotations

from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import Command
from tollhouse.ledger.events.emitting import emit
from tollhouse.ledger.ledger import Handler


class Tell(Command, frozen=True, kw_only=True):
    """Something happened to a customer."""

    number: int
    event_type: str = "order.created"


def _tell(book: Book, command: Tell) -> int:
    customer = book.customer(command.number)
    assert customer is not None
    emit(book, command.event_type, customer, lambda: {"id": "ORD-1"})
    return command.number


TELLING = Handler(_tell)

"""The clock of a test tenant: all that the tenant does counts by it, and it stands still until it is moved on."""

from __future__ import annotations

from tollhouse.ledger.book import Book
from tollhouse.ledger.commands.schedules import MoveClock
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.refusals import ClockBackwards, ClockNotOurs


def move(book: Book, command: MoveClock) -> TenantFact:
    """What comes after it in the same batch is decided at the new time."""
    (tenant,) = book.unit.find(TenantFact, lock=True)
    if tenant.clock_at is None:
        raise ClockNotOurs
    if command.to < tenant.clock_at:
        if command.or_later:
            return tenant
        raise ClockBackwards
    book.tenant = tenant
    book.change_tenant(clock_at=command.to)
    book.now = command.to
    return book.tenant

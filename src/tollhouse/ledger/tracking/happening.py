"""Events: what customers did, and how often."""

from __future__ import annotations

from collections.abc import Sequence

from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import EventTold
from tollhouse.ledger.facts import CustomerFact, EventSummaryFact, TrackedEventFact
from tollhouse.ledger.tracking import definitions


def take_down(book: Book, customer: CustomerFact, events: Sequence[EventTold]) -> None:
    for event in events:
        event_id = definitions.event(book, event.action).event_id
        effective_at = book.now_second if event.effective_at is None else event.effective_at
        book.add(
            TrackedEventFact(
                tenant_id=book.tenant_id,
                tracked_event_id=book.next_number("tracked_event"),
                customer_number=customer.number,
                event_id=event_id,
                properties=event.properties,
                effective_at=effective_at,
                recorded_at=book.now,
            )
        )
        book.put(_summary(book, customer, event_id, effective_at))


def _summary(book: Book, customer: CustomerFact, event_id: int, effective_at: int) -> EventSummaryFact:
    kept = book.kept(EventSummaryFact, customer_number=customer.number, event_id=event_id)
    if kept is None:
        return EventSummaryFact(book.tenant_id, customer.number, event_id, 1, effective_at, effective_at)
    first_at, last_at = min(kept.first_at, effective_at), max(kept.last_at, effective_at)
    return EventSummaryFact(book.tenant_id, customer.number, event_id, kept.event_count + 1, first_at, last_at)

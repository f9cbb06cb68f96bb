"""One call's word about customers, all of it in one commit.

Everything that may refuse is asked before anything is changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tollhouse.ledger import recording
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import Told, Track
from tollhouse.ledger.facts import (
    CustomerFact,
    CustomerTagFact,
    CustomerTraitFact,
    EventSummaryFact,
    PageVisitsFact,
    TrackedCustomerFact,
)
from tollhouse.ledger.identities import customer_with, fill_in, who
from tollhouse.ledger.registering import telling_of_changes
from tollhouse.ledger.tracking import definitions, happening, identifying, tagging, visiting


class Tracked(msgspec.Struct, frozen=True, gc=False):
    """`first_customer` is the number of the first customer that was told of, 0 where nothing was said."""

    first_customer: int

    @property
    def fact_id(self) -> int:
        return self.first_customer


def decide(book: Book, command: Track) -> Tracked:
    """Raises TooManyDefinitions, or one of recording.REFUSED."""
    definitions.check(book, command)
    first = 0
    for told in command.people:
        if not told.says_something:
            continue
        found = who(book, told.identity)
        charges = recording.check(book, found, told.charges)
        customer = _identified(book, found, told, command)
        first = first or customer.number
        if told.touch_session:
            book.touch(customer)
        happening.take_down(book, customer, told.events)
        recording.record(book, customer, charges)
        tagging.tag(book, customer, told.tags)
        visiting.take_down(book, customer, told.pages)
    return Tracked(first)


def _identified(book: Book, found: CustomerFact | None, told: Told, command: Track) -> CustomerFact:
    """Whom it is told of, as the call says they are. One event tells all of it to those who are told of a customer."""
    if told.profile is None or found is None:
        customer = customer_with(book, found, told.identity)
        if told.profile is not None:
            identifying.identify(book, customer, told.identity, told.profile, command)
        return customer
    with telling_of_changes(book, found):
        fill_in(book, found, told.identity)
        identifying.identify(book, found, told.identity, told.profile, command)
    return found


def replay(_book: Book, _command: Track, fact_id: int) -> Tracked:
    return Tracked(fact_id)


def prefetch(book: Book, commands: Sequence[Track]) -> None:
    """Look up, once for the whole batch, what is kept of the customers that it tells of; they have been looked up."""
    definitions.prefetch(book, commands)
    profiles: set[tuple[int]] = set()
    traits: set[tuple[int, str]] = set()
    events: set[tuple[int, int]] = set()
    tags: set[tuple[int, int]] = set()
    pages: set[tuple[int, str]] = set()
    for told in (told for command in commands for told in command.people):
        customer = who(book, told.identity)
        if customer is None:
            continue
        number = customer.number
        if told.profile is not None:
            profiles.add((number,))
            traits.update((number, field) for field, _ in told.profile.traits)
        events.update((number, event_id) for event_id in definitions.event_ids(book, told.events))
        tags.update((number, tag_id) for tag_id in definitions.tag_ids(book, told.tags))
        pages.update((number, visiting.page_hash(page.page)) for page in told.pages)
    book.look_up(TrackedCustomerFact, ("customer_number",), profiles)
    book.look_up(CustomerTraitFact, ("customer_number", "field"), traits)
    book.look_up(EventSummaryFact, ("customer_number", "event_id"), events)
    book.look_up(CustomerTagFact, ("customer_number", "tag_id"), tags)
    book.look_up(PageVisitsFact, ("customer_number", "page_hash"), pages)

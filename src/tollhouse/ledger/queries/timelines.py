"""A customer's timeline, as a port: what happened to it at every door, the newest first. A query never changes
anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, NamedTuple, Protocol

import msgspec

from tollhouse.ledger.facts import (
    DeliveryFact,
    EventFact,
    PaymentAttemptFact,
    PaymentFact,
    RefundFact,
    TrackedEventFact,
    TransactionFact,
)

#: Entries of a page.
ENTRIES: Final = 50
#: Of one source so many rows are looked at for a page that wants only some of them.
LOOKED_AT: Final = 2_000

TRANSACTIONS, PAYMENTS, REFUNDS, EVENTS, TAGS, WEBHOOKS = SOURCES = ("t", "p", "r", "e", "g", "w")
"""Each source has an index, and so a place in the timeline, of its own."""


class Place(NamedTuple):
    """An entry's place among those of its source: entries that come later are older or have a lower number."""

    at: int
    number: int


#: For each source that has more, the place of its next entry; a source that is not there has no more.
Places = Mapping[str, Place]


class TransactionEntry(msgspec.Struct, frozen=True):
    what: ClassVar[str] = "transaction"
    transaction: TransactionFact

    @property
    def place(self) -> Place:
        return Place(self.transaction.effective_at, self.transaction.transaction_id)


class PaymentEntry(msgspec.Struct, frozen=True):
    what: ClassVar[str] = "payment"
    payment: PaymentFact
    attempts: tuple[PaymentAttemptFact, ...] = ()

    @property
    def place(self) -> Place:
        return Place(self.payment.created_at, self.payment.payment_id)


class RefundEntry(msgspec.Struct, frozen=True):
    """Money that a gateway is to give back, gave back or would not."""

    what: ClassVar[str] = "refund"
    refund: RefundFact

    @property
    def place(self) -> Place:
        return Place(self.refund.created_at, self.refund.refund_id)


class EventEntry(msgspec.Struct, frozen=True):
    """What the customer did."""

    what: ClassVar[str] = "event"
    action: str
    event: TrackedEventFact

    @property
    def place(self) -> Place:
        return Place(self.event.effective_at, self.event.tracked_event_id)


class TagEntry(msgspec.Struct, frozen=True):
    """A tag that the customer has, and since when."""

    what: ClassVar[str] = "tag"
    name: str
    tag_id: int
    since: int

    @property
    def place(self) -> Place:
        return Place(self.since, self.tag_id)


class WebhookEntry(msgspec.Struct, frozen=True):
    """An event that is told to the outside, and how that went at each endpoint, by the host of its address."""

    what: ClassVar[str] = "webhook"
    event: EventFact
    deliveries: tuple[tuple[str, DeliveryFact], ...] = ()

    @property
    def place(self) -> Place:
        return Place(self.event.created_at, self.event.customer_seq)


Entry = TransactionEntry | PaymentEntry | RefundEntry | EventEntry | TagEntry | WebhookEntry


class TimelineWanted(msgspec.Struct, frozen=True):
    """Which entries, `count` at most: of these sources, and of transactions those of these kinds, where none named are
    all.

    `places` are those of an earlier page that had more; None begins with the newest.
    """

    sources: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    places: Places | None = None
    count: int = ENTRIES


class Timeline(msgspec.Struct, frozen=True):
    """One page. `places` is empty where there are no more; a page without entries may have more all the same."""

    entries: list[Entry]
    places: Places


class TimelineQueries(Protocol):
    def timeline(self, tenant_id: int, customer_number: int, wanted: TimelineWanted) -> Timeline: ...

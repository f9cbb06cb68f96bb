"""Endpoints with something to send, and what was sent, as a port. A query never changes anything."""

from __future__ import annotations

from typing import Protocol

import msgspec

from tollhouse.ledger.facts import DeliveryAttemptFact, DeliveryFact
from tollhouse.ledger.queries.pages import Found, Page


class DueEndpoint(msgspec.Struct, frozen=True):
    """An endpoint with something to do: deliveries that are due or, when it is being removed, some to give up."""

    tenant_id: int
    endpoint_id: int
    is_removing: bool


class DeliveriesWanted(msgspec.Struct, frozen=True):
    """Which deliveries; None and empty texts are any. `customer` is the caller's own id of one."""

    endpoint_id: int | None = None
    state: str = ""
    customer: str = ""
    event_type: str = ""


class ListedDelivery(msgspec.Struct, frozen=True):
    delivery: DeliveryFact
    event_type: str


class ListedAttempt(msgspec.Struct, frozen=True):
    """One attempt to send an event, and the event as it was sent."""

    attempt: DeliveryAttemptFact
    body: str


class EventQueries(Protocol):
    """Instants are the system's."""

    def due_endpoints(self, now: int, removing_since: int) -> list[DueEndpoint]:
        """Of every tenant: enabled endpoints with deliveries that are due, and those that are being removed and have
        open ones, or began to be at this instant or before."""
        ...

    def oldest_open_at(self) -> int | None:
        """When the oldest of the events came about that an enabled endpoint of any tenant does not have yet."""
        ...

    def deliveries(self, tenant_id: int, wanted: DeliveriesWanted, page: Page) -> Found[ListedDelivery]:
        """The newest first."""
        ...

    def attempts(self, tenant_id: int, start_at: int, end_at: int | None, page: Page) -> Found[ListedAttempt]:
        """Attempts that began from one instant on and before another, the newest first."""
        ...

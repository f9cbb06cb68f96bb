"""Where events are sent and how that went, as lists for people, as a port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from tollhouse.ledger.facts import CustomerFact, DeliveryAttemptFact, DeliveryFact

ROWS: Final = 50
#: Deliveries to any endpoint that a page looks at.
LOOKED_AT: Final = 2000
#: Nobody needs to know more exactly how many there are.
COUNTED_MAX: Final = 1000
#: Of a delivery the last attempts that are told.
ATTEMPTS_MAX: Final = 200

#: What deliveries can be asked for by: what is still to come, what came, and what was given up.
OPEN: Final = "open"
DELIVERED: Final = "delivered"
FAILED: Final = "failed"
STATES: Final = (OPEN, DELIVERED, FAILED)


class Standing(msgspec.Struct, frozen=True):
    """How an endpoint stands: deliveries to come and given up, each COUNTED_MAX + 1 where there are more. Where some of
    those to come have failed: since when the oldest of these waits."""

    open_count: int
    failed_count: int
    failing_since: int | None


class DeliveryRow(msgspec.Struct, frozen=True):
    delivery: DeliveryFact
    event_type: str
    customer: CustomerFact | None


class DeliveriesFound(msgspec.Struct, frozen=True):
    """`next` is where the next page begins, empty at the end. `is_looked_at`: as far as was looked."""

    rows: list[DeliveryRow]
    next: tuple[int, ...] = ()
    is_looked_at: bool = False


class DeliveryLists(Protocol):
    def standings(self, tenant_id: int, endpoint_ids: Sequence[int]) -> dict[int, Standing]: ...

    def deliveries(self, tenant_id: int, endpoint_id: int, state: str, before: tuple[int, ...] = ()) -> DeliveriesFound:
        """Up to ROWS deliveries to an endpoint, the newest first; those that are to come or were given up are in the
        order in which they are sent, by customer. `before` is a page's `next`."""
        ...

    def attempts(self, endpoint_uid: str, delivery: DeliveryFact) -> list[DeliveryAttemptFact]:
        """The last ATTEMPTS_MAX attempts at one delivery, in their order."""
        ...

"""Which events told of a transaction, and how far they have come.

An event names an order or a refund in its body and nowhere else. Those of a customer are kept in the order in which
they were committed, so the place of a moment among them is found by halving, and a few from there on are read.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tollhouse.ledger.clock import MINUTE
from tollhouse.ledger.facts import (
    DeliveryFact,
    EventFact,
    PaymentAttemptFact,
    PaymentFact,
    RefundAttemptFact,
    RefundFact,
    TransactionFact,
    WebhookEndpointFact,
)
from tollhouse.ledger.sight import Snapshot

#: What is told of a payment because something of it was given back.
_OF_REFUNDS: Final = frozenset({"order.refunded", "refund.created", "refund.updated"})

#: Events of a customer that are read from the moment on.
READ_MAX: Final = 200
#: How far the clocks of two processes may be apart, and how long a commit may take.
SLACK: Final = 2 * MINUTE


class Sent(msgspec.Struct, frozen=True):
    endpoint: WebhookEndpointFact
    delivery: DeliveryFact


class Told(msgspec.Struct, frozen=True):
    event: EventFact
    sent: list[Sent]


def told_of(
    snapshot: Snapshot, transaction: TransactionFact, payment: PaymentFact | None, refund: RefundFact | None
) -> list[Told]:
    """Events tell of what was bought, and of what a gateway gave back of it; nothing else leaves one."""
    if payment is None:
        return []
    names = (refund.uid,) if refund is not None else (payment.order_id, payment.uid)
    least = _first_since(snapshot, transaction.customer_number, _moment(snapshot, transaction, payment, refund) - SLACK)
    events = snapshot.reader.page(
        EventFact, "customer_seq", least, READ_MAX, customer_number=transaction.customer_number
    )
    told = [event for event in events if any(f'"{name}"' in event.body for name in names)]
    if refund is None:
        told = [event for event in told if event.event_type not in _OF_REFUNDS]
    return _with_deliveries(snapshot, transaction.customer_number, told)


def _moment(snapshot: Snapshot, transaction: TransactionFact, payment: PaymentFact, refund: RefundFact | None) -> int:
    """When it happened by the system's clock, which events go by: a gateway's calls do so too."""
    attempts: list[PaymentAttemptFact] | list[RefundAttemptFact]
    if refund is not None:
        attempts = snapshot.find(RefundAttemptFact, refund_id=refund.refund_id)
    else:
        attempts = snapshot.find(PaymentAttemptFact, payment_id=payment.payment_id)
    if attempts:
        return min(attempt.started_at for attempt in attempts)
    return transaction.recorded_at if snapshot.tenant.clock_at is None else 0


def _first_since(snapshot: Snapshot, customer_number: int, moment: int) -> int:
    """From which of a customer's events on all were written since a moment."""
    reader = snapshot.reader
    newest = reader.first(EventFact, 1, order=("-customer_seq",), customer_number=customer_number)
    if not newest or newest[0].created_at < moment:
        return newest[0].customer_seq + 1 if newest else 1
    low, high = 1, newest[0].customer_seq
    while low < high:
        middle = (low + high) // 2
        found = reader.page(EventFact, "customer_seq", middle, 1, customer_number=customer_number)
        if found[0].created_at < moment:
            low = found[0].customer_seq + 1
        else:
            high = middle
    return low


def _with_deliveries(snapshot: Snapshot, customer_number: int, events: list[EventFact]) -> list[Told]:
    if not events:
        return []
    endpoints = {endpoint.endpoint_id: endpoint for endpoint in snapshot.find(WebhookEndpointFact)}
    deliveries = snapshot.find(
        DeliveryFact,
        endpoint_id=sorted(endpoints),
        customer_number=customer_number,
        customer_seq=[event.customer_seq for event in events],
    )
    sent = [Sent(endpoints[delivery.endpoint_id], delivery) for delivery in deliveries]
    return [
        Told(event, [each for each in sent if each.delivery.customer_seq == event.customer_seq]) for event in events
    ]

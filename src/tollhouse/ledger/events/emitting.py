"""Writing an event, and a delivery for every endpoint that wants it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from tollhouse.ledger.book import Book
from tollhouse.ledger.events.objects import instant_text
from tollhouse.ledger.facts import CustomerFact, DeliveryFact, EventFact, WebhookEndpointFact
from tollhouse.ledger.lanes import PENDING, WAITING

#: Every type of event that is told, as webhook endpoints subscribe to them.
EVENT_TYPES = (
    "checkout.completed",
    "customer.created",
    "customer.updated",
    "invoice.created",
    "invoice.paid",
    "order.created",
    "order.refunded",
    "order.updated",
    "payment_method.created",
    "payment_method.deleted",
    "payment_method.updated",
    "refund.created",
    "refund.updated",
    "subscription.cancelled",
    "subscription.created",
)
EVERYTHING = "*"


def emit(
    book: Book,
    event_type: str,
    customer: CustomerFact,
    told: Callable[[], dict[str, Any]],
    previous: dict[str, Any] | None = None,
) -> None:
    """Tell of something that happened to a customer, which is locked. What nobody wants is not even put together.

    `told` gives the object as `objects` has it; `previous` holds the old values of what an update changed.
    """
    endpoints = _endpoints(book, event_type)
    if not endpoints:
        return
    uid = str(uuid.uuid4())
    data = {"object": told()}
    if previous is not None:
        data["previous_attributes"] = previous
    body = {"id": uid, "type": event_type, "created_at": instant_text(book.now), "data": data}
    event = EventFact(
        tenant_id=book.tenant_id,
        customer_number=customer.number,
        customer_seq=book.next_event_seq(customer.number),
        uid=uid,
        event_type=event_type,
        body=msgspec.json.encode(body).decode(),
        created_at=book.system_now,
    )
    book.add(event)
    for endpoint in endpoints:
        book.lanes.put(new_delivery(book, event, endpoint))


def _endpoints(book: Book, event_type: str) -> list[WebhookEndpointFact]:
    return [endpoint for endpoint in book.find(WebhookEndpointFact, state="enabled") if wants(endpoint, event_type)]


def wants(endpoint: WebhookEndpointFact, event_type: str) -> bool:
    events = msgspec.json.decode(endpoint.events, type=list[str])
    return event_type in events or EVERYTHING in events


def new_delivery(book: Book, event: EventFact, endpoint: WebhookEndpointFact) -> DeliveryFact:
    """Due at once, unless another event of the customer is still on its way to the endpoint."""
    is_first = not book.lanes.is_busy(endpoint.endpoint_id, event.customer_number)
    return DeliveryFact(
        tenant_id=event.tenant_id,
        endpoint_id=endpoint.endpoint_id,
        customer_number=event.customer_number,
        customer_seq=event.customer_seq,
        event_uid=event.uid,
        state=PENDING if is_first else WAITING,
        attempts=0,
        due_at=book.system_now if is_first else None,
        created_at=book.system_now,
        modified_at=book.system_now,
    )

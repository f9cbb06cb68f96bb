"""Deliveries on their way: claimed, settled, given up, sent again.

Of one customer's events one at a time is under way to an endpoint, in their order. Whatever ends a delivery lets the
next one take its turn in the same commit, and holds the customer meanwhile, as everybody does who emits.
"""

from __future__ import annotations

import uuid

import msgspec
from msgspec.structs import replace as with_values

from tollhouse.domain.identity import is_storable
from tollhouse.ledger.book import Book
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands.webhooks import (
    ClaimDeliveries,
    ClearEndpoint,
    ReplayEvent,
    ReplayFailed,
    SettleDelivery,
)
from tollhouse.ledger.events.emitting import new_delivery, wants
from tollhouse.ledger.events.endpoints import ENABLED, REMOVED, REMOVING, live_endpoint
from tollhouse.ledger.facts import DeliveryAttemptFact, DeliveryFact, EventFact, WebhookEndpointFact
from tollhouse.ledger.lanes import OPEN, PENDING, WAITING
from tollhouse.ledger.refusals import EventUnknown

DELIVERED = "delivered"
FAILED = "failed"
STATES = (WAITING, PENDING, DELIVERED, FAILED)

GIVEN_UP = "endpoint_removed"
#: For so long after an endpoint began to be removed, a unit of work that still saw it may add deliveries.
REMOVAL_SECONDS = 60


class Claimed(msgspec.Struct, frozen=True):
    """A delivery to make, with all that it takes."""

    delivery: DeliveryFact
    event: EventFact
    endpoint: WebhookEndpointFact
    is_private_allowed: bool


class Replayed(msgspec.Struct, frozen=True):
    count: int


def claim(book: Book, command: ClaimDeliveries) -> tuple[Claimed, ...]:
    """Deliveries that are due. Each is due again by itself if nothing is heard of it."""
    endpoints = book.find(WebhookEndpointFact, endpoint_id=command.endpoint_id, state=ENABLED)
    if not endpoints:
        return ()
    due = book.unit.due_deliveries(command.endpoint_id, book.system_now, command.count)
    events = {e.uid: e for e in book.unit.find(EventFact, uid=[d.event_uid for d in due])} if due else {}
    until_at = book.system_now + command.lease_seconds * SECOND
    claimed = []
    for delivery in map(book.lanes.newest, due):
        if delivery.state == PENDING and delivery.due_at is not None and delivery.due_at <= book.system_now:
            taken = with_values(delivery, due_at=until_at, claimed_until_at=until_at)
            book.lanes.put(taken)
            allowed = bool(book.tenant.private_webhooks)
            claimed.append(Claimed(taken, events[taken.event_uid], endpoints[0], allowed))
    return tuple(claimed)


def settle(book: Book, command: SettleDelivery) -> DeliveryFact | None:
    """The delivery as it is then. An attempt that somebody else has overtaken is only noted, unless it went well."""
    book.add(_attempt(book, command))
    book.customer(command.customer_number)
    delivery = book.lanes.delivery(command.endpoint_id, command.customer_number, command.customer_seq)
    if delivery is None or delivery.state != PENDING:
        return delivery
    if not command.is_success and delivery.claimed_until_at != command.claimed_until_at:
        return delivery
    delivery = _after_attempt(book, delivery, command)
    book.lanes.put(delivery)
    if delivery.state not in OPEN:
        _let_next_go(book, delivery)
    return delivery


def _after_attempt(book: Book, delivery: DeliveryFact, command: SettleDelivery) -> DeliveryFact:
    tried = with_values(
        delivery,
        attempts=delivery.attempts + 1,
        due_at=None,
        claimed_until_at=None,
        modified_at=book.system_now,
        failure=command.failure,
    )
    if command.is_success:
        return with_values(tried, state=DELIVERED)
    if tried.attempts > len(command.retry_seconds):
        return with_values(tried, state=FAILED)
    return with_values(tried, due_at=book.system_now + command.retry_seconds[tried.attempts - 1] * SECOND)


def _let_next_go(book: Book, ended: DeliveryFact) -> None:
    following = book.lanes.next_waiting(ended.endpoint_id, ended.customer_number)
    if following is not None:
        book.lanes.put(with_values(following, state=PENDING, due_at=book.system_now, modified_at=book.system_now))


def _attempt(book: Book, command: SettleDelivery) -> DeliveryAttemptFact:
    return DeliveryAttemptFact(
        tenant_id=book.tenant_id,
        uid=str(uuid.uuid4()),
        endpoint_uid=command.endpoint_uid,
        event_uid=command.event_uid,
        event_type=command.event_type,
        attempt_no=command.attempt_no,
        status_code=command.status_code,
        is_success=int(command.is_success),
        failure=command.failure,
        started_at=command.started_at,
        ended_at=command.ended_at,
        event_created_at=command.event_created_at,
        customer_number=command.customer_number,
        customer_seq=command.customer_seq,
    )


# Removing an endpoint.


def clear(book: Book, command: ClearEndpoint) -> int:
    """How many were given up. The endpoint is removed once there was nothing for a while."""
    endpoints = book.find(WebhookEndpointFact, lock=True, endpoint_id=command.endpoint_id, state=REMOVING)
    if not endpoints:
        return 0
    found = book.unit.open_deliveries(command.endpoint_id, command.count)
    book.know_customers({delivery.customer_number for delivery in found})
    for delivery in found:
        newest = book.lanes.delivery(delivery.endpoint_id, delivery.customer_number, delivery.customer_seq)
        if newest is not None and newest.state in OPEN:
            book.lanes.put(
                with_values(
                    newest,
                    state=FAILED,
                    due_at=None,
                    claimed_until_at=None,
                    modified_at=book.system_now,
                    failure=GIVEN_UP,
                )
            )
    if not found and book.system_now - REMOVAL_SECONDS * SECOND >= endpoints[0].modified_at:
        book.put(with_values(endpoints[0], state=REMOVED, modified_at=book.system_now))
    return len(found)


# Sending again.


def replay_event(book: Book, command: ReplayEvent) -> Replayed:
    events = book.unit.find(EventFact, uid=command.event_uid) if is_storable(command.event_uid) else []
    if not events:
        raise EventUnknown
    event = events[0]
    if command.endpoint_uid is not None:
        endpoints = [live_endpoint(book, command.endpoint_uid)]
    else:
        enabled = book.find(WebhookEndpointFact, state=ENABLED)
        endpoints = [endpoint for endpoint in enabled if wants(endpoint, event.event_type)]
    book.customer(event.customer_number)
    return Replayed(sum(_send_again(book, event, endpoint) for endpoint in endpoints))


def _send_again(book: Book, event: EventFact, endpoint: WebhookEndpointFact) -> bool:
    delivery = book.lanes.delivery(endpoint.endpoint_id, event.customer_number, event.customer_seq)
    if delivery is None:
        book.lanes.put(new_delivery(book, event, endpoint))
        return True
    return _again(book, delivery)


def replay_failed(book: Book, command: ReplayFailed) -> Replayed:
    endpoint = live_endpoint(book, command.endpoint_uid)
    found = book.unit.failed_deliveries(endpoint.endpoint_id, command.count)
    book.know_customers({delivery.customer_number for delivery in found})
    count = 0
    for delivery in found:
        newest = book.lanes.delivery(delivery.endpoint_id, delivery.customer_number, delivery.customer_seq)
        count += newest is not None and newest.state == FAILED and _again(book, newest)
    return Replayed(count)


def _again(book: Book, delivery: DeliveryFact) -> bool:
    """Let a delivery go from the start, in its turn. One that is under way or waits for its turn is left as it is."""
    if delivery.state == WAITING or _is_under_way(book, delivery):
        return False
    is_free = delivery.state == PENDING or not book.lanes.is_busy(delivery.endpoint_id, delivery.customer_number)
    book.lanes.put(
        with_values(
            delivery,
            state=PENDING if is_free else WAITING,
            attempts=0,
            due_at=book.system_now if is_free else None,
            claimed_until_at=None,
            modified_at=book.system_now,
            failure="",
        )
    )
    return True


def _is_under_way(book: Book, delivery: DeliveryFact) -> bool:
    return delivery.claimed_until_at is not None and delivery.claimed_until_at > book.system_now

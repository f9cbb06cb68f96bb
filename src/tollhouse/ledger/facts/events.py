"""What is told to the outside, and how that went."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts.fact import ChangingFact, Fact


class WebhookEndpointFact(ChangingFact):
    """Where events are sent. `events` is a JSON list of types, or of `*` alone for all.

    What is sent is signed with `secret` until `next_secret_at`, then with `next_secret`; both are null where no other
    secret is to come. `state` is enabled, disabled, removing (its open deliveries are being given up) or removed.
    """

    tenant_id: int
    endpoint_id: int
    uid: str
    url: str
    secret: str
    next_secret: str | None
    next_secret_at: int | None
    events: str
    description: str
    state: str
    created_at: int
    modified_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.endpoint_id,)


class EventFact(Fact):
    """Something that happened to a customer, as it is told: `body` is the JSON text that is sent, to the byte.

    `customer_seq` counts a customer's events from 1, in the order in which they were committed.
    """

    tenant_id: int
    customer_number: int
    customer_seq: int
    uid: str
    event_type: str
    body: str
    created_at: int


class DeliveryFact(ChangingFact):
    """One event on its way to one endpoint.

    `state` is waiting (an earlier event of the customer is not yet through), pending (due at `due_at`), delivered or
    failed (given up). `failure` is why the last attempt failed. `attempts` counts those made since it was last asked
    for. While one is under way, `claimed_until_at` is when it counts as lost; it is due again then.
    """

    tenant_id: int
    endpoint_id: int
    customer_number: int
    customer_seq: int
    event_uid: str
    state: str
    attempts: int
    due_at: int | None
    created_at: int
    modified_at: int
    claimed_until_at: int | None = None
    failure: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.endpoint_id, self.customer_number, self.customer_seq)


class DeliveryAttemptFact(Fact):
    """One attempt to send an event. `status_code` is None where no answer came; `failure` says in a word why not."""

    tenant_id: int
    uid: str
    endpoint_uid: str
    event_uid: str
    event_type: str
    attempt_no: int
    status_code: int | None
    is_success: int
    failure: str
    started_at: int
    ended_at: int
    event_created_at: int
    customer_number: int
    customer_seq: int

"""Where events are sent, and how sending them goes."""

from __future__ import annotations

from typing import ClassVar

from tollhouse.ledger.commands.command import Command


class PutEndpoint(Command, frozen=True, kw_only=True):
    """Have an endpoint at a URL: a new one with this secret, else the one that is there, whose secret stays.

    `events` and `description` of None are those that are there: of a new one all events, and none.
    """

    url: str
    secret: str
    events: tuple[str, ...] | None = None
    description: str | None = None

    numbers: ClassVar[tuple[str, ...]] = ("webhook_endpoint",)


class ChangeEndpoint(Command, frozen=True, kw_only=True):
    """Change what is given of an endpoint. `state` is enabled, disabled or removing."""

    endpoint_uid: str
    url: str | None = None
    events: tuple[str, ...] | None = None
    description: str | None = None
    state: str | None = None


class RotateSecret(Command, frozen=True, kw_only=True):
    """Sign with another secret, `after_seconds` from now on."""

    endpoint_uid: str
    secret: str
    after_seconds: int


class ClaimDeliveries(Command, frozen=True, kw_only=True):
    """Take up to `count` deliveries to an endpoint that are due; nobody else gets them for `lease_seconds`."""

    endpoint_id: int
    count: int
    lease_seconds: int


class SettleDelivery(Command, frozen=True, kw_only=True):
    """Write down how one attempt at a claimed delivery went, and what comes next.

    `claimed_until_at` names the claim and `attempt_no` counts from 1. `retry_seconds` are the gaps before each further
    attempt; after the last of them the delivery is given up.
    """

    endpoint_id: int
    endpoint_uid: str
    customer_number: int
    customer_seq: int
    event_uid: str
    event_type: str
    event_created_at: int
    claimed_until_at: int
    attempt_no: int
    status_code: int | None
    is_success: bool
    failure: str
    started_at: int
    ended_at: int
    retry_seconds: tuple[int, ...]


class ClearEndpoint(Command, frozen=True, kw_only=True):
    """Give up to `count` open deliveries to an endpoint that is being removed for lost; without any it is removed."""

    endpoint_id: int
    count: int

    @property
    def weight(self) -> int:
        return self.count


class ReplayEvent(Command, frozen=True, kw_only=True):
    """Send an event again, whatever became of it: to one endpoint, or to all that are enabled and want its type."""

    event_uid: str
    endpoint_uid: str | None = None


class ReplayFailed(Command, frozen=True, kw_only=True):
    """Send again what was given up of an endpoint, up to `count`."""

    endpoint_uid: str
    count: int = 1000

    @property
    def weight(self) -> int:
        return self.count

"""Webhook endpoints and events."""

from __future__ import annotations

from tollhouse.ledger.refusals.refusal import Refusal


class EndpointUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Webhook endpoint does not exist.")


class EndpointRefused(Refusal):
    """A field of a webhook endpoint that cannot be as it was given."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field


class EndpointsTooMany(Refusal):
    def __init__(self, count_max: int) -> None:
        super().__init__(f"There are {count_max} webhook endpoints already; remove one first.")


class EventUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Event does not exist.")

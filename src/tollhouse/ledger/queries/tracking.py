"""What may be read of what Beacon's callers told. A query never changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec

from tollhouse.ledger.facts import (
    CustomerTraitFact,
    EventDefinitionFact,
    EventSummaryFact,
    PageVisitsFact,
    TagFact,
    TrackedCustomerFact,
    TrackedEventFact,
    TraitFact,
)
from tollhouse.ledger.queries import Found, Page

D = TypeVar("D", TraitFact, EventDefinitionFact, TagFact)


class Besides(msgspec.Struct, frozen=True):
    """What is kept of a customer besides, as a list shows it."""

    tracked: TrackedCustomerFact | None = None
    traits: tuple[tuple[TraitFact, CustomerTraitFact], ...] = ()


class Activity(msgspec.Struct, frozen=True):
    """What a customer has and did, as a single read shows it: the latest events and pages, so many of each."""

    tags: list[TagFact]
    events: list[tuple[EventDefinitionFact, EventSummaryFact]]
    pages: list[PageVisitsFact]


class TrackingQueries(Protocol):
    def besides(self, tenant_id: int, customer_numbers: Sequence[int]) -> dict[int, Besides]:
        """By customer; traits by their fields. One of whom nothing is kept has no entry."""
        ...

    def activity(self, tenant_id: int, customer_number: int, most: int) -> Activity: ...

    def events(
        self, tenant_id: int, uid: str, page: Page
    ) -> Found[tuple[EventDefinitionFact, TrackedEventFact]] | None:
        """What a live customer did, latest first; None where there is no such customer."""
        ...

    def pages(self, tenant_id: int, uid: str, page: Page) -> Found[PageVisitsFact] | None:
        """The pages that a live customer saw, the latest first; None where there is no such customer."""
        ...

    def definitions(self, tenant_id: int, kind: type[D], search: str, page: Page, trait_kind: str) -> Found[D]:
        """Definitions by their names; with a search those whose name has it, without regard to case; of traits those of
        the kind, if one is wanted."""
        ...

    def definition(self, tenant_id: int, kind: type[D], number: int) -> D | None: ...

    def website(self, tenant_id: int) -> str: ...

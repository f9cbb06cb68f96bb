"""Checking what Beacon's callers told: events are counted as they are, and all that is named is defined."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from tollhouse.ledger.facts import (
    CustomerTagFact,
    CustomerTraitFact,
    EventDefinitionFact,
    EventSummaryFact,
    Fact,
    TagFact,
    TrackedEventFact,
    TraitFact,
)
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.verifying.findings import Findings, Groups

#: What a customer has by a definition: its column and order, the definition's, and what it is called.
_DEFINED: Final[tuple[tuple[type[Fact], str, type[Fact], str, str], ...]] = (
    (EventSummaryFact, "event_id", EventDefinitionFact, "action", "event"),
    (CustomerTagFact, "tag_id", TagFact, "name", "tag"),
    (CustomerTraitFact, "field", TraitFact, "field", "trait"),
)


def check_tracking(reader: Reader, findings: Findings) -> None:
    _check_events(reader, findings)
    for kind, column, definition, name, called in _DEFINED:
        known = {getattr(row, column) for row in reader.stream(definition, order=(name,))}
        for row in reader.stream(kind, order=("customer_number", column)):
            subject = f"{called} {getattr(row, column)}"
            findings.require("definition", subject, getattr(row, column) in known, "a customer has it, and it is none")


def _check_events(reader: Reader, findings: Findings) -> None:
    """How often each customer did what, and when first and last."""
    events = reader.stream(TrackedEventFact, order=("customer_number", "effective_at", "tracked_event_id"))
    stored = Groups(
        reader.stream(EventSummaryFact, order=("customer_number", "event_id")), lambda summary: summary.customer_number
    )
    for number, theirs in groupby(events, key=lambda event: event.customer_number):
        again: dict[int, tuple[int, int, int]] = {}
        for event in theirs:
            count, first_at, _ = again.get(event.event_id, (0, event.effective_at, 0))
            again[event.event_id] = (count + 1, first_at, event.effective_at)
        kept = {row.event_id: (row.event_count, row.first_at, row.last_at) for row in stored.take(number)}
        differing = [event_id for event_id in kept.keys() | again.keys() if kept.get(event_id) != again.get(event_id)]
        findings.expect(
            "event summaries",
            f"customer {number}",
            stored={event_id: kept.get(event_id) for event_id in sorted(differing)},
            computed={event_id: again.get(event_id) for event_id in sorted(differing)},
        )
    findings.expect("event summaries", "all customers", stored=stored.strays(), computed=[])

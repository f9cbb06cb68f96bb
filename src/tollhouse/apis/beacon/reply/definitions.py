"""What the project knows by name: traits, events and tags."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.reply.envelope import seconds
from tollhouse.ledger.facts import EventDefinitionFact, TagFact, TraitFact


def trait_to_wire(trait: TraitFact) -> dict[str, Any]:
    return {
        "id": str(trait.trait_id),
        "field": trait.field,
        "name": shown_name(trait.field),
        "type": trait.kind,
        "format": trait.format,
        "description": None,
        "editable": True,
        "sort": None,
        "visibility": "visible",
        **_times(trait.created_at),
    }


def event_to_wire(event: EventDefinitionFact) -> dict[str, Any]:
    return {"id": str(event.event_id), "action": event.action, "name": event.action, **_times(event.created_at)}


def tag_to_wire(tag: TagFact) -> dict[str, Any]:
    return {"id": str(tag.tag_id), "name": tag.name, **_times(tag.created_at)}


def shown_name(field: str) -> str:
    """A trait's field as people read it: `renews_at` as Renews at."""
    words = field.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def _times(created_at: int) -> dict[str, int | None]:
    return {"created_at": seconds(created_at), "updated_at": seconds(created_at), "deleted_at": None}

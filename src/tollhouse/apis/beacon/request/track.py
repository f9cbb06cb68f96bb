"""Everything about one customer in one call."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.request import values
from tollhouse.apis.beacon.request.body import Errors
from tollhouse.apis.beacon.request.charges import charges_of_one, check_currency
from tollhouse.apis.beacon.request.customers import profile_from_wire
from tollhouse.apis.beacon.request.events import events_from_wire
from tollhouse.apis.beacon.request.tags import tags_from_wire
from tollhouse.ledger.commands import Told

LISTS = ("events", "charges", "tags")


def track_from_wire(body: dict[str, Any], reading: values.Reading, errors: Errors) -> Told:
    """What POST /track says: the fields of identify, and lists as in the bulk calls, none of them needed."""
    given = values.OfOne(body, errors)
    check_currency(body, "", reading.currency, errors)
    present: dict[str, Any] = {name: [] if body.get(name) is None else body[name] for name in LISTS}
    if sum(len(items) for items in present.values() if isinstance(items, list)) > reading.items_max:
        errors["events"] = [f"must have at most {reading.items_max} items together with charges and tags"]
    return Told(
        identity=given.identity,
        profile=profile_from_wire(body, "", reading, errors),
        events=events_from_wire(present, given, reading, errors),
        charges=charges_of_one(present, given, reading, errors),
        tags=tags_from_wire(present, given, reading, errors),
        touch_session=given.touch,
    )

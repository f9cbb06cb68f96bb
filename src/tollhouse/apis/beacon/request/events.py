"""What customers did."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tollhouse.apis.beacon.request import values
from tollhouse.apis.beacon.request.body import Errors
from tollhouse.ledger.commands import EventTold, Told

ACTION_LENGTH_MAX: Final = 255
PROPERTIES_BYTES_MAX: Final = 32_768

_JSON = msgspec.json.Encoder(decimal_format="number")


def event_of_one(body: dict[str, Any], reading: values.Reading, errors: Errors) -> Told:
    identity = values.identity(body, "", errors)
    event = event_from_wire(body, "", reading, errors)
    return Told(identity=identity, events=(event,), touch_session=values.touch(body, "", errors))


def events_of_one(body: dict[str, Any], reading: values.Reading, errors: Errors) -> Told:
    given = values.OfOne(body, errors)
    events = events_from_wire(body, given, reading, errors)
    return Told(identity=given.identity, events=events, touch_session=given.touch)


def events_from_wire(
    body: dict[str, Any], given: values.OfOne, reading: values.Reading, errors: Errors
) -> tuple[EventTold, ...]:
    def event(value: Any, where: str) -> EventTold | None:
        entry = given.item(value, where)
        return None if entry is None else event_from_wire(entry, where + ".", reading, errors)

    return tuple(values.items(body, "events", reading.items_max, errors, event) or ())


def event_from_wire(entry: dict[str, Any], prefix: str, reading: values.Reading, errors: Errors) -> EventTold:
    return EventTold(
        action=values.required_text(entry, "action", prefix, ACTION_LENGTH_MAX, errors),
        properties=_properties(entry.get("properties"), prefix + "properties", errors),
        effective_at=values.time(entry, "created_at", prefix, reading.now, errors),
    )


def _properties(value: Any, where: str, errors: Errors) -> str:
    """The JSON text of an object; `{}` for an absent one."""
    if value is None:
        return "{}"
    if not isinstance(value, dict):
        errors[where] = ["must be an object"]
        return "{}"
    try:
        text = _JSON.encode(value)
    except (UnicodeEncodeError, RecursionError):
        errors[where] = ["has a character that cannot be stored, or is nested too deeply"]
        return "{}"
    if len(text) > PROPERTIES_BYTES_MAX:
        errors[where] = [f"must have at most {PROPERTIES_BYTES_MAX} bytes of JSON"]
    return text.decode()

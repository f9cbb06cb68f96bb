"""Tags of customers: a name, or an object with one."""

from __future__ import annotations

from typing import Any, Final

from tollhouse.apis.beacon.request import values
from tollhouse.apis.beacon.request.body import Errors
from tollhouse.ledger.commands import Told

TAG_LENGTH_MAX: Final = 100


def tag_of_one(body: dict[str, Any], errors: Errors) -> Told:
    identity = values.identity(body, "", errors)
    tag = tag_from_wire(body, "", errors)
    return Told(identity=identity, tags=(tag,), touch_session=values.touch(body, "", errors))


def tags_of_one(body: dict[str, Any], reading: values.Reading, errors: Errors) -> Told:
    given = values.OfOne(body, errors)
    tags = tags_from_wire(body, given, reading, errors)
    return Told(identity=given.identity, tags=tags, touch_session=given.touch)


def tags_from_wire(
    body: dict[str, Any], given: values.OfOne, reading: values.Reading, errors: Errors
) -> tuple[str, ...]:
    def tag(value: Any, where: str) -> str | None:
        if isinstance(value, str):
            given.item({}, where)  # Like an object without more, it does not say that the session stays.
            return values.required_text({where: value}, where, "", TAG_LENGTH_MAX, errors)
        entry = given.item(value, where)
        return None if entry is None else tag_from_wire(entry, where + ".", errors)

    return tuple(values.items(body, "tags", reading.items_max, errors, tag) or ())


def tag_from_wire(entry: dict[str, Any], prefix: str, errors: Errors) -> str:
    return values.required_text(entry, "name", prefix, TAG_LENGTH_MAX, errors)

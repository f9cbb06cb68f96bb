"""Objects of which only their bounds are ours: what the merchant puts in is kept and shown as it was sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from tollhouse.apis.kelviq.fields import Fields
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.plan_documents import json_text

OBJECT_LENGTH_MAX: Final = 16_000
DEPTH_MAX: Final = 8
#: No number may be larger or smaller than a JSON reader of any language takes.
EXPONENT_MAX: Final = 300


def free_object(given: Fields, name: str) -> dict[str, Any] | None:
    """A field that is any JSON object within bounds."""
    value = given.object(name)
    fault = None if value is None else fault_of_free(value)
    if fault is not None:
        given.refuse(name, fault)
        return None
    return value


def fault_of_free(value: Any) -> str | None:
    """What is wrong with a JSON value, None if it can be kept."""
    if not _is_shallow(value, DEPTH_MAX):
        return f"Must not be nested deeper than {DEPTH_MAX}."
    if not _is_kept(value):
        return "A character or number in this field cannot be stored."
    if len(json_text(value)) > OBJECT_LENGTH_MAX:
        return f"Must have no more than {OBJECT_LENGTH_MAX} characters as JSON."
    return None


def _is_shallow(value: Any, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_is_shallow(item, depth - 1) for item in inner)


def _is_kept(value: Any) -> bool:
    if isinstance(value, str):
        return is_storable(value)
    if isinstance(value, Decimal):
        return abs(value.adjusted()) <= EXPONENT_MAX
    if isinstance(value, dict):
        return all(is_storable(name) and _is_kept(item) for name, item in value.items())
    return not isinstance(value, list) or all(_is_kept(item) for item in value)

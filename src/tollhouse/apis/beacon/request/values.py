"""Values that many calls have: who, when, whole numbers, texts, and whether the session is touched.

Each function notes what is wrong under the value's name, and gives what stands for nothing then.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from tollhouse.apis.beacon.request.body import Errors
from tollhouse.domain.identity import REFERENCE_LENGTH_MAX, folded_email, is_email, is_storable
from tollhouse.ledger.clock import MINUTE, SECOND
from tollhouse.ledger.commands import Identity

T = TypeVar("T")

FUTURE_MAX = 5 * MINUTE
SECONDS_MAX = 10**11

_DIGITS = re.compile(r"-?[0-9]{1,16}")
_BOOLEANS: dict[Any, bool] = {"true": True, "false": False}


def identity(body: dict[str, Any], prefix: str, errors: Errors) -> Identity:
    """Who is meant: a `user_id`, an `email`, or both."""
    reference = _reference(body, prefix, errors)
    email = _email(body, prefix, errors)
    if reference is None and email is None and not {prefix + "user_id", prefix + "email"} & errors.keys():
        errors[prefix + "user_id"] = ["is required when there is no email"]
    return Identity(reference, email)


def check_same_customer(entry: dict[str, Any], meant: Identity, where: str, errors: Errors) -> None:
    """Note an item that names another customer than the whole call."""
    reference = _reference(entry, where + ".", errors)
    if reference is not None and reference != meant.reference:
        errors[where + ".user_id"] = ["must be the customer of the whole call"]
    email = _email(entry, where + ".", errors)
    if email is not None and (meant.email is None or folded_email(email) != folded_email(meant.email)):
        errors[where + ".email"] = ["must be the customer of the whole call"]


def _reference(body: dict[str, Any], prefix: str, errors: Errors) -> str | None:
    value = body.get("user_id")
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        errors[prefix + "user_id"] = ["must be a string or an integer"]
    elif len(value) > REFERENCE_LENGTH_MAX:
        errors[prefix + "user_id"] = [f"must have at most {REFERENCE_LENGTH_MAX} characters"]
    elif not is_storable(value):
        errors[prefix + "user_id"] = ["has a character that cannot be stored"]
    else:
        return value
    return None


def _email(body: dict[str, Any], prefix: str, errors: Errors) -> str | None:
    value = body.get("email")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not is_email(value.strip()):
        errors[prefix + "email"] = ["must be an e-mail address of at most 254 characters"]
        return None
    return value.strip()


def text(body: dict[str, Any], name: str, prefix: str, most: int, errors: Errors) -> str | None:
    """A text of at most so many characters, blanks around it dropped; None for an absent one, null, or an empty one."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        errors[prefix + name] = ["must be a string"]
    elif len(value.strip()) > most:
        errors[prefix + name] = [f"must have at most {most} characters"]
    elif not is_storable(value):
        errors[prefix + name] = ["has a character that cannot be stored"]
    else:
        return value.strip() or None
    return None


def required_text(body: dict[str, Any], name: str, prefix: str, most: int, errors: Errors) -> str:
    """A text that is there and not blank."""
    value = text(body, name, prefix, most, errors)
    if value is None and prefix + name not in errors:
        errors[prefix + name] = ["is required"]
    return value or ""


def whole(value: Any) -> int | None:
    """An integer, a whole-valued number, or a string of digits; never a rounded one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return int(value) if value.adjusted() < 20 and value == value.to_integral_value() else None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    return None


def time(body: dict[str, Any], name: str, prefix: str, now: int, errors: Errors) -> int | None:
    """UNIX seconds as an instant; None for an absent one. A fraction of a second is dropped."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, Decimal) and value.adjusted() < 20:
        value = int(value)
    seconds = whole(value)
    if seconds is None:
        errors[prefix + name] = ["must be a time in UNIX seconds"]
    elif seconds > SECONDS_MAX:
        errors[prefix + name] = ["must be in seconds, not milliseconds"]
    elif seconds < 1:
        errors[prefix + name] = ["must be after 1970-01-01"]
    elif seconds * SECOND > now + FUTURE_MAX:
        errors[prefix + name] = ["must not be in the future"]
    else:
        return seconds * SECOND
    return None


def touch(body: dict[str, Any], prefix: str, errors: Errors) -> bool:
    """Whether the call touches the customer's session."""
    value = body.get("update_session")
    if value is None:
        return True
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    errors[prefix + "update_session"] = ["must be true or false"]
    return True


def items(
    body: dict[str, Any], name: str, most: int, errors: Errors, read: Callable[[Any, str], T | None]
) -> list[T] | None:
    """Each entry of a list as `read` has it, which gets the entry and its name; None for no list, or one that is too
    long."""
    given = body.get(name)
    if not isinstance(given, list):
        errors[name] = ["is required and must be a list"]
    elif len(given) > most:
        errors[name] = [f"must have at most {most} items"]
    else:
        found = [read(entry, f"{name}.{index}") for index, entry in enumerate(given)]
        return [item for item in found if item is not None]
    return None


class Reading(msgspec.Struct, frozen=True):
    """What a call is read by: its tenant's currency, the moment, how long lists may be, and whether a negative amount
    is a refund or refused."""

    currency: str
    now: int
    items_max: int
    negative_refunds: bool


class OfOne:
    """Items of one customer's bulk call: each an object that names nobody else, the session touched unless the call or
    every item says no."""

    def __init__(self, body: dict[str, Any], errors: Errors) -> None:
        self.errors = errors
        self.identity = identity(body, "", errors)
        self._touch = touch(body, "", errors)
        self._item_touches: list[bool] = []

    def item(self, entry: Any, where: str) -> dict[str, Any] | None:
        """The entry, if it is an object."""
        if not isinstance(entry, dict):
            self.errors[where] = ["must be an object"]
            return None
        check_same_customer(entry, self.identity, where, self.errors)
        self._item_touches.append(touch(entry, where + ".", self.errors))
        return entry

    @property
    def touch(self) -> bool:
        return self._touch and (not self._item_touches or any(self._item_touches))

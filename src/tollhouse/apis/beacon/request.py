"""From Beacon's wire to commands.

Amounts are integers of the currency's smallest unit, times UNIX seconds. Every fault of a body is found before one is
answered, and each is told with the field it is about.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tollhouse.apis.strict_json import JsonMalformed, parse
from tollhouse.domain.identity import REFERENCE_LENGTH_MAX, folded_email, is_email, is_storable
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.clock import MINUTE, SECOND
from tollhouse.ledger.commands import Idempotency, Identity, RecordCharges, RecordedItem

KEY_LENGTH_MAX = 255
FUTURE_MAX = 5 * MINUTE
SECONDS_MAX = 10**11

_DIGITS = re.compile(r"-?[0-9]{1,16}")
_BOOLEANS: dict[Any, bool] = {"true": True, "false": False}


class Malformed(ValueError):
    """The body is not one JSON object; the sentence says why."""


class Invalid(ValueError):
    """Fields that were refused: for each, sentences. `charges.3.amount` names a field of an item."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(next(f"{field} {texts[0]}" for field, texts in errors.items()))
        self.errors = errors


def body_from_wire(body: bytes) -> dict[str, Any]:
    try:
        value = parse(body)
    except JsonMalformed as error:
        raise Malformed(str(error)) from error
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


def query_from_wire(query: bytes) -> dict[str, str]:
    """The query's parameters; of one given twice the first counts."""
    if not query:
        return {}
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")
    return dict(reversed(pairs))


def charge_from_wire(
    body: dict[str, Any], *, tenant_id: int, currency: str, idempotency: Idempotency | None, now: int
) -> RecordCharges:
    """The command of POST /charges. Raises Invalid."""
    errors: dict[str, list[str]] = {}
    identity = _identity(body, errors)
    item = _item(body, "", currency, now, errors)
    touch = _touch(body, "", errors)
    if errors or item is None:
        raise Invalid(errors)
    return RecordCharges(
        tenant_id=tenant_id,
        idempotency=idempotency,
        operation="charges",
        identity=identity,
        items=(item,),
        touch_session=touch,
    )


def charges_from_wire(
    body: dict[str, Any],
    *,
    tenant_id: int,
    currency: str,
    idempotency: Idempotency | None,
    now: int,
    items_max: int,
) -> RecordCharges:
    """The command of POST /charges/bulk: one customer, all items or none. Raises Invalid."""
    errors: dict[str, list[str]] = {}
    identity = _identity(body, errors)
    touch = _touch(body, "", errors)
    _check_currency(body, "", currency, errors)
    given = body.get("charges")
    items: list[RecordedItem] = []
    if not isinstance(given, list):
        errors["charges"] = ["is required and must be a list"]
    elif len(given) > items_max:
        errors["charges"] = [f"must have at most {items_max} items"]
    else:
        item_touches = []
        for index, entry in enumerate(given):
            where = f"charges.{index}"
            if not isinstance(entry, dict):
                errors[where] = ["must be an object"]
                continue
            _check_same_customer(entry, identity, where, errors)
            item_touches.append(_touch(entry, where + ".", errors))
            item = _item(entry, where + ".", currency, now, errors)
            if item is not None:
                items.append(item)
        touch = touch and (not item_touches or any(item_touches))
    if errors:
        raise Invalid(errors)
    return RecordCharges(
        tenant_id=tenant_id,
        idempotency=idempotency,
        operation="charges/bulk",
        identity=identity,
        items=tuple(items),
        touch_session=touch,
    )


def idempotency_from_wire(header: str | None, given: Any, scope: str) -> Idempotency | None:
    """The caller's token, from the header or else the body or query. Raises Invalid for one that cannot be kept."""
    key = given if header is None else header
    if key is None:
        return None
    if not isinstance(key, str) or not 1 <= len(key) <= KEY_LENGTH_MAX or not is_storable(key):
        raise Invalid({"idempotency_key": [f"must be a text of 1 to {KEY_LENGTH_MAX} characters"]})
    return Idempotency(scope, key)


def _identity(body: dict[str, Any], errors: dict[str, list[str]]) -> Identity:
    reference = _reference(body, "", errors)
    email = _email(body, "", errors)
    if reference is None and email is None and "user_id" not in errors and "email" not in errors:
        errors["user_id"] = ["is required when there is no email"]
    return Identity(reference, email)


def _reference(body: dict[str, Any], prefix: str, errors: dict[str, list[str]]) -> str | None:
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


def _email(body: dict[str, Any], prefix: str, errors: dict[str, list[str]]) -> str | None:
    value = body.get("email")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not is_email(value.strip()):
        errors[prefix + "email"] = ["must be an e-mail address of at most 254 characters"]
        return None
    return value.strip()


def _check_same_customer(entry: dict[str, Any], identity: Identity, where: str, errors: dict[str, list[str]]) -> None:
    reference = _reference(entry, where + ".", errors)
    if reference is not None and reference != identity.reference:
        errors[where + ".user_id"] = ["must be the customer of the whole call"]
    email = _email(entry, where + ".", errors)
    if email is not None and (identity.email is None or folded_email(email) != folded_email(identity.email)):
        errors[where + ".email"] = ["must be the customer of the whole call"]


def _item(
    entry: dict[str, Any], prefix: str, currency: str, now: int, errors: dict[str, list[str]]
) -> RecordedItem | None:
    amount_minor = _amount(entry.get("amount"), prefix, errors)
    effective_at = _time(entry.get("created_at"), prefix, now, errors)
    _check_currency(entry, prefix, currency, errors)
    return None if amount_minor is None else RecordedItem(amount_minor, effective_at)


def _amount(value: Any, prefix: str, errors: dict[str, list[str]]) -> int | None:
    amount = _whole(value)
    if value is None:
        errors[prefix + "amount"] = ["is required"]
    elif amount is None:
        errors[prefix + "amount"] = ["must be an integer of the currency's smallest unit"]
    elif amount < 0:
        errors[prefix + "amount"] = ["must not be negative"]
    elif amount > AMOUNT_MINOR_MAX:
        errors[prefix + "amount"] = [f"must be at most {AMOUNT_MINOR_MAX}"]
    else:
        return amount
    return None


def _whole(value: Any) -> int | None:
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


def _time(value: Any, prefix: str, now: int, errors: dict[str, list[str]]) -> int | None:
    """UNIX seconds as an instant; None for an absent one. A fraction of a second is dropped."""
    if value is None:
        return None
    if isinstance(value, Decimal) and value.adjusted() < 20:
        value = int(value)
    seconds = _whole(value)
    if seconds is None:
        errors[prefix + "created_at"] = ["must be a time in UNIX seconds"]
    elif seconds > SECONDS_MAX:
        errors[prefix + "created_at"] = ["must be in seconds, not milliseconds"]
    elif seconds < 1:
        errors[prefix + "created_at"] = ["must be after 1970-01-01"]
    elif seconds * SECOND > now + FUTURE_MAX:
        errors[prefix + "created_at"] = ["must not be in the future"]
    else:
        return seconds * SECOND
    return None


def _touch(body: dict[str, Any], prefix: str, errors: dict[str, list[str]]) -> bool:
    value = body.get("update_session")
    if value is None:
        return True
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    errors[prefix + "update_session"] = ["must be true or false"]
    return True


def _check_currency(body: dict[str, Any], prefix: str, currency: str, errors: dict[str, list[str]]) -> None:
    given = body.get("currency")
    if given is not None and not (isinstance(given, str) and given.upper() == currency):
        errors[prefix + "currency"] = [f"must be the project's currency {currency}"]

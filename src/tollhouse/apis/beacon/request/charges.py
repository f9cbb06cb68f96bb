"""Charges. Amounts are integers of the currency's smallest unit, times UNIX seconds.

Every fault of a body is found before one is answered, and each is told with the field it is about.
"""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.request import values
from tollhouse.apis.beacon.request.body import Errors, Invalid
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.commands import Idempotency, RecordCharges, RecordedItem


def charge_from_wire(
    body: dict[str, Any], reading: values.Reading, tenant_id: int, idempotency: Idempotency | None
) -> RecordCharges:
    """The command of POST /charges. Raises Invalid."""
    errors: Errors = {}
    identity = values.identity(body, "", errors)
    item = _item(body, "", reading, errors)
    touch = values.touch(body, "", errors)
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
    body: dict[str, Any], reading: values.Reading, tenant_id: int, idempotency: Idempotency | None
) -> RecordCharges:
    """The command of POST /charges/bulk: one customer, all items or none. Raises Invalid."""
    errors: Errors = {}
    given = values.OfOne(body, errors)
    check_currency(body, "", reading.currency, errors)
    items = charges_of_one(body, given, reading, errors)
    if errors:
        raise Invalid(errors)
    return RecordCharges(
        tenant_id=tenant_id,
        idempotency=idempotency,
        operation="charges/bulk",
        identity=given.identity,
        items=items,
        touch_session=given.touch,
    )


def charges_of_one(
    body: dict[str, Any], given: values.OfOne, reading: values.Reading, errors: Errors
) -> tuple[RecordedItem, ...]:
    """The list `charges` of a call about one customer."""

    def charge(value: Any, where: str) -> RecordedItem | None:
        entry = given.item(value, where)
        return None if entry is None else _item(entry, where + ".", reading, errors)

    return tuple(values.items(body, "charges", reading.items_max, errors, charge) or ())


def _item(entry: dict[str, Any], prefix: str, reading: values.Reading, errors: Errors) -> RecordedItem | None:
    negative_refunds = reading.negative_refunds
    return item_from_wire(entry, prefix, reading.currency, reading.now, errors, negative_refunds=negative_refunds)


def item_from_wire(
    entry: dict[str, Any], prefix: str, currency: str, now: int, errors: Errors, *, negative_refunds: bool = False
) -> RecordedItem | None:
    """One charge, without whose it is, or with `negative_refunds` a refund of so much; None for one whose amount is
    refused."""
    amount_minor = _amount(entry.get("amount"), prefix, errors, -AMOUNT_MINOR_MAX if negative_refunds else 0)
    effective_at = values.time(entry, "created_at", prefix, now, errors)
    check_currency(entry, prefix, currency, errors)
    return None if amount_minor is None else RecordedItem(amount_minor, effective_at)


def check_currency(body: dict[str, Any], prefix: str, currency: str, errors: Errors) -> None:
    """Note a currency that is not the tenant's."""
    given = body.get("currency")
    if given is not None and not (isinstance(given, str) and given.upper() == currency):
        errors[prefix + "currency"] = [f"must be the project's currency {currency}"]


def _amount(value: Any, prefix: str, errors: Errors, least: int) -> int | None:
    amount = values.whole(value)
    if value is None:
        errors[prefix + "amount"] = ["is required"]
    elif amount is None:
        errors[prefix + "amount"] = ["must be an integer of the currency's smallest unit"]
    elif amount < least:
        errors[prefix + "amount"] = [f"must be at least {least}" if least else "must not be negative"]
    elif amount > AMOUNT_MINOR_MAX:
        errors[prefix + "amount"] = [f"must be at most {AMOUNT_MINOR_MAX}"]
    else:
        return amount
    return None

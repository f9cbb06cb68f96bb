"""From Kelviq's wire to a command.

Every field is taken in camelCase and in snake_case; what is told back names it in camelCase. All faults of a body are
found before one is answered.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from tollhouse.apis.places import country_of_ip, parse_ip
from tollhouse.apis.strict_json import JsonMalformed, parse
from tollhouse.config import Settings
from tollhouse.domain.identity import REFERENCE_LENGTH_MAX, is_storable
from tollhouse.domain.money import is_currency
from tollhouse.domain.pricing import QUANTITY_MAX
from tollhouse.ledger.commands import TENANT_SCOPE, Idempotency, StartPurchase

KEY_LENGTH_MAX = 255
TEXT_LENGTH_MAX = REFERENCE_LENGTH_MAX
FEATURES_MAX = 100
#: No amount of money has more digits before or after the point; what its currency allows is the ledger's to say.
DIGITS_MAX = 20

REQUIRED = "This field is required."
TAX_BEHAVIORS = ("INCLUSIVE", "EXCLUSIVE")

_CAPITAL = re.compile("[A-Z]")

Errors = dict[str, list[str]]


class Malformed(ValueError):
    """The body is not one JSON object; the sentence says why."""


class Invalid(ValueError):
    """Fields that were refused: for each, by its camelCase name, sentences."""

    def __init__(self, errors: Errors) -> None:
        super().__init__("A field was refused.")
        self.errors = errors


class BadKey(ValueError):
    """The idempotency key cannot be kept."""


def body_from_wire(body: bytes) -> dict[str, Any]:
    try:
        value = parse(body)
    except JsonMalformed as error:
        raise Malformed(str(error)) from error
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


def idempotency_from_wire(header: str | None) -> Idempotency | None:
    """The caller's token. Raises BadKey."""
    if header is None:
        return None
    if not 1 <= len(header) <= KEY_LENGTH_MAX:
        raise BadKey(f"The Idempotency-Key must have 1 to {KEY_LENGTH_MAX} characters.")
    return Idempotency(TENANT_SCOPE, header)


def purchase_from_wire(
    body: dict[str, Any],
    *,
    tenant_id: int,
    idempotency: Idempotency | None,
    gateways: frozenset[str],
    settings: Settings,
) -> StartPurchase:
    """The command of POST /charges/. Raises Invalid."""
    errors: Errors = {}
    plan_identifier = _text(body, "planIdentifier", errors, required=True)
    _check_charge_period(body, errors)
    customer_reference = _text(body, "customerId", errors, required=True)
    quantities = _quantities(body, errors)
    currency = _currency(body, errors)
    ip_address = _ip_address(body, errors)
    custom_amount = _custom_amount(body, errors)
    tax_behavior = _tax_behavior(body, errors)
    if custom_amount is not None and currency is None and "currencyCode" not in errors:
        errors["currencyCode"] = ["This field is required with customAmount."]
    if errors:
        raise Invalid(errors)
    ip = parse_ip(ip_address) if ip_address else None
    return StartPurchase(
        tenant_id=tenant_id,
        idempotency=idempotency,
        plan_identifier=plan_identifier or "",
        customer_reference=customer_reference or "",
        quantities=quantities,
        currency=currency,
        ip_address=str(ip) if ip else None,
        country_of_ip=country_of_ip(ip) if ip else None,
        custom_amount=custom_amount,
        tax_behavior=tax_behavior,
        gateways=gateways,
        call_seconds=settings.gateway_timeout_seconds,
        resolve_after_seconds=settings.resolve_after_seconds,
        shows_features=bool(settings.kelviq_charge_features),
    )


def _given(body: dict[str, Any], name: str, errors: Errors) -> Any:
    """The value of a field under either spelling, None where it is absent; both must not differ."""
    snake = _CAPITAL.sub(lambda capital: "_" + capital.group().lower(), name)
    if name in body and snake in body and body[name] != body[snake]:
        errors[name] = [f"{name} and {snake} are the same field and have different values."]
        return None
    return body.get(name, body.get(snake))


def _text(body: dict[str, Any], name: str, errors: Errors, *, required: bool = False) -> str | None:
    value = _given(body, name, errors)
    if name in errors:
        return None
    if value is None:
        if required:
            errors[name] = [REQUIRED]
        return None
    fault = _fault_of_text(value)
    if fault is not None:
        errors[name] = [fault]
        return None
    text: str = value
    return text


def _fault_of_text(value: Any) -> str | None:
    if not isinstance(value, str):
        return "Not a valid string."
    if not value.strip():
        return "This field may not be blank."
    if len(value) > TEXT_LENGTH_MAX:
        return f"Ensure this field has no more than {TEXT_LENGTH_MAX} characters."
    if not is_storable(value):
        return "A character in this field cannot be stored."
    return None


def _check_charge_period(body: dict[str, Any], errors: Errors) -> None:
    period = _text(body, "chargePeriod", errors, required=True)
    if period is not None and period != "ONE_TIME":
        errors["chargePeriod"] = ["Must be ONE_TIME: recurring charge periods are not supported by this endpoint."]


def _quantities(body: dict[str, Any], errors: Errors) -> tuple[tuple[str, int], ...]:
    value = _given(body, "features", errors)
    if value is None:
        return ()
    if not isinstance(value, list):
        errors["features"] = ["Expected a list of items."]
        return ()
    if len(value) > FEATURES_MAX:
        errors["features"] = [f"Ensure this field has no more than {FEATURES_MAX} items."]
        return ()
    quantities: dict[str, int] = {}
    for index, item in enumerate(value):
        fault = _add_quantity(item, quantities)
        if fault is not None:
            errors.setdefault("features", []).append(f"Item {index}: {fault}")
    return tuple(quantities.items())


def _add_quantity(item: Any, quantities: dict[str, int]) -> str | None:
    """What is wrong with an item of the features, else None."""
    if not isinstance(item, dict):
        return "Expected an object."
    identifier, quantity = item.get("identifier"), _whole(item.get("quantity"))
    if identifier is None:
        return f"identifier: {REQUIRED}"
    fault = _fault_of_text(identifier)
    if fault is not None:
        return f"identifier: {fault}"
    if item.get("quantity") is None:
        return f"quantity: {REQUIRED}"
    if quantity is None:
        return "quantity: A valid integer is required."
    if not 1 <= quantity <= QUANTITY_MAX:
        return f"quantity: Ensure this value is between 1 and {QUANTITY_MAX}."
    if identifier in quantities:
        return "identifier: This feature is given twice."
    quantities[identifier] = quantity
    return None


def _whole(value: Any) -> int | None:
    """An integer, also one that is written as 5.0; never a rounded one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal) and value.adjusted() < DIGITS_MAX and value == value.to_integral_value():
        return int(value)
    return None


def _currency(body: dict[str, Any], errors: Errors) -> str | None:
    text = _text(body, "currencyCode", errors)
    if text is None:
        return None
    code = text.upper()
    if not text.isascii() or not is_currency(code):
        errors["currencyCode"] = ["Not the ISO 4217 code of a currency that one can be charged in."]
    return code


def _ip_address(body: dict[str, Any], errors: Errors) -> str | None:
    text = _text(body, "ipAddress", errors)
    if text is not None and parse_ip(text) is None:
        errors["ipAddress"] = ["Enter a valid IPv4 or IPv6 address."]
    return text


def _custom_amount(body: dict[str, Any], errors: Errors) -> Decimal | None:
    value = _given(body, "customAmount", errors)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        errors["customAmount"] = ["A valid number is required."]
        return None
    amount = Decimal(value)
    if amount <= 0:
        errors["customAmount"] = ["Ensure this value is greater than 0."]
    elif amount.adjusted() >= DIGITS_MAX:
        errors["customAmount"] = ["This value is too large."]
    elif amount.adjusted() < -DIGITS_MAX:
        errors["customAmount"] = ["This value has too many decimals."]
    return amount


def _tax_behavior(body: dict[str, Any], errors: Errors) -> str | None:
    text = _text(body, "taxBehavior", errors)
    if text is not None and text not in TAX_BEHAVIORS:
        errors["taxBehavior"] = ["Must be INCLUSIVE or EXCLUSIVE."]
    return text

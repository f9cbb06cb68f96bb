"""From Kelviq's wire to the command of a one-time charge."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.fields import REQUIRED, Fields, fault_of_text, whole_number
from tollhouse.apis.places import country_of_ip, parse_ip
from tollhouse.config import Settings
from tollhouse.domain.pricing import QUANTITY_MAX
from tollhouse.ledger.commands import Idempotency, StartPurchase

FEATURES_MAX = 100
TAX_BEHAVIORS = ("INCLUSIVE", "EXCLUSIVE")


def purchase_from_wire(
    given: Fields,
    *,
    tenant_id: int,
    idempotency: Idempotency | None,
    gateways: frozenset[str],
    settings: Settings,
) -> StartPurchase:
    """The command of POST /charges/. Raises Invalid."""
    plan_identifier = given.text("planIdentifier", required=True)
    _check_charge_period(given)
    customer_reference = given.text("customerId", required=True)
    quantities = quantities_from_wire(given)
    currency = given.currency("currencyCode")
    ip_address = given.ip_address("ipAddress")
    custom_amount = given.amount("customAmount")
    tax_behavior = given.choice("taxBehavior", TAX_BEHAVIORS)
    if custom_amount is not None and currency is None and "currencyCode" not in given.errors:
        given.refuse("currencyCode", "This field is required with customAmount.")
    given.check()
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


def _check_charge_period(given: Fields) -> None:
    period = given.text("chargePeriod", required=True)
    if period is not None and period != "ONE_TIME":
        given.refuse("chargePeriod", "Must be ONE_TIME: recurring charge periods are not supported by this endpoint.")


def quantities_from_wire(given: Fields) -> tuple[tuple[str, int], ...]:
    """`features` as pairs of identifier and quantity, in the order sent."""
    quantities: dict[str, int] = {}
    for index, item in enumerate(given.items("features", count_max=FEATURES_MAX) or ()):
        fault = _add_quantity(item, quantities)
        if fault is not None:
            given.refuse("features", f"Item {index}: {fault}")
    return tuple(quantities.items())


def _add_quantity(item: Any, quantities: dict[str, int]) -> str | None:
    """What is wrong with an item of the features, else None."""
    if not isinstance(item, dict):
        return "Expected an object."
    identifier, quantity = item.get("identifier"), whole_number(item.get("quantity"))
    if identifier is None:
        return f"identifier: {REQUIRED}"
    fault = fault_of_text(identifier)
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

"""From customers to the wire."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from tollhouse.apis.enswitch.functions.customers import PAYMENT_SETTINGS
from tollhouse.domain.money import major_text
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.details import CustomerDetails
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact


def customer_to_wire(customer: CustomerFact, details: CustomerDetails, caller: Caller) -> dict[str, Any]:
    """One's own parent is not told: nobody learns here whether that is the system's owner."""
    is_own = customer.number == caller.customer_number != ROOT_NUMBER
    return {
        "id": customer.number,
        "name": customer.name,
        "email": customer.email or "",
        "reference": customer.reference or "",
        "parent": 0 if is_own else customer.parent_number,
        "plan": customer.plan_number,
        "balance": major_text(customer.balance_minor, customer.currency),
        "currency": customer.currency,
        "bill_type": customer.bill_type,
        "timezone": customer.timezone,
        "country": customer.country,
        "created": customer.created_at // SECOND,
        "deleted": int(customer.deleted_at is not None),
        **asdict(details),
    }


def payment_settings_to_wire(customer: CustomerFact, details: CustomerDetails, caller: Caller) -> dict[str, Any]:
    row = customer_to_wire(customer, details, caller)
    return {name: row[name] for name in PAYMENT_SETTINGS}


def topup_accepted_to_wire() -> dict[str, Any]:
    """No card is charged here: the parent sees to it."""
    return {"status": "accepted", "error": "", "message": ""}

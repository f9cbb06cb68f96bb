"""From customers to Kelviq's wire."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.events.objects import instant_text
from tollhouse.ledger.facts import CustomerFact
from tollhouse.ledger.profiles import Profile


def customer_to_wire(customer: CustomerFact, profile: Profile) -> dict[str, Any]:
    return {
        "id": customer.uid,
        "customerId": customer.reference,
        "name": customer.name or None,
        "email": customer.email,
        "details": {},
        "metadata": profile.metadata,
        "billingAddress": profile.billing_address or None,
        "createdOn": instant_text(customer.created_at),
        "modifiedOn": instant_text(customer.updated_at),
    }

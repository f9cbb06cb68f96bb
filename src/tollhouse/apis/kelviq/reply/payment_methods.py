"""From payment methods to Kelviq's wire."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.events.objects import instant_text
from tollhouse.ledger.facts import PaymentMethodDetailsFact
from tollhouse.ledger.profiles import profile_from
from tollhouse.ledger.queries import ListedMethod


def payment_method_to_wire(listed: ListedMethod) -> dict[str, Any]:
    method, details, customer = listed.method, listed.details, listed.customer
    return {
        "id": method.payment_method_id,
        "customer": {
            "customerId": customer.reference,
            "name": customer.name or None,
            "email": customer.email,
            "billingAddress": profile_from(customer, listed.profile).billing_address or None,
        },
        "methodType": "card" if details is None else details.method_type,
        "methodData": _method_data(details),
        "isDefault": bool(method.is_default),
        "status": method.state,
        "createdOn": instant_text(method.created_at),
        "modifiedOn": instant_text(method.created_at if details is None else details.modified_at),
    }


def _method_data(details: PaymentMethodDetailsFact | None) -> dict[str, Any]:
    if details is None or not details.last4:
        return {}
    return {
        "brand": details.brand,
        "last4": details.last4,
        "expMonth": details.exp_month,
        "expYear": details.exp_year,
        "funding": details.funding,
        "country": details.country,
    }

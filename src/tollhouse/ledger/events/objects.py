"""What events tell: objects as docs.kelviq.com's page on webhooks has them, keys in snake_case.

Amounts are decimal text in major units, with `…_units` beside them in minor units. A top-level `customer_id` is our
UUID of the customer, but the caller's own id in a payment method; the `customer` inside has both.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from tollhouse.domain.money import major_text
from tollhouse.ledger.checkout_details import asked_of
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import (
    CheckoutSessionFact,
    CustomerFact,
    PaymentFact,
    PaymentMethodDetailsFact,
    PaymentMethodFact,
    RefundFact,
    TenantFact,
)
from tollhouse.ledger.profiles import profile_of
from tollhouse.ledger.purchase_details import PurchaseDetail, detail_of
from tollhouse.ledger.sight import Sight


def instant_text(instant: int) -> str:
    """An instant as ISO 8601 in UTC, to the second."""
    return f"{datetime.fromtimestamp(instant // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"


def day_text(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant // SECOND, UTC):%Y-%m-%d}"


def organization_uid(tenant: TenantFact) -> str:
    """A tenant's UUID, which is always the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"tollhouse:{tenant.slug}"))


def invoice_id(payment: PaymentFact) -> str:
    return "INV-" + payment.order_id.removeprefix("ORD-")


def customer_object(sight: Sight, customer: CustomerFact) -> dict[str, Any]:
    return {
        **_common(sight, customer.uid, "customer", customer.created_at, customer.updated_at),
        "customer_id": customer.reference,
        "name": customer.name or None,
        "email": customer.email,
        "metadata": profile_of(sight, customer).metadata,
        "billing_address": profile_of(sight, customer).billing_address,
    }


def order_object(sight: Sight, customer: CustomerFact, payment: PaymentFact, status: str) -> dict[str, Any]:
    detail = detail_of(payment)
    return {
        **_of_payment(sight, customer, payment, payment.order_id, "order"),
        "status": status,
        "billing_type": "ONE_TIME",
        "customer_id": customer.uid,
        "is_renewal": False,
        "paid_at": None if payment.settled_at is None else instant_text(payment.settled_at),
        "amount_total": major_text(payment.amount_minor, payment.currency),
        "amount_total_units": payment.amount_minor,
        "currency": payment.currency,
        "subscription_id": payment.uid,
        "product": _product(detail),
        "plan": _plan(detail),
        "features": None,
    }


def invoice_object(sight: Sight, customer: CustomerFact, payment: PaymentFact, status: str) -> dict[str, Any]:
    detail = detail_of(payment)
    is_paid = status == "PAID" and payment.settled_at is not None
    return {
        **_of_payment(sight, customer, payment, invoice_id(payment), "invoice"),
        "status": status,
        "paid_at": instant_text(payment.settled_at) if is_paid and payment.settled_at is not None else None,
        "amount_total": major_text(payment.amount_minor, payment.currency),
        "amount_total_units": payment.amount_minor,
        "currency": payment.currency,
        "due_date": day_text(payment.created_at),
        "order_id": payment.order_id,
        "customer_id": customer.uid,
        "subscription_id": payment.uid,
        "product": _product(detail),
        "payment_link": None,
    }


def subscription_object(sight: Sight, customer: CustomerFact, payment: PaymentFact) -> dict[str, Any]:
    detail = detail_of(payment)
    return {
        **_of_payment(sight, customer, payment, payment.uid, "subscription"),
        "status": "active" if payment.revoked_at is None else "canceled",
        "plan": _plan(detail),
        "product": _product(detail),
        "amount": major_text(payment.amount_minor, payment.currency),
        "amount_units": payment.amount_minor,
        "currency": payment.currency,
        "recurrence": "",
        "start_date": day_text(payment.created_at),
        "end_date": None if payment.revoked_at is None else day_text(payment.revoked_at),
        "billing_period_start_time": None,
        "billing_period_end_time": None,
        "trial_start": None,
        "trial_end": None,
        "features": None,
    }


def refund_object(
    sight: Sight, customer: CustomerFact, payment: PaymentFact, refund: RefundFact, status: str
) -> dict[str, Any]:
    modified_at = refund.settled_at or refund.created_at
    return {
        **_common(sight, refund.uid, "refund", refund.created_at, modified_at),
        "customer": _customer(sight, customer),
        "status": status,
        "amount": major_text(refund.amount_minor, refund.currency),
        "amount_units": refund.amount_minor,
        "currency": refund.currency,
        "reason": refund.reason,
        "order_id": payment.order_id,
        "subscription_id": payment.uid,
    }


def payment_method_object(
    sight: Sight, customer: CustomerFact, method: PaymentMethodFact, details: PaymentMethodDetailsFact | None
) -> dict[str, Any]:
    modified_at = method.created_at if details is None else details.modified_at
    return {
        **_common(sight, str(method.payment_method_id), "payment_method", method.created_at, modified_at),
        "id": method.payment_method_id,
        "customer": _customer(sight, customer),
        "customer_id": customer.reference,
        "method_type": "card" if details is None else details.method_type,
        "method_data": method_data(details),
        "is_default": bool(method.is_default),
        "status": method.state,
    }


def checkout_session_object(
    sight: Sight, customer: CustomerFact, session: CheckoutSessionFact, payment: PaymentFact
) -> dict[str, Any]:
    detail, asked = detail_of(payment), asked_of(session)
    return {
        **_common(sight, session.uid, "checkout_session", session.created_at, session.modified_at),
        "customer": _customer(sight, customer),
        "status": session.state,
        "checkout_type": "ONE_TIME",
        "customer_id": customer.uid,
        "amount": major_text(payment.amount_minor, payment.currency),
        "amount_units": payment.amount_minor,
        "currency": payment.currency,
        "discount_code": None,
        "features": [{"identifier": f.identifier, "quantity": f.quantity} for f in detail.features],
        "plan": _plan(detail),
        "product": _product(detail),
        "billing_address": profile_of(sight, customer).billing_address,
        "metadata": asked.metadata,
        "data": {},
    }


def method_data(details: PaymentMethodDetailsFact | None) -> dict[str, Any]:
    """What may be shown of a card; nothing where nothing is known."""
    if details is None or not details.last4:
        return {}
    return {
        "brand": details.brand,
        "last4": details.last4,
        "exp_month": details.exp_month,
        "exp_year": details.exp_year,
        "funding": details.funding,
        "country": details.country,
    }


def _of_payment(
    sight: Sight, customer: CustomerFact, payment: PaymentFact, object_id: str, kind: str
) -> dict[str, Any]:
    modified_at = payment.revoked_at or payment.settled_at or payment.created_at
    return {
        **_common(sight, object_id, kind, payment.created_at, modified_at),
        "customer": _customer(sight, customer),
    }


def _common(sight: Sight, object_id: str, kind: str, created_at: int, modified_at: int) -> dict[str, Any]:
    return {
        "id": object_id,
        "object": kind,
        "organization": organization_uid(sight.tenant),
        "created_on": instant_text(created_at),
        "modified_on": instant_text(modified_at),
    }


def _customer(sight: Sight, customer: CustomerFact) -> dict[str, Any]:
    return {
        "id": customer.uid,
        "name": customer.name or None,
        "email": customer.email,
        "customer_id": customer.reference,
        "billing_address": profile_of(sight, customer).billing_address,
    }


def _product(detail: PurchaseDetail) -> dict[str, Any]:
    return {"id": detail.product_uid, "name": detail.product_name}


def _plan(detail: PurchaseDetail) -> dict[str, Any]:
    return {"name": detail.plan_name, "version": detail.plan_version, "identifier": detail.plan_identifier}

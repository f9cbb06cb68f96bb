"""From checkout sessions to Kelviq's wire."""

from __future__ import annotations

from typing import Any

from tollhouse.domain.money import major_text
from tollhouse.domain.places import currency_symbol
from tollhouse.ledger.checkout_details import CheckoutAsked, asked_of
from tollhouse.ledger.events.objects import day_text, instant_text, invoice_id
from tollhouse.ledger.facts import CheckoutSessionFact, PaymentFact, PlanFact, ProductFact, TenantFact
from tollhouse.ledger.profiles import profile_from
from tollhouse.ledger.purchase_details import DECLINED, PENDING, SUCCEEDED, detail_of
from tollhouse.ledger.purchasing.prices import plan_as_product
from tollhouse.ledger.purchasing.sessions import EXPIRED, state_at
from tollhouse.ledger.queries import ListedSession

_EVENT_STATUSES = {PENDING: "pending", SUCCEEDED: "success", DECLINED: "failed"}
#: How events of a session are numbered: its own number, and then its events'.
_EVENTS_MAX = 1000


def session_to_wire(listed: ListedSession, tenant: TenantFact, now: int) -> dict[str, Any]:
    session, customer, asked = listed.session, listed.customer, asked_of(listed.session)
    currency = listed.payment.currency if listed.payment else asked.currency or customer.currency_lock
    return {
        "id": session.uid,
        "customer": {
            "customerId": customer.reference,
            "name": customer.name or None,
            "email": customer.email,
        },
        "product": _product(listed.plan, listed.product, tenant),
        "billingAddress": profile_from(customer, listed.profile).billing_address or None,
        "discountCode": None,
        "taxId": None,
        "currency": None if currency is None else currency.lower(),
        "currencySymbol": "" if currency is None else currency_symbol(currency),
        "status": state_at(session, now),
        "createdOn": instant_text(session.created_at),
        "selectedData": _selected(asked),
        "offeringData": {},
        "data": {"successUrl": asked.success_url, "cancelUrl": asked.cancel_url or None},
        "customFieldsData": {},
        "metadata": asked.metadata,
        "customization": {},
        "trialPeriod": 0,
    }


def session_detail_to_wire(listed: ListedSession, tenant: TenantFact, now: int) -> dict[str, Any]:
    """With what came of the session."""
    payment = listed.payment
    paid = payment if payment is not None and payment.state == SUCCEEDED else None
    return {
        **session_to_wire(listed, tenant, now),
        "order": None if payment is None else _order(payment),
        "subscription": None if paid is None else _subscription(paid),
        "paymentMethod": None if paid is None else _method(paid),
    }


def _order_status(payment: PaymentFact) -> str:
    if payment.state != SUCCEEDED:
        return "PENDING" if payment.state == PENDING else "FAILED"
    if not payment.refunded_minor:
        return "COMPLETE"
    return "REFUNDED" if payment.refunded_minor == payment.amount_minor else "PARTIAL_REFUND"


def events_to_wire(session: CheckoutSessionFact, payments: list[PaymentFact], now: int) -> list[dict[str, Any]]:
    """What happened on a session, the newest first; `payments` are those that were tried on it, the oldest first."""
    events: list[tuple[str, str, str, int, dict[str, str]]] = [
        ("created", "Checkout session created", "success", session.created_at, {})
    ]
    for payment in payments:
        status, about = _EVENT_STATUSES[payment.state], {"orderId": payment.order_id}
        events.append(("payment_attempted", "Payment attempted", status, payment.created_at, about))
        if payment.state == SUCCEEDED:
            at = payment.settled_at or payment.created_at
            events.append(("payment_completed", "Payment completed", "success", at, about))
        if payment.state == DECLINED:
            why = {**about, "code": payment.decline_code}
            events.append(("payment_failed", "Payment failed", "failed", payment.settled_at or payment.created_at, why))
    if state_at(session, now) == EXPIRED:
        events.append(("expired", "Checkout session expired", "success", min(session.expires_at, now), {}))
    rows = [
        {
            "id": session.session_id * _EVENTS_MAX + number,
            "title": title,
            "code": f"checkout_session.{code}",
            "status": status,
            "timestamp": instant_text(at),
            "metadata": metadata,
        }
        for number, (code, title, status, at, metadata) in enumerate(events, start=1)
    ]
    return rows[::-1]


def _product(plan: PlanFact, product: ProductFact | None, tenant: TenantFact) -> dict[str, Any]:
    product = product or plan_as_product(tenant, plan)
    return {"id": product.uid, "identifier": product.identifier, "name": product.name}


def _selected(asked: CheckoutAsked) -> dict[str, Any]:
    return {
        "planIdentifier": asked.plan_identifier,
        "chargePeriod": "ONE_TIME",
        "features": [{"identifier": identifier, "quantity": quantity} for identifier, quantity in asked.quantities],
    }


def _order(payment: PaymentFact) -> dict[str, Any]:
    total = major_text(payment.amount_minor, payment.currency)
    is_paid = payment.state == SUCCEEDED and payment.settled_at is not None
    return {
        "id": payment.order_id,
        "status": _order_status(payment),
        "paidAt": instant_text(payment.settled_at) if is_paid and payment.settled_at is not None else None,
        "createdOn": instant_text(payment.created_at),
        "billingType": "ONE_TIME",
        "isTrial": False,
        "amountSubtotal": total,
        "amountDiscount": major_text(0, payment.currency),
        "amountTax": major_text(0, payment.currency),
        "amountTotal": total,
        "saleCurrency": payment.currency,
        "saleCurrencySymbol": currency_symbol(payment.currency),
        "invoiceId": invoice_id(payment) if is_paid else None,
    }


def _subscription(payment: PaymentFact) -> dict[str, Any]:
    return {
        "id": payment.uid,
        "recurrence": None,
        "billingPeriodStartTime": None,
        "billingPeriodEndTime": None,
        "startDate": day_text(payment.created_at),
        "endDate": None,
        "status": "active",
        "amount": major_text(payment.amount_minor, payment.currency),
        "currency": payment.currency.lower(),
        "trialDaysRemaining": 0,
        "billingType": "ONE_TIME",
        "recurrenceUnit": None,
        "recurrenceType": None,
    }


def _method(payment: PaymentFact) -> dict[str, Any] | None:
    shown = detail_of(payment).method
    if not shown.method_type:
        return None
    return {
        "paymentMethodType": shown.method_type,
        "paymentMethodName": shown.brand or None,
        "last4": shown.last4 or None,
    }

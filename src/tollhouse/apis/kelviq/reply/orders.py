"""From orders to Kelviq's wire."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.reply.plans import plan_to_wire
from tollhouse.apis.kelviq.reply.products import product_to_wire
from tollhouse.domain.money import major_text
from tollhouse.domain.places import currency_symbol
from tollhouse.ledger.events.objects import instant_text, invoice_id
from tollhouse.ledger.facts import PaymentFact
from tollhouse.ledger.orders import OrderSeen
from tollhouse.ledger.purchase_details import SUCCEEDED, PurchaseDetail, order_status

ORDER_STATUSES = ("PENDING", "COMPLETE", "FAILED", "REFUNDED", "PARTIAL_REFUND", "CANCELLED", "FRAUDULENT")
BILLING_TYPES = ("ONE_TIME", "SUBSCRIPTION")


def order_to_wire(order: OrderSeen) -> dict[str, Any]:
    """An order with its product and plan as they are now; all amounts as they were."""
    payment = order.payment
    total, nothing = major_text(payment.amount_minor, payment.currency), major_text(0, payment.currency)
    is_paid = payment.state == SUCCEEDED
    return {
        "id": payment.order_id,
        "customer": {
            "customerId": order.customer.reference or order.detail.customer_reference,
            "name": order.customer.name or None,
            "email": order.customer.email,
        },
        "product": product_to_wire(order.product),
        "status": order_status(payment),
        "paidAt": instant_text(payment.settled_at) if is_paid and payment.settled_at is not None else None,
        "amountSubtotal": total,
        "amountDiscount": nothing,
        "amountTax": nothing,
        "amountTotal": total,
        "saleCurrency": payment.currency,
        "amountSubtotalUnits": payment.amount_minor,
        "amountDiscountUnits": 0,
        "amountTaxUnits": 0,
        "amountTotalUnits": payment.amount_minor,
        "refundedTotalUnits": payment.refunded_minor,
        "saleCurrencySymbol": currency_symbol(payment.currency),
        "billingAddress": order.profile.billing_address or None,
        "plan": plan_to_wire(order.plan, order.product.product.uid),
        "billingType": "ONE_TIME",
        "license": [],
        "isTrial": False,
        "subscription": _subscription(payment) if is_paid else {},
        "invoiceId": invoice_id(payment) if is_paid else None,
        "customFieldsData": {},
        "paymentMethod": method_to_wire(payment, order.detail) if is_paid else None,
    }


def method_to_wire(payment: PaymentFact, detail: PurchaseDetail) -> dict[str, Any] | None:
    """What was paid with; None where there was nothing to pay."""
    kind = method_type(payment, detail)
    if not kind:
        return None
    return {
        "paymentMethodType": kind,
        "paymentMethodName": detail.method.brand or None,
        "last4": detail.method.last4 or None,
    }


def method_type(payment: PaymentFact, detail: PurchaseDetail) -> str:
    """Of payments of before it was kept, a card."""
    return detail.method.method_type or ("card" if payment.gateway else "")


def _subscription(payment: PaymentFact) -> dict[str, Any]:
    return {
        "id": payment.uid,
        "status": "active" if payment.revoked_at is None else "canceled",
        "amount": major_text(payment.amount_minor, payment.currency),
        "currency": payment.currency.lower(),
        "interval": "",
        "currencySymbol": currency_symbol(payment.currency),
        "nextInvoiceDate": None,
    }

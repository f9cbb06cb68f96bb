"""From payments and refunds to Kelviq's transactions: nobody stands between, so there is no fee and nothing waits."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from tollhouse.apis.kelviq.reply.orders import method_type, order_to_wire
from tollhouse.domain.money import major_from_minor
from tollhouse.domain.places import currency_symbol
from tollhouse.ledger.events.objects import day_text, instant_text
from tollhouse.ledger.orders import OrderSeen
from tollhouse.ledger.purchase_details import DECLINED, PENDING, SUCCEEDED
from tollhouse.ledger.queries.orders import Movement
from tollhouse.ledger.refunding import FAILED

#: What a payment's or refund's state is called here.
_STATUSES = {SUCCEEDED: "success", DECLINED: "failure", FAILED: "failure", PENDING: "pending"}
#: What each status asks for; a refund's `failed` is found as well.
STATES = {"success": SUCCEEDED, "failure": DECLINED, "pending": PENDING}


def transaction_to_wire(movement: Movement, order: OrderSeen) -> dict[str, Any]:
    """What was given back is negative, so that a column of them can be summed."""
    fact = movement.refund or movement.payment
    currency = fact.currency
    amount = major_from_minor(-fact.amount_minor if movement.refund else fact.amount_minor, currency)
    nothing = major_from_minor(0, currency)
    has_moved = fact.state == SUCCEEDED and fact.settled_at is not None
    return {
        "id": _id(fact.uid),
        "order": order_to_wire(order),
        "createdOn": instant_text(fact.created_at),
        "currency": currency,
        "currencySymbol": currency_symbol(currency),
        "amountTotal": amount,
        "morFee": Decimal(0),
        "morFeeBreakdown": [],
        "collectedTax": nothing,
        "netPayout": amount if has_moved else nothing,
        "status": _STATUSES[fact.state],
        "transactionType": "REFUND" if movement.refund else "CHARGE",
        "paymentMethodType": method_type(order.payment, order.detail),
        "availableOn": day_text(fact.settled_at) if has_moved and fact.settled_at is not None else None,
        "isSettled": has_moved,
        "paymentMethodName": order.detail.method.brand or None,
        "last4": order.detail.method.last4 or None,
    }


def _id(uid: str) -> str:
    """A transaction's UUID, made of its payment's or refund's, which has other uses."""
    return str(uuid.uuid5(uuid.UUID(uid), "transaction"))

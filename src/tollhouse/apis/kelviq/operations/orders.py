"""Orders, their events, and transactions."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import (
    DAY,
    DAYS,
    INSTANT,
    PAGING,
    SEARCH,
    UUID,
    Operation,
    a_list_of,
    a_query,
    an_object,
    nullable,
    nullable_ref,
    ref,
)
from tollhouse.apis.kelviq.reply.orders import BILLING_TYPES, ORDER_STATUSES
from tollhouse.apis.kelviq.reply.transactions import STATES

OPERATIONS = (
    Operation(
        method="GET",
        path="/orders",
        name="listOrders",
        summary="List orders",
        reply="OrderListResponse",
        query=(
            SEARCH,
            a_query("status", "PENDING ones are listed only where they are asked for.", enum=list(ORDER_STATUSES)),
            a_query("billing_type", "Every order here is ONE_TIME.", enum=list(BILLING_TYPES)),
            a_query("is_renewal", "No order here is one.", type="boolean"),
            *DAYS,
            *PAGING,
        ),
    ),
    Operation(
        method="GET", path="/orders/{id}", name="retrieveOrder", summary="Retrieve an order", reply="OrderResponse"
    ),
    Operation(
        method="GET",
        path="/orders/{id}/events",
        name="listOrderEvents",
        summary="List what happened to an order",
        reply="OrderEventListResponse",
        query=PAGING,
    ),
    Operation(
        method="GET",
        path="/transaction",
        name="listTransactions",
        summary="List transactions",
        reply="TransactionListResponse",
        query=(SEARCH, a_query("status", "How they ended.", enum=list(STATES)), *DAYS, *PAGING),
    ),
)

AMOUNT_TEXT = {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2,4}$", "description": "In major units."}
UNITS = {"type": "integer", "minimum": 0, "description": "In minor units, by the currency's own number of decimals."}
CURRENCY = {"type": "string", "pattern": "^[A-Z]{3}$"}

_METHOD = an_object(
    paymentMethodType={"type": "string"},
    paymentMethodName=nullable(type="string"),
    last4=nullable(type="string"),
)
_SUBSCRIPTION = an_object(
    (),
    id=UUID,
    status={"type": "string", "enum": ["active", "canceled"]},
    amount=AMOUNT_TEXT,
    currency={"type": "string", "pattern": "^[a-z]{3}$"},
    interval={"type": "string", "const": ""},
    currencySymbol={"type": "string"},
    nextInvoiceDate={"type": "null"},
)
_ORDER = an_object(
    id={"type": "string"},
    customer=an_object(customerId={"type": "string"}, name=nullable(type="string"), email=nullable(type="string")),
    product=ref("Product"),
    status={"type": "string", "enum": list(ORDER_STATUSES)},
    paidAt=nullable(**INSTANT),
    amountSubtotal=AMOUNT_TEXT,
    amountDiscount=AMOUNT_TEXT,
    amountTax=AMOUNT_TEXT,
    amountTotal=AMOUNT_TEXT,
    saleCurrency=CURRENCY,
    amountSubtotalUnits=UNITS,
    amountDiscountUnits=UNITS,
    amountTaxUnits=UNITS,
    amountTotalUnits=UNITS,
    refundedTotalUnits=UNITS,
    saleCurrencySymbol={"type": "string"},
    billingAddress=nullable(type="object"),
    plan=ref("CatalogPlan"),
    billingType={"type": "string", "const": "ONE_TIME"},
    license={"type": "array", "maxItems": 0},
    isTrial={"type": "boolean", "const": False},
    subscription=_SUBSCRIPTION,
    invoiceId=nullable(type="string"),
    customFieldsData={"type": "object"},
    paymentMethod=nullable_ref("OrderPaymentMethod"),
)
_EVENT = an_object(
    id={"type": "integer"},
    order={"type": "string"},
    title={"type": "string"},
    code={"type": "string"},
    status={"type": "string", "enum": ["pending", "success", "failed"]},
    timestamp=INSTANT,
    metadata={"type": "object"},
)
_TRANSACTION = an_object(
    id=UUID,
    order=ref("OrderResponse"),
    createdOn=INSTANT,
    currency=CURRENCY,
    currencySymbol={"type": "string"},
    amountTotal={"type": "number", "description": "In major units; negative where money was given back."},
    morFee={"type": "number", "const": 0},
    morFeeBreakdown={"type": "array", "maxItems": 0},
    collectedTax={"type": "number"},
    netPayout={"type": "number", "description": "The same where money moved, else 0."},
    status={"type": "string", "enum": list(STATES)},
    transactionType={"type": "string", "enum": ["CHARGE", "REFUND"]},
    paymentMethodType={"type": "string", "description": "Empty where there was nothing to pay."},
    availableOn=nullable(**DAY),
    isSettled={"type": "boolean"},
    paymentMethodName=nullable(type="string"),
    last4=nullable(type="string"),
)

SCHEMAS: dict[str, Any] = {
    "OrderResponse": _ORDER,
    "OrderPaymentMethod": _METHOD,
    "OrderListResponse": a_list_of("OrderResponse"),
    "OrderEventResponse": _EVENT,
    "OrderEventListResponse": a_list_of("OrderEventResponse"),
    "TransactionResponse": _TRANSACTION,
    "TransactionListResponse": a_list_of("TransactionResponse"),
}

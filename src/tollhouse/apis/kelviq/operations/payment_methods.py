"""What customers can pay with."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import (
    INSTANT,
    PAGING,
    TEXT,
    Operation,
    a_list_of,
    a_query,
    an_object,
    nullable,
    nullable_ref,
    ref,
)

OPERATIONS = (
    Operation(
        method="GET",
        path="/payment-methods",
        name="listPaymentMethods",
        summary="List payment methods",
        reply="PaymentMethodListResponse",
        query=(
            a_query("customer_id", "Those of the customer with this customerId.", maxLength=255),
            a_query("customer_email", "Those of customers with this e-mail.", maxLength=255),
            *PAGING,
        ),
    ),
)

SCHEMAS: dict[str, Any] = {
    "PaymentMethodCustomer": an_object(
        customerId=TEXT,
        name=nullable(type="string"),
        email=nullable(type="string"),
        billingAddress=nullable_ref("BillingAddress"),
    ),
    "PaymentMethodResponse": an_object(
        id={"type": "integer"},
        customer=ref("PaymentMethodCustomer"),
        methodType={"type": "string"},
        methodData={"type": "object", "description": "Of a card: brand, last4, expMonth, expYear, funding, country."},
        isDefault={"type": "boolean"},
        status={"type": "string", "const": "succeeded"},
        createdOn=INSTANT,
        modifiedOn=INSTANT,
    ),
    "PaymentMethodListResponse": a_list_of("PaymentMethodResponse"),
}

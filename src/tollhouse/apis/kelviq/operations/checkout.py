"""Checkout and portal: pages on which customers buy, and see what they bought and pay with."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import (
    DAY,
    DAYS,
    INSTANT,
    PAGING,
    SEARCH,
    TEXT,
    UUID,
    Operation,
    a_list_of,
    a_query,
    an_object,
    nullable,
    nullable_ref,
    ref,
)
from tollhouse.apis.kelviq.request.charges import FEATURES_MAX, TAX_BEHAVIORS
from tollhouse.apis.kelviq.request.checkout import STATES, URL_LENGTH_MAX

OPERATIONS = (
    Operation(
        method="POST",
        path="/checkout",
        name="createCheckoutSession",
        summary="Create a checkout session",
        success=201,
        body="CreateCheckoutSessionRequest",
        reply="CreateCheckoutSessionResponse",
        idempotent=True,
    ),
    Operation(
        method="GET",
        path="/checkout/sessions",
        name="listCheckoutSessions",
        summary="List checkout sessions",
        reply="CheckoutSessionListResponse",
        query=(SEARCH, a_query("status", "The state.", enum=list(STATES)), *DAYS, *PAGING),
    ),
    Operation(
        method="GET",
        path="/checkout/sessions/{session_id}",
        name="retrieveCheckoutSession",
        summary="Retrieve a checkout session",
        reply="CheckoutSessionDetailResponse",
    ),
    Operation(
        method="GET",
        path="/checkout/sessions/{session_id}/events",
        name="listCheckoutSessionEvents",
        summary="List what happened on a checkout session",
        reply="CheckoutSessionEventListResponse",
        query=PAGING,
    ),
    Operation(
        method="POST",
        path="/portal/session",
        name="createPortalSession",
        summary="Create a portal session",
        body="CreatePortalSessionRequest",
        reply="CreatePortalSessionResponse",
    ),
)

_URL = {"type": "string", "format": "uri", "maxLength": URL_LENGTH_MAX}

_REQUEST = {
    "type": "object",
    "description": "Every field may be spelled in snake_case as well. Other fields are ignored.",
    "required": ["planIdentifier", "successUrl", "chargePeriod"],
    "properties": {
        "planIdentifier": TEXT,
        "successUrl": {**_URL, "description": "http or https."},
        "chargePeriod": {"type": "string", "enum": ["ONE_TIME"]},
        "customerId": nullable(**TEXT, description="Left out: a new customer is made."),
        "features": nullable(type="array", items=ref("FeatureInput"), maxItems=FEATURES_MAX),
        "ipAddress": nullable(type="string"),
        "cancelUrl": nullable(**_URL),
        "currencyCode": nullable(type="string", minLength=3, maxLength=3),
        "customAmount": nullable(type="number", exclusiveMinimum=0, description="Needs currencyCode and taxBehavior."),
        "taxBehavior": nullable(type="string", enum=list(TAX_BEHAVIORS)),
        "email": nullable(type="string", description="Filled in on the page where the customer has none."),
        "lockEmail": nullable(type="boolean"),
        "defaultBillingCountry": nullable(type="string", description="ISO 3166-1 alpha-2."),
        "metadata": nullable(type="object"),
    },
}

_SESSION = {
    "id": TEXT,
    "customer": an_object(customerId=TEXT, name=nullable(type="string"), email=nullable(type="string")),
    "product": an_object(id=UUID, identifier={"type": "string"}, name={"type": "string"}),
    "billingAddress": nullable_ref("BillingAddress"),
    "discountCode": {"type": "null"},
    "taxId": {"type": "null"},
    "currency": nullable(type="string"),
    "currencySymbol": {"type": "string"},
    "status": {"type": "string", "enum": list(STATES)},
    "createdOn": INSTANT,
    "selectedData": {"type": "object"},
    "offeringData": {"type": "object"},
    "data": {"type": "object"},
    "customFieldsData": {"type": "object"},
    "metadata": {"type": "object"},
    "customization": {"type": "object"},
    "trialPeriod": {"type": "integer", "const": 0},
}
_AMOUNT = {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2,4}$"}

SCHEMAS: dict[str, Any] = {
    "CreateCheckoutSessionRequest": _REQUEST,
    "CreateCheckoutSessionResponse": an_object(checkoutUrl={"type": "string", "format": "uri"}, checkoutSessionId=UUID),
    "CheckoutSessionResponse": an_object(**_SESSION),
    "CheckoutSessionListResponse": a_list_of("CheckoutSessionResponse"),
    "CheckoutSessionDetailResponse": an_object(
        **_SESSION,
        order=nullable_ref("CheckoutSessionOrder"),
        subscription=nullable_ref("CheckoutSessionSubscription"),
        paymentMethod=nullable_ref("CheckoutSessionPaymentMethod"),
    ),
    "CheckoutSessionOrder": an_object(
        id={"type": "string"},
        status={"type": "string"},
        paidAt=nullable(**INSTANT),
        createdOn=INSTANT,
        billingType={"type": "string", "const": "ONE_TIME"},
        isTrial={"type": "boolean", "const": False},
        amountSubtotal=_AMOUNT,
        amountDiscount=_AMOUNT,
        amountTax=_AMOUNT,
        amountTotal=_AMOUNT,
        saleCurrency={"type": "string"},
        saleCurrencySymbol={"type": "string"},
        invoiceId=nullable(type="string"),
    ),
    "CheckoutSessionSubscription": an_object(
        id=UUID,
        recurrence={"type": "null"},
        billingPeriodStartTime={"type": "null"},
        billingPeriodEndTime={"type": "null"},
        startDate=DAY,
        endDate={"type": "null"},
        status={"type": "string"},
        amount=_AMOUNT,
        currency={"type": "string"},
        trialDaysRemaining={"type": "integer", "const": 0},
        billingType={"type": "string", "const": "ONE_TIME"},
        recurrenceUnit={"type": "null"},
        recurrenceType={"type": "null"},
    ),
    "CheckoutSessionPaymentMethod": an_object(
        paymentMethodType={"type": "string"},
        paymentMethodName=nullable(type="string"),
        last4=nullable(type="string"),
    ),
    "CheckoutSessionEventResponse": an_object(
        id={"type": "integer"},
        title={"type": "string"},
        code={"type": "string"},
        status={"type": "string", "enum": ["pending", "success", "failed"]},
        timestamp=INSTANT,
        metadata={"type": "object"},
    ),
    "CheckoutSessionEventListResponse": a_list_of("CheckoutSessionEventResponse"),
    "CreatePortalSessionRequest": an_object(customerId=TEXT),
    "CreatePortalSessionResponse": an_object(
        token={"type": "string"},
        email={"type": "string"},
        customerPortalUrl={"type": "string", "format": "uri", "description": "The link is this with `?token=…`."},
    ),
}

"""What a product costs a buyer."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import (
    CLIENT_KEYS,
    UUID,
    Operation,
    a_query,
    an_object,
    nullable,
    ref,
)
from tollhouse.apis.kelviq.operations.products import FREE
from tollhouse.ledger.catalog.features import FEATURE_TYPES
from tollhouse.ledger.plan_documents import PRICE_TYPES, RESETS

OPERATIONS = (
    Operation(
        method="GET",
        path="/monetization/product-offering/{product_id}",
        name="getProductOffering",
        summary="What a product's plans cost a buyer: the price that a charge would ask of them",
        reply="ProductOfferingResponse",
        query=(
            a_query("customer_id", "The merchant's own id of the buyer.", maxLength=255),
            a_query("ip_address", "The buyer's address; counts with a server key alone.", maxLength=255),
            a_query(
                "plans_enabled", "Identifiers of plans, with commas between them; without them all.", maxLength=2000
            ),
        ),
        keys=CLIENT_KEYS,
    ),
)

_TEXT = {"type": "string"}
_FLAG = {"type": "boolean"}
_NUMBER = {"type": "number"}
_CURRENCY = {"type": "string", "pattern": "^[A-Z]{3}$"}
_CHARGE = an_object(
    id=UUID,
    chargePeriod=_TEXT,
    tiers={"type": "array", "items": FREE},
    priceData=FREE,
    details=FREE,
    advanced=FREE,
    featureQuantityPrice={**_NUMBER, "description": "What it comes to where nothing is said of quantities."},
)

SCHEMAS: dict[str, Any] = {
    "OfferedCharge": {**_CHARGE, "required": [name for name in _CHARGE["required"] if name != "featureQuantityPrice"]},
    "OfferedPrice": an_object(
        id=UUID,
        priceType={"type": "string", "enum": list(PRICE_TYPES)},
        freeTrial=_FLAG,
        trialPeriod={"type": "integer"},
        currency=_CURRENCY,
        enabled=_FLAG,
        taxBehavior=_TEXT,
        charges={"type": "array", "items": ref("OfferedCharge")},
    ),
    "OfferedFeature": an_object(
        enabled=_FLAG,
        identifier=_TEXT,
        displayName=_TEXT,
        displayDescription=_TEXT,
        displayTooltipDescription=_FLAG,
        id=UUID,
        name=_TEXT,
        description=_TEXT,
        featureType={"type": "string", "enum": list(FEATURE_TYPES)},
        details=FREE,
        isArchived=_FLAG,
        metadata=FREE,
        modifiedOn={"type": "string", "format": "date-time"},
        meter=FREE,
        featureDetails=FREE,
        value={"type": ["boolean", "integer", "null"]},
        hasUnlimitedUsage=_FLAG,
        hardLimit=_FLAG,
        reset={"type": "string", "enum": list(RESETS)},
        resetTime={"type": "null"},
        charges={"type": "array", "items": ref("OfferedCharge")},
    ),
    "OfferedPlan": an_object(
        name=_TEXT,
        description=_TEXT,
        identifier=_TEXT,
        details=FREE,
        isVisible=_FLAG,
        metadata=FREE,
        basePlan={"type": "null"},
        price=ref("OfferedPrice"),
        originalPrice={"type": "object", "additionalProperties": _NUMBER},
        features={"type": "array", "items": ref("OfferedFeature")},
        shouldHighlight=_FLAG,
        enabled={**_FLAG, "description": "Whether it can be bought here, which is once."},
        displayName=_TEXT,
        displayDescription=_TEXT,
        includes=_TEXT,
    ),
    "ProductOfferingResponse": an_object(
        organizationId={"type": "integer"},
        countryCode={**_TEXT, "description": "Of the buyer; empty where it is not known."},
        pricingLocale=_TEXT,
        currencyCode=_CURRENCY,
        currencySymbol=_TEXT,
        currencyConversionRate={"const": 1, "description": "Nothing is converted."},
        baseCurrencyCode=_CURRENCY,
        baseCurrencySymbol=_TEXT,
        plans={"type": "array", "items": ref("OfferedPlan")},
        subscription=an_object(
            hasPreviousSubscription=_FLAG,
            planIdentifier=nullable(**_TEXT),
            subscriptionId=nullable(**UUID),
            chargePeriod=nullable(**_TEXT),
        ),
        isCustomerExists=_FLAG,
        billingPeriods={
            "type": "array",
            "items": an_object(
                chargePeriod=_TEXT, enabled=_FLAG, displayName=_TEXT, promoCaption=_TEXT, defaultSelected=_FLAG
            ),
        },
    ),
}

"""Plans of the catalog, their prices and what they give."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import (
    INSTANT,
    PAGING,
    TEXT,
    UUID,
    Operation,
    a_list_of,
    a_query,
    an_object,
    nullable,
    ref,
)
from tollhouse.apis.kelviq.operations.products import DESCRIPTION, FREE, IDENTIFIER
from tollhouse.apis.kelviq.request.plans import (
    COUNTRIES_MAX,
    DURATION_UNITS,
    ENTITLEMENTS_MAX,
    LINKS_MAX,
    NUMBER_MAX,
    ORDERING_MAX,
)
from tollhouse.apis.kelviq.request.prices import ITEMS_MAX, PRICES_MAX, TIERS_MAX, TRIAL_DAYS_MAX
from tollhouse.apis.kelviq.request.products import URL_LENGTH_MAX
from tollhouse.domain.pricing import PRICE_MODELS, QUANTITY_MAX
from tollhouse.ledger.plan_documents import CHARGE_PERIODS, PAYMENT_TYPES, PRICE_TYPES, RESETS, TAX_BEHAVIORS

_PLAN = "/catalog/plans/{identifier}"
_VERSION = a_query("version", "Of this version, not the newest.", type="integer", minimum=1)

OPERATIONS = (
    Operation(
        method="GET",
        path="/catalog/plans",
        name="listCatalogPlans",
        summary="List plans, each in its newest version",
        reply="PaginatedPlans",
        query=PAGING,
    ),
    Operation(
        method="POST",
        path="/catalog/plans",
        name="createCatalogPlan",
        summary="Create a plan as a draft",
        success=201,
        body="PlanCreateRequest",
        reply="CatalogPlan",
        idempotent=True,
    ),
    Operation(
        method="GET",
        path=_PLAN,
        name="retrieveCatalogPlan",
        summary="Retrieve a plan",
        reply="CatalogPlan",
        query=(_VERSION,),
    ),
    Operation(
        method="PATCH",
        path=_PLAN,
        name="updateCatalogPlan",
        summary="Update a plan's draft",
        body="PlanUpdateRequest",
        reply="CatalogPlan",
        query=(_VERSION,),
    ),
    Operation(method="DELETE", path=_PLAN, name="deleteCatalogPlan", summary="Archive a plan", success=204),
    Operation(
        method="POST",
        path=f"{_PLAN}/publish",
        name="publishCatalogPlan",
        summary="Publish a plan's draft",
        body="PlanPublishRequest",
        body_is_optional=True,
        reply="PlanPublishResponse",
    ),
    Operation(
        method="DELETE",
        path=f"{_PLAN}/discard",
        name="discardCatalogPlanDraft",
        summary="Discard a plan's draft",
        success=204,
    ),
    Operation(
        method="GET",
        path=f"{_PLAN}/prices",
        name="listCatalogPlanPrices",
        summary="List a plan's prices",
        reply="PaginatedPlanPrices",
        query=(_VERSION, *PAGING),
    ),
    Operation(
        method="POST",
        path=f"{_PLAN}/prices/bulk",
        name="bulkSetCatalogPlanPrices",
        summary="Replace the prices of a plan's draft",
        body="PlanPriceBulkRequest",
        reply="PlanPriceBulkResponse",
    ),
    Operation(
        method="GET",
        path=f"{_PLAN}/features",
        name="listCatalogPlanFeatures",
        summary="List a plan's entitlements",
        reply="PaginatedPlanFeatureEntitlements",
        query=(_VERSION, *PAGING),
    ),
    Operation(
        method="POST",
        path=f"{_PLAN}/features",
        name="addCatalogPlanFeatures",
        summary="Add entitlements to a plan's draft",
        success=201,
        body="PlanFeaturesCreateRequest",
        reply="CatalogPlan",
    ),
    Operation(
        method="PUT",
        path=f"{_PLAN}/features",
        name="replaceCatalogPlanFeatures",
        summary="Replace the entitlements of a plan's draft",
        body="PlanFeaturesCreateRequest",
        reply="CatalogPlan",
    ),
    Operation(
        method="PATCH",
        path=f"{_PLAN}/features/{{feature_id}}",
        name="updateCatalogPlanFeature",
        summary="Update an entitlement of a plan's draft",
        body="PlanFeaturePatchRequest",
        reply="PlanFeatureEntitlement",
    ),
    Operation(
        method="DELETE",
        path=f"{_PLAN}/features/{{feature_id}}",
        name="deleteCatalogPlanFeature",
        summary="Take an entitlement off a plan's draft",
        success=204,
    ),
)


def _one_of(values: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _list(items: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most}


_FLAG = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 1, "maximum": QUANTITY_MAX}
_AMOUNT = {"type": "number", "minimum": 0}
_COUNTRIES = _list({"type": "string", "minLength": 2, "maxLength": 2, "description": "ISO 3166-1."}, COUNTRIES_MAX)
_LICENSE = an_object(
    (),
    enabled=_FLAG,
    activationLimit={"type": "integer", "minimum": 1, "maximum": NUMBER_MAX},
    activationLimitEnabled=_FLAG,
    durationUnit=_one_of(DURATION_UNITS),
    durationValue={"type": "integer", "minimum": 1, "maximum": NUMBER_MAX},
    hasExpiry=_FLAG,
)
_LINK = an_object(
    ("url",), name={"type": "string"}, url={"type": "string", "format": "uri", "maxLength": URL_LENGTH_MAX}
)
_ORDERING = nullable(type="integer", minimum=0, maximum=ORDERING_MAX)
_CHANGES: dict[str, Any] = {
    "description": nullable(**DESCRIPTION),
    "metadata": nullable(**FREE),
    "isVisible": nullable(**_FLAG),
    "license": nullable(**_LICENSE),
    "links": nullable(**_list(_LINK, LINKS_MAX)),
    "countries": nullable(**_COUNTRIES, description="Where it can be bought; empty is everywhere."),
    "ordering": _ORDERING,
}
_CHARGE = an_object(
    ("chargePeriod",),
    chargePeriod=_one_of(CHARGE_PERIODS),
    priceData={
        **an_object((), amount=_AMOUNT, block_size=_COUNT),
        "description": "An amount for FLAT and PACKAGE, a block_size for PACKAGE.",
    },
    tiers=_list(
        an_object(
            (),
            flatAmount=_AMOUNT,
            unitAmount=_AMOUNT,
            upTo={"anyOf": [_COUNT, {"const": "inf"}, {"type": "null"}], "description": "The last has no end."},
        ),
        TIERS_MAX,
    ),
    advanced=an_object((), min_quantity=_COUNT, max_quantity=_COUNT),
)
_ITEM: dict[str, Any] = {
    "feature": nullable(**UUID, description="None is the plan itself, which is FLAT."),
    "priceModel": _one_of(PRICE_MODELS),
    "reset": _one_of(RESETS),
    "resetTime": nullable(type="string"),
    "hasUnlimitedUsage": _FLAG,
    "paymentType": _one_of(PAYMENT_TYPES),
    "rollover": FREE,
    "usageAlerts": FREE,
    "charges": _list(ref("PlanCharge"), len(CHARGE_PERIODS)),
}
_PRICE: dict[str, Any] = {
    "priceType": _one_of(PRICE_TYPES),
    "currency": {"type": "string", "minLength": 3, "maxLength": 3},
    "freeTrial": _FLAG,
    "trialPeriod": {"type": "integer", "minimum": 0, "maximum": TRIAL_DAYS_MAX},
    "enabled": _FLAG,
    "taxBehavior": _one_of(TAX_BEHAVIORS),
    "countries": _COUNTRIES,
    "chargeCatalogPrice": _list(ref("PlanChargeCatalogPrice"), ITEMS_MAX),
}
_DETAILS = {
    **an_object(
        (),
        value={"type": ["boolean", "integer", "null"]},
        hasUnlimitedUsage=_FLAG,
        reset=_one_of(RESETS),
        resetTime=nullable(type="string"),
        rollover=FREE,
        usageAlerts=FREE,
        hardLimit=_FLAG,
        isInherited=_FLAG,
        isValueOverridden=_FLAG,
    ),
    "description": "The value is true or false for a BOOLEAN feature, a whole number for the others.",
}

SCHEMAS: dict[str, Any] = {
    "CatalogPlan": an_object(
        identifier={"type": "string"},
        name={"type": "string"},
        description={"type": "string"},
        product=UUID,
        metadata=FREE,
        version={"type": "integer"},
        isLatest={**_FLAG, "description": "Whether this version is in force."},
        modifiedOn=INSTANT,
        createdOn=INSTANT,
        details=FREE,
        isVisible=_FLAG,
        isImported=_FLAG,
        countries=_COUNTRIES,
        license=_LICENSE,
        links={"type": "array", "items": _LINK},
        files={"type": "array", "items": FREE},
        ordering=_ORDERING,
        isArchived=_FLAG,
    ),
    "PaginatedPlans": a_list_of("CatalogPlan"),
    "PlanCreateRequest": an_object(
        ("name", "product"),
        name=TEXT,
        product=UUID,
        identifier=nullable(**IDENTIFIER, description="Made of the name where it is left out."),
        **_CHANGES,
    ),
    "PlanUpdateRequest": an_object((), name=nullable(**TEXT), **_CHANGES),
    "PlanPublishRequest": an_object((), updateFeatures=nullable(**_FLAG), updatePricing=nullable(**_FLAG)),
    "PlanPublishResponse": an_object(status={"type": "string", "const": "published"}),
    "PlanCharge": _CHARGE,
    "PlanChargeCatalogPrice": an_object((), **_ITEM),
    "PlanPriceCreateRequest": an_object(("priceType",), **_PRICE),
    "PlanPrice": an_object(id=UUID, **_PRICE),
    "PlanPriceBulkRequest": an_object(prices=_list(ref("PlanPriceCreateRequest"), PRICES_MAX)),
    "PlanPriceBulkResponse": an_object(prices=_list(ref("PlanPrice"), PRICES_MAX)),
    "PaginatedPlanPrices": a_list_of("PlanPrice"),
    "PlanEntitlementDetails": _DETAILS,
    "PlanFeatureEntitlement": an_object(feature=ref("CatalogFeature"), details=ref("PlanEntitlementDetails")),
    "PaginatedPlanFeatureEntitlements": a_list_of("PlanFeatureEntitlement"),
    "PlanFeaturesCreateRequest": an_object(
        planEntitlements=_list(an_object(feature=UUID, details=ref("PlanEntitlementDetails")), ENTITLEMENTS_MAX)
    ),
    "PlanFeaturePatchRequest": an_object(details=ref("PlanEntitlementDetails")),
}

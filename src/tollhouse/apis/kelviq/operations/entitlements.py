"""What customers may use, and how much of it they have used."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import TEXT, Operation, a_query, an_object, nullable, ref
from tollhouse.apis.kelviq.reply.entitlements import BEHAVIOURS
from tollhouse.apis.kelviq.request.usage import USAGE_MAX

OPERATIONS = (
    Operation(
        method="GET",
        path="/entitlements",
        name="getCustomerEntitlements",
        summary="List what a customer may use",
        reply="CheckEntitlementsResponse",
        query=(
            a_query("customer_id", "The merchant's own id of the customer.", required=True),
            a_query("feature_id", "The identifier of a feature: its rows alone."),
        ),
    ),
    Operation(
        method="POST",
        path="/report/usage",
        name="reportUsage",
        summary="Report how much of a meter is used",
        body="ReportUsageRequest",
        reply="ReportUsageResponse",
    ),
)

_ENTITLEMENT = an_object(
    ("featureId", "featureType", "hasAccess", "hardLimit", "usageLimit", "currentUsage", "remaining"),
    featureId={"type": "string", "description": "The feature's identifier."},
    featureType={"type": "string", "enum": ["BOOLEAN", "CUSTOMIZABLE", "METER"]},
    hasAccess={"type": "boolean"},
    resetAt={"type": "string", "description": "YYYY-MM-DD HH:MM:SS in UTC; absent where a meter never starts again."},
    hardLimit=nullable(type="boolean"),
    usageLimit=nullable(type="integer", description="Null for a METER: unlimited."),
    currentUsage=nullable(type="integer", minimum=0),
    remaining=nullable(type="integer", minimum=0),
)
_USAGE = an_object(
    value={"type": "integer", "minimum": -USAGE_MAX, "maximum": USAGE_MAX},
    customerId=TEXT,
    featureId=TEXT,
    behaviour={"type": "string", "enum": list(BEHAVIOURS)},
)
_REPORTED = an_object(
    (*_USAGE["properties"], "orgId", "eventName", "idempotencyKey", "timestamp"),
    **_USAGE["properties"],
    resourceId={"type": "string"},
    orgId={"type": "string"},
    eventName={"type": "string"},
    idempotencyKey={"type": "string"},
    timestamp={"type": "string", "description": "YYYY-MM-DD HH:MM:SS.ffffff in UTC."},
)

SCHEMAS: dict[str, Any] = {
    "EntitlementDetail": _ENTITLEMENT,
    "CheckEntitlementsResponse": an_object(
        customerId={"type": "string"}, entitlements={"type": "array", "items": ref("EntitlementDetail")}
    ),
    "ReportUsageRequest": an_object(
        tuple(_USAGE["properties"]), **_USAGE["properties"], resourceId=nullable(type="string")
    ),
    "ReportUsageResponse": _REPORTED,
}

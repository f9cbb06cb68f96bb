"""From what customers may use to Kelviq's wire: one row a purchase and feature, never summed up."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from tollhouse.domain.resets import window
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands.usage import ReportUsage
from tollhouse.ledger.entitling import METER, UsageReported, used_of
from tollhouse.ledger.facts import EntitlementFact

BEHAVIOURS = ("SET", "DELTA")


def entitlement_to_wire(entitlement: EntitlementFact, now: int) -> dict[str, Any]:
    """`resetAt` is there where the meter starts again. Access to a meter is what is left of it."""
    limit = None if entitlement.feature_type == "BOOLEAN" else entitlement.usage_limit
    row: dict[str, Any] = {
        "featureId": entitlement.identifier,
        "featureType": entitlement.feature_type,
        "hasAccess": bool(entitlement.has_access),
        "hardLimit": None,
        "usageLimit": limit,
        "currentUsage": None,
        "remaining": None,
    }
    if entitlement.feature_type != METER:
        return row
    used = used_of(entitlement, now)
    remaining = None if limit is None else max(limit - used, 0)
    _, resets_at = window(entitlement.reset, entitlement.granted_at, now)
    return {
        **row,
        "hasAccess": remaining is None or remaining > 0,
        **({} if resets_at is None else {"resetAt": _text(resets_at)}),
        "hardLimit": bool(entitlement.hard_limit),
        "currentUsage": used,
        "remaining": remaining,
    }


def usage_to_wire(
    command: ReportUsage, reported: UsageReported, *, organization: str, resource: str | None
) -> dict[str, Any]:
    return {
        "value": command.value,
        "customerId": command.customer_reference,
        "featureId": command.feature,
        "behaviour": BEHAVIOURS[command.is_delta],
        **({} if resource is None else {"resourceId": resource}),
        "orgId": organization,
        "eventName": "aggregated.usage",
        "idempotencyKey": uuid.uuid4().hex,
        "timestamp": f"{_text(reported.at)}.{reported.at % SECOND:06d}",
    }


def _text(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant // SECOND, UTC):%Y-%m-%d %H:%M:%S}"

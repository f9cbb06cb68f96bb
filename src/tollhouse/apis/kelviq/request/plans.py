"""From Kelviq's wire to the commands of plans and what they give."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from tollhouse.apis.kelviq.fields import Errors, Fields
from tollhouse.apis.kelviq.request.free_objects import fault_of_free, free_object
from tollhouse.apis.kelviq.request.products import (
    description_from_wire,
    identifier_from_wire,
    refuse_files,
    url_from_wire,
)
from tollhouse.domain.places import is_country
from tollhouse.ledger.commands import Idempotency
from tollhouse.ledger.commands.catalog import (
    ChangePlanEntitlement,
    CreateCatalogPlan,
    EditPlan,
    PublishPlan,
    SetPlanEntitlements,
)
from tollhouse.ledger.plan_documents import RESETS, AuthoredEntitlement, PlanDocument

LINKS_MAX: Final = 50
COUNTRIES_MAX: Final = 300
NUMBER_MAX: Final = 10**6
ORDERING_MAX: Final = 10**9
ENTITLEMENTS_MAX: Final = 500
DURATION_UNITS: Final = ("DAY", "MONTH", "YEAR")


def plan_from_wire(given: Fields, *, tenant_id: int, idempotency: Idempotency | None) -> CreateCatalogPlan:
    """The command of POST /catalog/plans/. Raises Invalid."""
    name, identifier = given.text("name", required=True), identifier_from_wire(given)
    product = uuid_from_wire(given, "product", required=True)
    changes = _document_fields(given)
    given.check()
    return CreateCatalogPlan(
        tenant_id=tenant_id,
        idempotency=idempotency,
        identifier=identifier,
        product_uid=product or "",
        document=PlanDocument(**{**changes, "name": name}),
    )


def plan_changes_from_wire(given: Fields, *, tenant_id: int, identifier: str, version: int | None) -> EditPlan:
    """The command of PATCH /catalog/plans/{identifier}/. Raises Invalid."""
    name = given.text("name")
    if given.text("identifier") not in (None, identifier):
        given.refuse("identifier", "This field cannot be changed.")
    changes = _document_fields(given)
    given.check()
    if name is not None:
        changes["name"] = name
    return EditPlan(tenant_id=tenant_id, identifier=identifier, version=version, changes=changes)


def publish_from_wire(given: Fields, *, tenant_id: int, identifier: str) -> PublishPlan:
    """The command of POST /catalog/plans/{identifier}/publish/. Raises Invalid."""
    features, pricing = given.flag("updateFeatures"), given.flag("updatePricing")
    given.check()
    return PublishPlan(
        tenant_id=tenant_id, identifier=identifier, update_features=bool(features), update_pricing=bool(pricing)
    )


def _document_fields(given: Fields) -> dict[str, Any]:
    """The fields of a plan's document that were sent, but for its name."""
    read = {
        "description": description_from_wire(given),
        "metadata": free_object(given, "metadata"),
        "is_visible": given.flag("isVisible"),
        "license": _license_from_wire(given),
        "links": _links_from_wire(given),
        "countries": countries_from_wire(given),
    }
    changes: dict[str, Any] = {name: value for name, value in read.items() if value is not None}
    ordering = given.whole("ordering", 0, ORDERING_MAX)
    if given.has("ordering"):
        changes["ordering"] = ordering
    refuse_files(given, "fileKeys")
    return changes


def _license_from_wire(given: Fields) -> dict[str, Any] | None:
    sent = given.object("license")
    if sent is None:
        return None
    inner = Fields(sent)
    read = {
        "enabled": inner.flag("enabled"),
        "activationLimit": inner.whole("activationLimit", 1, NUMBER_MAX),
        "activationLimitEnabled": inner.flag("activationLimitEnabled"),
        "durationUnit": inner.choice("durationUnit", DURATION_UNITS),
        "durationValue": inner.whole("durationValue", 1, NUMBER_MAX),
        "hasExpiry": inner.flag("hasExpiry"),
    }
    _pass_on(given, "license", "", inner.errors)
    return {name: value for name, value in read.items() if value is not None}


def _links_from_wire(given: Fields) -> tuple[dict[str, str], ...] | None:
    items = given.items("links", count_max=LINKS_MAX)
    if items is None:
        return None
    links: list[dict[str, str]] = []
    for index, item in enumerate(items):
        inner = Fields(item if isinstance(item, dict) else {})
        links.append(
            {"name": inner.text("name", blank=True) or "", "url": url_from_wire(inner, "url", required=True) or ""}
        )
        _pass_on(given, "links", f"Item {index}: ", inner.errors)
    return tuple(links)


def countries_from_wire(given: Fields) -> tuple[str, ...] | None:
    """ISO 3166-1 codes, each once, in upper case."""
    items = given.items("countries", count_max=COUNTRIES_MAX)
    if items is None:
        return None
    codes = [item.upper() if isinstance(item, str) else "" for item in items]
    if not all(is_country(code) for code in codes):
        given.refuse("countries", "Must be ISO 3166-1 alpha-2 codes of countries.")
    return tuple(dict.fromkeys(codes))


def uuid_from_wire(given: Fields, name: str, *, required: bool = False) -> str | None:
    """A UUID as rows have it."""
    text = given.text(name, required=required)
    if text is None:
        return None
    uid = uuid_of(text)
    if uid is None:
        given.refuse(name, "Must be a valid UUID.")
    return uid


def uuid_of(text: str) -> str | None:
    """A UUID in its usual form, None if the text is none."""
    try:
        uid = str(UUID(text))
    except ValueError:
        return None
    return uid if uid == text.lower() else None


# What a plan gives.


def entitlements_from_wire(given: Fields, *, tenant_id: int, identifier: str, replaces: bool) -> SetPlanEntitlements:
    """The command of POST and PUT /catalog/plans/{identifier}/features/. Raises Invalid."""
    items = given.items("planEntitlements", required=True, count_max=ENTITLEMENTS_MAX) or []
    entitlements: list[AuthoredEntitlement] = []
    for index, item in enumerate(items):
        inner = Fields(item if isinstance(item, dict) else {})
        feature = uuid_from_wire(inner, "feature", required=True)
        details = _details_from_wire(inner)
        _pass_on(given, "planEntitlements", f"Item {index}: ", inner.errors)
        entitlements.append(AuthoredEntitlement(feature or "", details))
    if given.given("basePlan") is not None:
        given.refuse("basePlan", "A plan of the catalog inherits from none.")
    given.check()
    return SetPlanEntitlements(
        tenant_id=tenant_id, identifier=identifier, entitlements=tuple(entitlements), replaces=replaces
    )


def entitlement_from_wire(given: Fields, *, tenant_id: int, identifier: str, feature: str) -> ChangePlanEntitlement:
    """The command of PATCH /catalog/plans/{identifier}/features/{feature_id}/. Raises Invalid."""
    details = _details_from_wire(given)
    given.check()
    return ChangePlanEntitlement(tenant_id=tenant_id, identifier=identifier, feature=feature, details=details)


def _details_from_wire(given: Fields) -> dict[str, Any]:
    """The details that were sent: those that we know, and whatever else a merchant keeps there."""
    sent = given.object("details", required=True)
    if sent is None:
        return {}
    inner = Fields(sent)
    fault = fault_of_free(sent)
    if fault is not None:
        given.refuse("details", fault)
    known = {
        "value": inner.given("value"),
        "hasUnlimitedUsage": inner.flag("hasUnlimitedUsage"),
        "hardLimit": inner.flag("hardLimit"),
        "reset": inner.choice("reset", RESETS),
        "resetTime": inner.text("resetTime"),
        "rollover": inner.object("rollover"),
        "usageAlerts": inner.object("usageAlerts"),
        "isInherited": inner.flag("isInherited"),
        "isValueOverridden": inner.flag("isValueOverridden"),
    }
    _pass_on(given, "details", "", inner.errors)
    may_be_null = ("value", "resetTime")
    return {
        name: value for name, value in known.items() if inner.has(name) and (value is not None or name in may_be_null)
    }


def _pass_on(given: Fields, name: str, where: str, errors: Errors) -> None:
    for field, sentences in errors.items():
        for sentence in sentences:
            given.refuse(name, f"{where}{field}: {sentence}")

"""From plans, their prices and what they give, to Kelviq's wire. Amounts are exact decimals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tollhouse.apis.kelviq.reply.products import feature_to_wire
from tollhouse.domain.pricing import TIERED_MODELS
from tollhouse.ledger.catalog.features import FeatureShown
from tollhouse.ledger.catalog.versions import ARCHIVED, Version
from tollhouse.ledger.events.objects import instant_text
from tollhouse.ledger.plan_documents import AuthoredEntitlement, AuthoredPrice, Bracket, PeriodPrice, PriceItem

#: Features by identifier.
Features = dict[str, FeatureShown]


def plan_to_wire(version: Version, product_uid: str) -> dict[str, Any]:
    """`files` are none: they are not kept here."""
    document = version.document
    return {
        "identifier": version.plan.identifier,
        "name": document.name,
        "description": document.description,
        "product": product_uid,
        "metadata": document.metadata,
        "version": version.number,
        "isLatest": version.is_in_force,
        "modifiedOn": instant_text(version.modified_at),
        "createdOn": instant_text(version.created_at),
        "details": {},
        "isVisible": document.is_visible,
        "isImported": False,
        "countries": document.countries,
        "license": document.license or {"enabled": False},
        "links": document.links,
        "files": [],
        "ordering": document.ordering,
        "isArchived": version.plan.state == ARCHIVED,
    }


def price_to_wire(price: AuthoredPrice, features: Features) -> dict[str, Any]:
    return {
        "id": price.uid,
        "priceType": price.price_type,
        "currency": price.currency,
        "freeTrial": price.has_trial,
        "trialPeriod": price.trial_days,
        "enabled": price.is_enabled,
        "taxBehavior": price.tax_behavior,
        "countries": price.countries,
        "chargeCatalogPrice": [_item_to_wire(item, price.currency, features) for item in price.items],
    }


def _item_to_wire(item: PriceItem, currency: str, features: Features) -> dict[str, Any]:
    return {
        "feature": features[item.feature].feature.uid if item.feature else None,
        "priceModel": item.model,
        "reset": item.reset,
        "resetTime": item.reset_time,
        "hasUnlimitedUsage": item.has_unlimited_usage,
        "paymentType": item.payment_type,
        "rollover": item.rollover,
        "usageAlerts": item.usage_alerts,
        "charges": [charge_to_wire(item.model, charge, currency) for charge in item.charges],
    }


def charge_to_wire(model: str, charge: PeriodPrice, currency: str) -> dict[str, Any]:
    """What is asked for in one period; the names inside `priceData` and `advanced` are in snake_case."""
    data: dict[str, Any] = {"currency": currency}
    if model not in TIERED_MODELS:
        sizes = {} if charge.block_size is None else {"block_size": charge.block_size}
        data = {"amount": Decimal(charge.amount or 0), **sizes}
    bounds = {"min_quantity": charge.quantity_min, "max_quantity": charge.quantity_max}
    return {
        "chargePeriod": charge.charge_period,
        "priceData": data,
        "tiers": [_tier_to_wire(bracket) for bracket in charge.tiers],
        "advanced": {name: quantity for name, quantity in bounds.items() if quantity is not None},
    }


def _tier_to_wire(bracket: Bracket) -> dict[str, Any]:
    return {
        "flatAmount": Decimal(bracket.flat_amount),
        "unitAmount": Decimal(bracket.unit_amount),
        "upTo": "inf" if bracket.up_to is None else bracket.up_to,
    }


def entitlements_to_wire(entitlements: Sequence[AuthoredEntitlement], features: Features) -> list[dict[str, Any]]:
    return [entitlement_to_wire(entitlement, features[entitlement.feature]) for entitlement in entitlements]


def entitlement_to_wire(entitlement: AuthoredEntitlement, feature: FeatureShown) -> dict[str, Any]:
    unsaid: dict[str, Any] = {
        "value": None,
        "hasUnlimitedUsage": False,
        "reset": "NEVER",
        "resetTime": None,
        "rollover": {},
        "usageAlerts": {},
        "hardLimit": False,
        "isInherited": False,
        "isValueOverridden": False,
    }
    return {"feature": feature_to_wire(feature), "details": {**unsaid, **entitlement.details}}

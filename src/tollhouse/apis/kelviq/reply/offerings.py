"""From what a product costs a buyer to Kelviq's wire."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from tollhouse.apis.kelviq.reply.products import feature_to_wire
from tollhouse.domain.places import currency_symbol, locale_of_country
from tollhouse.domain.pricing import TIERED_MODELS, FeaturePrice
from tollhouse.ledger.catalog.features import FeatureShown
from tollhouse.ledger.catalog.offering import Offering, PeriodOffered, PlanOffered
from tollhouse.ledger.facts import PaymentFact, PlanEntitlementFact, TenantFact
from tollhouse.ledger.plan_documents import CHARGE_PERIODS, ONE_TIME
from tollhouse.ledger.purchase_details import detail_of


def offering_to_wire(tenant: TenantFact, offering: Offering) -> dict[str, Any]:
    base_currency = offering.product.settings["currency"]
    return {
        "organizationId": tenant.tenant_id,
        "countryCode": offering.country,
        "pricingLocale": locale_of_country(offering.country),
        "currencyCode": offering.currency,
        "currencySymbol": currency_symbol(offering.currency),
        "currencyConversionRate": 1,
        "baseCurrencyCode": base_currency,
        "baseCurrencySymbol": currency_symbol(base_currency),
        "plans": [_plan_to_wire(plan) for plan in offering.plans],
        "subscription": _bought_to_wire(offering.bought),
        "isCustomerExists": offering.customer is not None,
        "billingPeriods": _periods_to_wire(offering),
    }


def _plan_to_wire(plan: PlanOffered) -> dict[str, Any]:
    document = plan.version.document
    return {
        "name": document.name,
        "description": document.description,
        "identifier": plan.version.plan.identifier,
        "details": {},
        "isVisible": document.is_visible,
        "metadata": document.metadata,
        "basePlan": None,
        "price": _price_to_wire(plan),
        "originalPrice": {p.charge_period: p.amount for p in plan.periods if p.amount is not None},
        "features": _features_to_wire(plan),
        "shouldHighlight": False,
        "enabled": plan.can_be_bought,
        "displayName": document.name,
        "displayDescription": document.description,
        "includes": "",
    }


def _price_to_wire(plan: PlanOffered) -> dict[str, Any]:
    written = next((price for price in plan.version.document.prices if price.uid == plan.price.uid), None)
    return {
        "id": plan.price.uid,
        "priceType": plan.price.price_type,
        "freeTrial": written is not None and written.has_trial,
        "trialPeriod": written.trial_days if written is not None else 0,
        "currency": plan.price.currency,
        "enabled": True,
        "taxBehavior": plan.price.tax_behavior,
        "charges": [_charge_to_wire(plan, period) for period in plan.periods],
    }


def _charge_to_wire(plan: PlanOffered, period: PeriodOffered) -> dict[str, Any]:
    charge: dict[str, Any] = {
        "id": _charge_uid(plan, "", period.charge_period),
        "chargePeriod": period.charge_period,
        "tiers": [],
        "priceData": {} if period.amount is None else {"amount": period.amount},
        "details": {},
        "advanced": {},
    }
    return charge if period.least is None else {**charge, "featureQuantityPrice": period.least}


def _features_to_wire(plan: PlanOffered) -> list[dict[str, Any]]:
    """What the plan gives, and what can be bought with it."""
    entitled = {row.identifier: row for row in plan.rows.entitlements}
    priced = {feature.identifier: feature for period in plan.periods for feature in period.price.features}
    names = dict.fromkeys([*entitled, *priced])
    return [_feature_to_wire(plan, plan.features[name], entitled.get(name)) for name in names if name in plan.features]


def _feature_to_wire(plan: PlanOffered, shown: FeatureShown, entitled: PlanEntitlementFact | None) -> dict[str, Any]:
    identifier = shown.feature.identifier
    charges = [
        _feature_charge_to_wire(plan, feature, period)
        for period in plan.periods
        for feature in period.price.features
        if feature.identifier == identifier
    ]
    return {
        "enabled": True,
        "displayName": shown.feature.name,
        "displayDescription": shown.details.description,
        "displayTooltipDescription": False,
        **feature_to_wire(shown),
        "value": None if entitled is None else msgspec.json.decode(entitled.value, type=bool | int | None),
        "hasUnlimitedUsage": entitled is not None and bool(entitled.is_unlimited),
        "hardLimit": entitled is not None and bool(entitled.hard_limit),
        "reset": "NEVER" if entitled is None else entitled.reset,
        "resetTime": None,
        "charges": charges,
    }


def _feature_charge_to_wire(plan: PlanOffered, feature: FeaturePrice, period: PeriodOffered) -> dict[str, Any]:
    data: dict[str, Any] = {"currency": plan.price.currency}
    if feature.model not in TIERED_MODELS:
        sizes = {} if feature.block_size is None else {"block_size": feature.block_size}
        data = {"amount": feature.amount, **sizes}
    bounds = {"min_quantity": feature.quantity_min, "max_quantity": feature.quantity_max}
    return {
        "id": _charge_uid(plan, feature.identifier, period.charge_period),
        "chargePeriod": period.charge_period,
        "tiers": [
            {
                "flatAmount": tier.flat_amount,
                "unitAmount": tier.unit_amount,
                "upTo": "inf" if tier.up_to is None else tier.up_to,
            }
            for tier in feature.tiers
        ],
        "priceData": data,
        "details": {"priceModel": feature.model},
        "advanced": {name: quantity for name, quantity in bounds.items() if quantity is not None},
    }


def _charge_uid(plan: PlanOffered, feature: str, period: str) -> str:
    """A charge's UUID, which is always the same."""
    return str(uuid.uuid5(uuid.UUID(plan.price.uid), f"{feature} {period}"))


def _bought_to_wire(bought: PaymentFact | None) -> dict[str, Any]:
    return {
        "hasPreviousSubscription": bought is not None,
        "planIdentifier": None if bought is None else detail_of(bought).plan_identifier,
        "subscriptionId": None if bought is None else bought.uid,
        "chargePeriod": None if bought is None else ONE_TIME,
    }


def _periods_to_wire(offering: Offering) -> list[dict[str, Any]]:
    """The periods in which anything is priced. Here one can buy once."""
    priced = {period.charge_period for plan in offering.plans for period in plan.periods}
    known = [period for period in CHARGE_PERIODS if period in priced]
    return [
        {
            "chargePeriod": period,
            "enabled": period == ONE_TIME,
            "displayName": period.replace("_", " ").title(),
            "promoCaption": "",
            "defaultSelected": period == ONE_TIME,
        }
        for period in (*known, *sorted(priced - set(known)))
    ]

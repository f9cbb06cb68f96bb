"""What a provisioning file says of a plan's prices and of what the plan gives."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.places import is_country_code
from tollhouse.domain.pricing import QUANTITY_MAX, TIERED_MODELS, TiersMalformed, check_tiers
from tollhouse.ledger.catalog.authoring import fault_of_entitlement, tiers_of
from tollhouse.ledger.catalog.keeping_up import keep_versions_true
from tollhouse.ledger.catalog.live import LiveRows, Rows, live_rows_of, replace_rows, rows_of_document, same_prices
from tollhouse.ledger.facts import FeatureFact, PlanFact, TenantFact
from tollhouse.ledger.plan_documents import (
    AuthoredEntitlement,
    AuthoredPrice,
    Bracket,
    PeriodPrice,
    PlanDocument,
    PriceItem,
)
from tollhouse.ledger.provisioning.document import (
    EntitlementTable,
    PlanTable,
    PriceFeatureTable,
    PriceTable,
    ProvisioningRefused,
    TierTable,
)
from tollhouse.ledger.purchasing.prices import uid_of_price


class Reading(NamedTuple):
    """How a file's texts are read; each raises ProvisioningRefused with where it stands."""

    currency: Callable[[str, str], str]
    amount: Callable[[str, str | int], Decimal]


def apply_sold(rows: Rows, tenant: TenantFact, plan: PlanFact, table: PlanTable, *, now: int, reading: Reading) -> None:
    """Write the prices and entitlements that the table gives; what it leaves out stays. Versions are kept true."""
    where = f"plans.{table.identifier}"
    if table.countries is not None and table.prices is None:
        raise ProvisioningRefused(f"{where}.countries: limit the prices beside them; give those too.")
    before = live_rows_of(rows, plan)
    after = before
    if table.prices is not None:
        said = rows_of_document(plan, _document(rows, tenant, plan, table, reading))
        after = replace(after, prices=said.prices, price_features=said.price_features)
    if table.entitlements is not None:
        document = PlanDocument(name=plan.name, entitlements=_entitlements(rows, where, table.entitlements))
        after = replace(after, entitlements=rows_of_document(plan, document).entitlements)
    if not _same(before, after):
        replace_rows(rows, before, after)
    keep_versions_true(rows, tenant, plan, now)


def _same(before: LiveRows, after: LiveRows) -> bool:
    return same_prices(before, after) and before.entitlements == after.entitlements


def _document(rows: Rows, tenant: TenantFact, plan: PlanFact, table: PlanTable, reading: Reading) -> PlanDocument:
    where = f"plans.{table.identifier}"
    prices = [
        _price(rows, f"{where}.prices[{position}]", uid_of_price(tenant, plan, position), price, reading)
        for position, price in enumerate(table.prices or ())
    ]
    countries = _countries(f"{where}.countries", table.countries or [])
    return PlanDocument(name=plan.name, countries=countries, prices=tuple(prices))


def _price(rows: Rows, where: str, uid: str, table: PriceTable, reading: Reading) -> AuthoredPrice:
    amount = None if table.amount is None else decimal_text(reading.amount(f"{where}.amount", table.amount))
    base = PriceItem(charges=(PeriodPrice(charge_period=table.charge_period, amount=amount),))
    features = [
        _item(rows, f"{where}.features[{position}]", table.charge_period, feature, reading)
        for position, feature in enumerate(table.features)
    ]
    return AuthoredPrice(
        uid=uid,
        price_type=table.price_type,
        currency=reading.currency(f"{where}.currency", table.currency),
        tax_behavior=table.tax_behavior,
        countries=_countries(f"{where}.countries", table.countries),
        items=(base, *features),
    )


def _item(rows: Rows, where: str, period: str, table: PriceFeatureTable, reading: Reading) -> PriceItem:
    known_feature(rows, where, table.identifier)
    if (table.model == "PACKAGE") != (table.block_size is not None):
        raise ProvisioningRefused(f"{where}.block_size: belongs to PACKAGE prices, which need one of at least 1.")
    if (table.min_quantity or 1) > (table.max_quantity or QUANTITY_MAX):
        raise ProvisioningRefused(f"{where}.min_quantity: must not be above max_quantity.")
    if (table.model in TIERED_MODELS) != (table.amount is None):
        raise ProvisioningRefused(f"{where}.amount: belongs to FLAT and PACKAGE prices, which need one.")
    charge = PeriodPrice(
        charge_period=period,
        amount=None if table.amount is None else decimal_text(reading.amount(f"{where}.amount", table.amount)),
        block_size=table.block_size,
        quantity_min=table.min_quantity,
        quantity_max=table.max_quantity,
        tiers=tuple(_bracket(f"{where}.tiers[{n}]", tier, reading) for n, tier in enumerate(table.tiers)),
    )
    try:
        check_tiers(table.model, tiers_of(charge))
    except TiersMalformed as error:
        raise ProvisioningRefused(f"{where}.tiers: {error}") from error
    return PriceItem(feature=table.identifier, model=table.model, charges=(charge,))


def _bracket(where: str, table: TierTable, reading: Reading) -> Bracket:
    return Bracket(
        None if table.up_to == "inf" else table.up_to,
        decimal_text(reading.amount(f"{where}.unit_amount", table.unit_amount)),
        decimal_text(reading.amount(f"{where}.flat_amount", table.flat_amount)),
    )


def _countries(where: str, codes: list[str]) -> tuple[str, ...]:
    if not all(is_country_code(code) for code in codes):
        raise ProvisioningRefused(f"{where}: must be ISO 3166-1.")
    return tuple(code.upper() for code in codes)


def _entitlements(rows: Rows, where: str, tables: list[EntitlementTable]) -> tuple[AuthoredEntitlement, ...]:
    entitlements: list[AuthoredEntitlement] = []
    for position, table in enumerate(tables):
        here = f"{where}.entitlements[{position}]"
        feature = known_feature(rows, here, table.identifier)
        if table.identifier in {entitlement.feature for entitlement in entitlements}:
            raise ProvisioningRefused(f"{here}: {table.identifier} is there twice.")
        details = {
            "value": table.value,
            "hasUnlimitedUsage": table.unlimited,
            "hardLimit": table.hard_limit,
            "reset": table.reset,
        }
        fault = fault_of_entitlement(feature.feature_type, details)
        if fault is not None:
            raise ProvisioningRefused(f"{here}: {fault.removeprefix('details: ')}")
        entitlements.append(AuthoredEntitlement(table.identifier, details))
    return tuple(entitlements)


def known_feature(rows: Rows, where: str, identifier: str) -> FeatureFact:
    for feature in rows.find(FeatureFact, identifier=identifier):
        return feature
    raise ProvisioningRefused(f"{where}: {identifier} names no feature.")

"""From Kelviq's wire to the command that replaces a plan's prices.

Only the form is looked at here; what prices may say is the ledger's to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from tollhouse.apis.kelviq.fields import Fields, fault_of_amount
from tollhouse.apis.kelviq.request.free_objects import free_object
from tollhouse.apis.kelviq.request.plans import countries_from_wire, uuid_from_wire
from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.pricing import AMOUNT_DECIMALS_MAX, AMOUNT_DIGITS_MAX, PRICE_MODELS, QUANTITY_MAX
from tollhouse.ledger.commands.catalog import SetPlanPrices
from tollhouse.ledger.plan_documents import (
    CHARGE_PERIODS,
    IN_ADVANCE,
    PAYMENT_TYPES,
    PRICE_TYPES,
    RESETS,
    TAX_BEHAVIORS,
    AuthoredPrice,
    Bracket,
    PeriodPrice,
    PriceItem,
)

PRICES_MAX: Final = 200
ITEMS_MAX: Final = 100
TIERS_MAX: Final = 100
TRIAL_DAYS_MAX: Final = 3650

_NOTHING: Final = "0.00"
_TOO_PRECISE: Final = f"At most {AMOUNT_DIGITS_MAX} digits before the point and {AMOUNT_DECIMALS_MAX} after it."


def prices_from_wire(given: Fields, *, tenant_id: int, identifier: str, currency: str) -> SetPlanPrices:
    """The command of POST /catalog/plans/{identifier}/prices/bulk/. `currency` is that of prices that say none.

    Raises Invalid.
    """
    items = given.items("prices", required=True, count_max=PRICES_MAX) or []
    prices: list[AuthoredPrice] = []
    for index, item in enumerate(items):
        inner = _fields(item)
        prices.append(_price(inner, currency))
        given.refuse_item("prices", index, inner.errors)
    given.check()
    return SetPlanPrices(tenant_id=tenant_id, identifier=identifier, prices=tuple(prices))


def _price(given: Fields, currency: str) -> AuthoredPrice:
    price_type = given.choice("priceType", PRICE_TYPES, required=True)
    items = given.items("chargeCatalogPrice", count_max=ITEMS_MAX) or []
    return AuthoredPrice(
        uid="",
        price_type=price_type or "",
        currency=given.currency("currency", required=price_type == "PAID") or currency,
        tax_behavior=given.choice("taxBehavior", TAX_BEHAVIORS) or "UNSPECIFIED",
        has_trial=bool(given.flag("freeTrial")),
        trial_days=given.whole("trialPeriod", 0, TRIAL_DAYS_MAX) or 0,
        is_enabled=given.flag("enabled") is not False,
        countries=countries_from_wire(given) or (),
        items=tuple(_item(given, index, item) for index, item in enumerate(items)),
    )


def _item(outer: Fields, index: int, item: Any) -> PriceItem:
    given = _fields(item)
    charges = given.items("charges", count_max=len(CHARGE_PERIODS)) or []
    read = PriceItem(
        feature=uuid_from_wire(given, "feature") or "",
        model=given.choice("priceModel", PRICE_MODELS) or "FLAT",
        payment_type=given.choice("paymentType", PAYMENT_TYPES) or IN_ADVANCE,
        reset=given.choice("reset", RESETS) or "NEVER",
        reset_time=given.text("resetTime"),
        has_unlimited_usage=bool(given.flag("hasUnlimitedUsage")),
        rollover=free_object(given, "rollover") or {},
        usage_alerts=free_object(given, "usageAlerts") or {},
        charges=tuple(_charge(given, position, charge) for position, charge in enumerate(charges)),
    )
    outer.refuse_item("chargeCatalogPrice", index, given.errors)
    return read


def _charge(outer: Fields, index: int, charge: Any) -> PeriodPrice:
    given = _fields(charge)
    data = _inner(given, "priceData")
    bounds = _inner(given, "advanced")
    read = PeriodPrice(
        charge_period=given.choice("chargePeriod", CHARGE_PERIODS, required=True) or "",
        amount=_amount(data, "amount"),
        block_size=data.whole("blockSize", 1, QUANTITY_MAX),
        quantity_min=bounds.whole("minQuantity", 1, QUANTITY_MAX),
        quantity_max=bounds.whole("maxQuantity", 1, QUANTITY_MAX),
        tiers=tuple(_tiers(given)),
    )
    for name, inner in (("priceData", data), ("advanced", bounds)):
        for field, sentences in inner.errors.items():
            given.refuse(name, f"{field}: {sentences[0]}")
    outer.refuse_item("charges", index, given.errors)
    return read


def _tiers(given: Fields) -> Sequence[Bracket]:
    brackets: list[Bracket] = []
    for index, item in enumerate(given.items("tiers", count_max=TIERS_MAX) or []):
        inner = _fields(item)
        is_open = inner.given("upTo") in (None, "inf")
        brackets.append(
            Bracket(
                None if is_open else inner.whole("upTo", 1, QUANTITY_MAX),
                _amount(inner, "unitAmount") or _NOTHING,
                _amount(inner, "flatAmount") or _NOTHING,
            )
        )
        given.refuse_item("tiers", index, inner.errors)
    return brackets


def _amount(given: Fields, name: str) -> str | None:
    """Major units from 0 as exact decimal text."""
    value = given.given(name)
    if value is None:
        return None
    fault = fault_of_amount(value, zero=True) or (_fault_of_digits(Decimal(value)) if value else None)
    if fault is not None:
        given.refuse(name, fault)
        return None
    return decimal_text(Decimal(value)) if value else _NOTHING


def _fault_of_digits(amount: Decimal) -> str | None:
    decimals = decimal_text(amount, places_min=0).partition(".")[2]
    is_kept = amount.adjusted() < AMOUNT_DIGITS_MAX and len(decimals) <= AMOUNT_DECIMALS_MAX
    return None if is_kept else _TOO_PRECISE


def _inner(given: Fields, name: str) -> Fields:
    return Fields(given.object(name) or {})


def _fields(item: Any) -> Fields:
    """An item of a list; what is no object has none of the fields that it needs."""
    if isinstance(item, dict):
        return Fields(item)
    fields = Fields({})
    fields.refuse("item", "Expected an object.")
    return fields

"""A plan as its authors wrote it: everything that a catalog shows of one version. Kept as JSON.

Amounts are decimal text in major units; features are named by their identifiers. What is only kept and shown is there
as it was sent.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

ONE_TIME: Final = "ONE_TIME"
CHARGE_PERIODS: Final = (ONE_TIME, "DAILY", "MONTHLY", "QUARTERLY", "YEARLY")
PRICE_TYPES: Final = ("FREE", "PAID", "CUSTOM")
TAX_BEHAVIORS: Final = ("INCLUSIVE", "EXCLUSIVE", "UNSPECIFIED")
IN_ADVANCE: Final = "ADVANCE_COMMITMENT"
PAYMENT_TYPES: Final = (IN_ADVANCE, "PAY_AS_YOU_GO")
RESETS: Final = ("NEVER", "EVERY_DAY", "EVERY_28_DAYS", "EVERY_MONTH", "EVERY_QUARTER", "EVERY_YEAR")


class Bracket(msgspec.Struct, frozen=True):
    """One bracket of a price: `up_to` is the last quantity in it, None where it has no end."""

    up_to: int | None
    unit_amount: str
    flat_amount: str


class PeriodPrice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked for in one charge period: an amount, or brackets."""

    charge_period: str
    amount: str | None = None
    block_size: int | None = None
    quantity_min: int | None = None
    quantity_max: int | None = None
    tiers: tuple[Bracket, ...] = ()


class PriceItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a price asks for one feature or, where `feature` is empty, for the plan itself."""

    feature: str = ""
    model: str = "FLAT"
    payment_type: str = IN_ADVANCE
    reset: str = "NEVER"
    reset_time: str | None = None
    has_unlimited_usage: bool = False
    rollover: dict[str, Any] = {}
    usage_alerts: dict[str, Any] = {}
    charges: tuple[PeriodPrice, ...] = ()


class AuthoredPrice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A price in one currency, for everywhere or for some countries, in one or more charge periods."""

    uid: str
    price_type: str
    currency: str
    tax_behavior: str = "UNSPECIFIED"
    has_trial: bool = False
    trial_days: int = 0
    is_enabled: bool = True
    countries: tuple[str, ...] = ()
    items: tuple[PriceItem, ...] = ()

    @property
    def charge_periods(self) -> tuple[str, ...]:
        """The periods in which it can be bought, in the order in which they are named. What costs nothing, or is
        agreed upon, is bought once where nothing is said."""
        named = tuple(dict.fromkeys(charge.charge_period for item in self.items for charge in item.charges))
        return named or (() if self.price_type == "PAID" else (ONE_TIME,))


class AuthoredEntitlement(msgspec.Struct, frozen=True):
    """What the plan gives of a feature; `details` are as the wire has them."""

    feature: str
    details: dict[str, Any]


class PlanDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`included` are features that come with the plan and of which nothing else is said. What was asked of existing
    customers at publishing is kept in `update_features` and `update_pricing`."""

    name: str
    description: str = ""
    metadata: dict[str, Any] = {}
    is_visible: bool = True
    license: dict[str, Any] = {}
    links: tuple[dict[str, str], ...] = ()
    ordering: int | None = None
    countries: tuple[str, ...] = ()
    prices: tuple[AuthoredPrice, ...] = ()
    entitlements: tuple[AuthoredEntitlement, ...] = ()
    included: tuple[str, ...] = ()
    update_features: bool = False
    update_pricing: bool = False


_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DOCUMENT = msgspec.json.Decoder(PlanDocument, float_hook=Decimal)
_OBJECT = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_BRACKETS = msgspec.json.Decoder(tuple[Bracket, ...])


def document_text(document: PlanDocument) -> str:
    return _ENCODER.encode(document).decode()


def document_from_text(text: str) -> PlanDocument:
    return _DOCUMENT.decode(text)


def json_text(value: Any) -> str:
    """A JSON value as text; no number in it passes through a float, here or in `object_from_text`."""
    return _ENCODER.encode(value).decode()


def object_from_text(text: str) -> dict[str, Any]:
    return _OBJECT.decode(text)


def brackets_from_text(text: str) -> tuple[Bracket, ...]:
    return _BRACKETS.decode(text)

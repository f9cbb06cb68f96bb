"""The provisioning file's shape. Every table is optional; an unknown key is refused, so that no typo is lost.

Amounts and rates are decimal text. What an update leaves out keeps its value.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tollhouse.domain.identity import is_storable
from tollhouse.domain.pricing import QUANTITY_MAX, PriceModel
from tollhouse.shapes import Shape

NUMBER_MAX: Final = 2**31 - 1
"""The largest number that a customer or plan can be given."""

NAME_LENGTH_MAX: Final = 255
"""Characters of what a row is found by."""

Number = Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
Quantity = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
Secret = Annotated[str, Meta(min_length=8, max_length=255)]


class ProvisioningRefused(ValueError):
    """The file cannot be applied; the sentence names the table and key. Nothing was changed."""


class _Table(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class TenantTable(_Table):
    slug: str
    name: str | None = None
    currency: str | None = None
    timezone: str | None = None
    session_window_minutes: int | None = None
    blocked: bool | None = None
    private_webhooks: bool | None = None
    anchor: Literal["calendar", "start"] | None = None
    empty_period_grace_minutes: int | None = None
    public_keys_may_charge: bool | None = None
    negative_amounts_refund: bool | None = None
    hosts: list[str] | None = None
    clock: datetime | None = None


class KeyTable(_Table):
    kind: Literal["secret", "public", "application", "client"] = "secret"
    name: str | None = None
    secret: Secret | None = None


class RoleTable(_Table):
    name: str
    privileges: dict[str, int] = {}


class PersonTable(_Table):
    username: str
    role: str
    password: str | None = None
    customer: Number = 1
    email: str | None = None
    source: str | None = None
    totp_secret: str | None = None


class CustomerTable(_Table):
    number: Number | None = None
    reference: str | None = None
    email: str | None = None
    name: str | None = None
    plan: str | None = None
    parent: Number | None = None
    currency: str | None = None
    timezone: str | None = None
    country: str | None = None
    bill_type: (
        Literal["callshop", "external", "none", "postpaid", "prepaid", "prepaid_calls", "prepaid_invoices"] | None
    ) = None
    balance: str | int = 0


class ProductTable(_Table):
    identifier: str
    name: str | None = None
    description: str | None = None


class FeatureTable(_Table):
    identifier: str
    name: str | None = None
    type: Literal["BOOLEAN", "METER", "CUSTOMIZABLE"] = "METER"
    description: str | None = None


class TierTable(_Table):
    """A bracket of a price; without `up_to` it has no end."""

    up_to: Quantity | Literal["inf"] | None = None
    unit_amount: str | int = 0
    flat_amount: str | int = 0


class PriceFeatureTable(_Table):
    identifier: str
    amount: str | int | None = None
    model: PriceModel = "FLAT"
    tiers: list[TierTable] = []
    block_size: Quantity | None = None
    min_quantity: Quantity | None = None
    max_quantity: Quantity | None = None


class PriceTable(_Table):
    currency: str
    amount: str | int | None = None
    charge_period: str = "ONE_TIME"
    price_type: Literal["FREE", "PAID", "CUSTOM"] = "PAID"
    tax_behavior: Literal["INCLUSIVE", "EXCLUSIVE", "UNSPECIFIED"] = "UNSPECIFIED"
    countries: list[str] = []
    features: list[PriceFeatureTable] = []


class EntitlementTable(_Table):
    identifier: str
    value: bool | int | None = None
    unlimited: bool = False
    hard_limit: bool = False
    reset: Literal["NEVER", "EVERY_DAY", "EVERY_28_DAYS", "EVERY_MONTH", "EVERY_QUARTER", "EVERY_YEAR"] = "NEVER"


class PlanTable(_Table):
    identifier: str
    name: str | None = None
    number: Number | None = None
    product: str | None = None
    customer: Number | None = None
    currency: str | None = None
    state: Literal["draft", "published", "archived"] | None = None
    features: list[str] | None = None
    countries: list[str] | None = None
    prices: list[PriceTable] | None = None
    entitlements: list[EntitlementTable] | None = None


class PaymentMethodTable(_Table):
    customer: str
    gateway: Literal["sandbox", "stripe"]
    token: str
    default: bool = False
    brand: str | None = None
    last4: Annotated[str, Meta(pattern="^[0-9]{4}$")] | None = None
    exp_month: Annotated[int, Meta(ge=1, le=12)] | None = None
    exp_year: Annotated[int, Meta(ge=2000, le=2999)] | None = None
    funding: Literal["credit", "debit", "prepaid", "unknown"] | None = None
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None


class TaxTable(_Table):
    name: str
    customer: Number = 1
    description: str = ""
    rate: str | int = 0
    amount: str | int = 0
    currency: str | None = None
    accounts: int = 1
    calls: int = 1
    cardgroups: int = 1
    charges: int = 1
    features: int = 1
    messages: int = 1
    numbers: int = 1
    products: int = 1
    liable: int = 2
    shared: int = 0


class ExchangeRateTable(_Table):
    """`time` is when the rate starts to count; without it the rate counts until one with a time does."""

    rate: str | int
    from_currency: str = msgspec.field(name="from")
    to_currency: str = msgspec.field(name="to")
    time: datetime | None = None


class WebhookEndpointTable(_Table):
    """`events` left out are all of them."""

    url: str
    secret: Secret | None = None
    events: list[str] | None = None
    description: str | None = None


class SegmentTable(_Table):
    """`rules` are read where they are applied: see domain/segment_rules.py."""

    slug: str | None = None
    name: str | None = None
    op: str | None = None
    rules: Any = None


class Document(_Table):
    tenant: TenantTable
    keys: list[KeyTable] = []
    roles: list[RoleTable] = []
    people: list[PersonTable] = []
    customers: list[CustomerTable] = []
    products: list[ProductTable] = []
    features: list[FeatureTable] = []
    plans: list[PlanTable] = []
    payment_methods: list[PaymentMethodTable] = []
    taxes: list[TaxTable] = []
    exchange_rates: list[ExchangeRateTable] = []
    webhook_endpoints: list[WebhookEndpointTable] = []
    segments: list[SegmentTable] = []


_DOCUMENT = Shape(Document)


def document_from_toml(text: str) -> Document:
    """Read a provisioning file; ProvisioningRefused names what is wrong and where."""
    try:
        return document_from_tables(tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise ProvisioningRefused(f"The file is not TOML: {error}.") from error


def document_from_tables(tables: dict[str, Any]) -> Document:
    """The document of parsed tables; ProvisioningRefused names what is wrong and where."""
    try:
        document = _DOCUMENT.from_value(tables)
    except msgspec.ValidationError as error:
        what, _, where = str(error).replace("$.", "").replace("`", "").partition(" - at ")
        raise ProvisioningRefused(f"{where}: {what}." if where else f"{what}.") from error
    except UnicodeEncodeError as error:
        raise ProvisioningRefused("A text has a character that cannot be stored.") from error
    for where, text in _texts(document):
        if not is_storable(text):
            raise ProvisioningRefused(f"{where}: has a character that cannot be stored.")
    for where, name in _names(document):
        if not 1 <= len(name) <= NAME_LENGTH_MAX:
            raise ProvisioningRefused(f"{where}: must have 1 to {NAME_LENGTH_MAX} characters.")
    return document


def _texts(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value, keys of tables too, and where it stands."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{where}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield where, key
            yield from _texts(item, f"{where}.{key}")
    elif isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            yield from _texts(getattr(value, field.name), f"{where}.{field.encode_name}".removeprefix("."))


def _names(document: Document) -> Iterator[tuple[str, str]]:
    """What rows are found by, where no rule of its own bounds it, and where it stands."""
    for index, key in enumerate(document.keys):
        yield f"keys[{index}].name", key.name or key.kind
    for index, role in enumerate(document.roles):
        yield f"roles[{index}].name", role.name
    for index, person in enumerate(document.people):
        yield f"people[{index}].username", person.username
    for index, method in enumerate(document.payment_methods):
        yield f"payment_methods[{index}].token", method.token
    for index, tax in enumerate(document.taxes):
        yield f"taxes[{index}].name", tax.name

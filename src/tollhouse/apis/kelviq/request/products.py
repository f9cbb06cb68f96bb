"""From Kelviq's wire to the commands of products and features."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from tollhouse.apis.kelviq.fields import Fields
from tollhouse.apis.kelviq.request.free_objects import free_object
from tollhouse.ledger.catalog.features import FEATURE_SUBTYPES, FEATURE_TYPES
from tollhouse.ledger.catalog.identifiers import is_identifier
from tollhouse.ledger.catalog.products import TAX_CODES
from tollhouse.ledger.commands import Idempotency
from tollhouse.ledger.commands.catalog import ChangeCatalogProduct, CreateCatalogProduct, CreateFeature

DESCRIPTION_LENGTH_MAX: Final = 10_000
URL_LENGTH_MAX: Final = 2048
IDENTIFIER_PATTERN: Final = "^[a-z0-9][a-z0-9_-]*$"
NO_FILES: Final = "Files and images are not kept here: leave this out."
NOT_AN_IDENTIFIER: Final = "Must be lower-case letters, digits, - and _, a letter or digit first."


def product_from_wire(given: Fields, *, tenant_id: int, idempotency: Idempotency | None) -> CreateCatalogProduct:
    """The command of POST /catalog/products/. Raises Invalid."""
    name, identifier = given.text("name", required=True), identifier_from_wire(given)
    description = description_from_wire(given)
    tax_code = given.choice("taxCode", TAX_CODES, required=True)
    refuse_files(given, "imageKeys", "fileKeys")
    given.check()
    return CreateCatalogProduct(
        tenant_id=tenant_id,
        idempotency=idempotency,
        name=name or "",
        identifier=identifier,
        description=description or "",
        tax_code=tax_code or "",
    )


def product_changes_from_wire(given: Fields, *, tenant_id: int, uid: str) -> ChangeCatalogProduct:
    """The command of PATCH /catalog/products/{pk}/. Raises Invalid."""
    name, description = given.text("name"), description_from_wire(given)
    tax_code = given.choice("taxCode", TAX_CODES)
    refuse_files(given, "imageKeys", "fileKeys")
    given.check()
    return ChangeCatalogProduct(
        tenant_id=tenant_id, uid=uid, name=name, description=description, tax_code=tax_code, settings={}
    )


def settings_from_wire(given: Fields, *, tenant_id: int, uid: str) -> ChangeCatalogProduct:
    """The command of PATCH /catalog/products/{pk}/settings/. Raises Invalid."""
    settings: dict[str, Any] = {name: given.flag(name) for name in ("vpn", "tor", "proxy")}
    settings["currency"] = given.currency("currency")
    product_url = url_from_wire(given, "productUrl")
    given.check()
    settings = {name: value for name, value in settings.items() if value is not None}
    if given.has("productUrl"):
        settings["productUrl"] = product_url
    return ChangeCatalogProduct(tenant_id=tenant_id, uid=uid, settings=settings)


def feature_from_wire(given: Fields, *, tenant_id: int, idempotency: Idempotency | None) -> CreateFeature:
    """The command of POST /catalog/features/. Raises Invalid."""
    name, identifier = given.text("name", required=True), identifier_from_wire(given)
    description = description_from_wire(given)
    feature_type = given.choice("featureType", FEATURE_TYPES, required=True)
    details = {name: free_object(given, name) for name in ("featureDetails", "meter", "metadata")}
    _check_meter(given, feature_type, details)
    given.check()
    return CreateFeature(
        tenant_id=tenant_id,
        idempotency=idempotency,
        name=name or "",
        identifier=identifier,
        feature_type=feature_type or "",
        description=description or "",
        details={name: value for name, value in details.items() if value},
    )


def _check_meter(given: Fields, feature_type: str | None, details: dict[str, Any]) -> None:
    said = details["featureDetails"] or {}
    subtype = said.get("featureSubType", said.get("feature_sub_type"))
    if subtype is not None and subtype not in FEATURE_SUBTYPES:
        given.refuse("featureDetails", f"featureSubType: Must be {' or '.join(FEATURE_SUBTYPES)}.")
    if feature_type == "METER" and subtype == "RAW_EVENTS" and not details["meter"]:
        given.refuse("meter", "A meter of raw events needs aggregation and filters.")


def identifier_from_wire(given: Fields) -> str | None:
    identifier = given.text("identifier")
    if identifier is not None and not is_identifier(identifier):
        given.refuse("identifier", NOT_AN_IDENTIFIER)
    return identifier


def description_from_wire(given: Fields) -> str | None:
    return given.text("description", blank=True, length_max=DESCRIPTION_LENGTH_MAX)


def url_from_wire(given: Fields, name: str, *, required: bool = False) -> str | None:
    url = given.text(name, required=required, length_max=URL_LENGTH_MAX)
    if url is not None and not _is_url(url):
        given.refuse(name, "Enter a valid URL.")
    return url


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text


def refuse_files(given: Fields, *names: str) -> None:
    for name in names:
        if given.items(name):
            given.refuse(name, NO_FILES)

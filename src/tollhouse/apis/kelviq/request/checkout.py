"""From Kelviq's wire to the command of a checkout session."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from tollhouse.apis.kelviq.fields import Fields
from tollhouse.apis.kelviq.request.charges import TAX_BEHAVIORS, quantities_from_wire
from tollhouse.apis.kelviq.request.customers import email_from_wire
from tollhouse.apis.places import country_of_ip, parse_ip
from tollhouse.domain.places import is_country
from tollhouse.ledger.commands import Idempotency, OpenCheckout

STATES: Final = ("open", "processing", "success", "expired")
URL_LENGTH_MAX: Final = 2000
METADATA_BYTES_MAX: Final = 16_384
METADATA_DEPTH_MAX: Final = 20

_URL = re.compile(r"https?://[!#-;=?-\[\]_a-~]+", re.IGNORECASE)
_JSON = msgspec.json.Encoder(decimal_format="number")


def checkout_from_wire(
    given: Fields, *, tenant_id: int, idempotency: Idempotency | None, open_seconds: int
) -> OpenCheckout:
    """The command of POST /checkout/. Raises Invalid."""
    plan_identifier, success_url = given.text("planIdentifier", required=True), _url(given, "successUrl", required=True)
    _check_charge_period(given)
    customer_reference = given.text("customerId")
    quantities = quantities_from_wire(given)
    currency, ip_address = given.currency("currencyCode"), given.ip_address("ipAddress")
    custom_amount, tax_behavior = given.amount("customAmount"), given.choice("taxBehavior", TAX_BEHAVIORS)
    if custom_amount is not None:
        _check_custom_amount(given)
    cancel_url, email = _url(given, "cancelUrl"), email_from_wire(given)
    locks_email, country, metadata = given.flag("lockEmail"), _country(given), _metadata(given)
    given.check()
    ip = parse_ip(ip_address) if ip_address else None
    return OpenCheckout(
        tenant_id=tenant_id,
        idempotency=idempotency,
        plan_identifier=plan_identifier or "",
        customer_reference=customer_reference,
        quantities=quantities,
        currency=currency,
        ip_address=str(ip) if ip else None,
        country_of_ip=country_of_ip(ip) if ip else None,
        custom_amount=custom_amount,
        tax_behavior=tax_behavior,
        success_url=success_url,
        cancel_url=cancel_url,
        email=email or "",
        locks_email=bool(locks_email),
        country=country,
        metadata=metadata,
        open_seconds=open_seconds,
    )


def _check_charge_period(given: Fields) -> None:
    period = given.text("chargePeriod", required=True)
    if period is not None and period != "ONE_TIME":
        given.refuse("chargePeriod", "Must be ONE_TIME: recurring charge periods are not supported here.")


def _check_custom_amount(given: Fields) -> None:
    for name in ("currencyCode", "taxBehavior"):
        if given.given(name) is None and name not in given.errors:
            given.refuse(name, "This field is required with customAmount.")


def _url(given: Fields, name: str, *, required: bool = False) -> str:
    """An address that a browser may be sent to: http or https alone."""
    text = given.text(name, required=required, length_max=URL_LENGTH_MAX)
    if text is None:
        return ""
    if not _URL.fullmatch(text) or not _has_host(text):
        given.refuse(name, "Enter a valid http or https URL.")
    return text


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return False


def _country(given: Fields) -> str:
    text = given.text("defaultBillingCountry", blank=True)
    code = (text or "").strip().upper()
    if code and not is_country(code):
        given.refuse("defaultBillingCountry", "Must be the ISO 3166-1 alpha-2 code of a country.")
    return code


def _metadata(given: Fields) -> str:
    """The object as JSON text, its numbers to the digit."""
    metadata = given.object("metadata") or {}
    if _is_deeper(metadata, METADATA_DEPTH_MAX):
        given.refuse("metadata", f"Ensure this field has no more than {METADATA_DEPTH_MAX} levels.")
        return ""
    try:
        text = _JSON.encode(metadata).decode()
    except UnicodeEncodeError:
        given.refuse("metadata", "A character in this field cannot be stored.")
        return ""
    if len(text.encode()) > METADATA_BYTES_MAX:
        given.refuse("metadata", f"Ensure this field has no more than {METADATA_BYTES_MAX} bytes as JSON.")
    return text


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether a JSON value is nested deeper than this."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(levels == 0 or _is_deeper(item, levels - 1) for item in inside)

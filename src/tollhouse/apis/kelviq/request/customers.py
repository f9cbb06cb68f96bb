"""From Kelviq's wire to the commands of customers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from tollhouse.apis.kelviq.fields import TEXT_LENGTH_MAX, Fields, fault_of_text
from tollhouse.domain.identity import is_email
from tollhouse.domain.places import is_country
from tollhouse.ledger.commands import ChangeRegistered, Idempotency, RegisterCustomer

NAME_LENGTH_MAX: Final = 255
ADDRESS_LENGTH_MAX: Final = 255
ADDRESS_FIELDS: Final = ("country", "line1", "line2", "postalCode", "city", "state")
#: Entries of a metadata, and characters of one's name and text.
METADATA_MAX: Final = 50
METADATA_NAME_LENGTH_MAX: Final = 100
METADATA_TEXT_LENGTH_MAX: Final = 1000

Texts = tuple[tuple[str, str], ...]


def customer_from_wire(given: Fields, *, tenant_id: int, idempotency: Idempotency | None) -> RegisterCustomer:
    """The command of POST /customers/. Raises Invalid."""
    reference = reference_from_wire(given, required=True)
    email, name = email_from_wire(given), given.text("name", blank=True, length_max=NAME_LENGTH_MAX)
    metadata, address = _metadata_from_wire(given), address_from_wire(given)
    given.check()
    return RegisterCustomer(
        tenant_id=tenant_id,
        idempotency=idempotency,
        reference=reference or "",
        email=email,
        name=name or "",
        metadata=metadata,
        billing_address=address,
    )


def changes_from_wire(given: Fields, *, tenant_id: int, reference: str) -> ChangeRegistered:
    """The command of PATCH /customers/{customerId}/. Raises Invalid."""
    said = given.text("customerId")
    if said is not None and said != reference:
        given.refuse("customerId", "This field cannot be changed.")
    read = {
        "email": email_from_wire(given),
        "name": given.text("name", blank=True, length_max=NAME_LENGTH_MAX) or "",
        "metadata": _metadata_from_wire(given),
        "billing_address": address_from_wire(given),
    }
    given.check()
    wire_names = {"billing_address": "billingAddress"}
    changes: dict[str, Any] = {
        name: value if given.has(wire_names.get(name, name)) else msgspec.UNSET for name, value in read.items()
    }
    return ChangeRegistered(tenant_id=tenant_id, reference=reference, **changes)


def reference_from_wire(given: Fields, *, required: bool) -> str | None:
    """A customerId that may be given to a new customer: a path must be able to name it."""
    reference = given.text("customerId", required=required)
    if reference is not None and ("/" in reference or reference in (".", "..")):
        given.refuse("customerId", 'Must not have a "/" and not be "." or "..": addresses could not name it.')
    return reference


def email_from_wire(given: Fields) -> str | None:
    """An e-mail; an empty one is none."""
    email = given.text("email", blank=True, length_max=TEXT_LENGTH_MAX)
    if email is None or not email.strip():
        return None
    if not is_email(email.strip()):
        given.refuse("email", "Enter a valid email address.")
    return email.strip()


def _metadata_from_wire(given: Fields) -> Texts:
    """Texts by name, names kept as they are. A number is the text that it is written as."""
    sent = given.object("metadata") or {}
    metadata = {name: _text_of(value) for name, value in sent.items()}
    if len(metadata) > METADATA_MAX:
        given.refuse("metadata", f"Ensure this field has no more than {METADATA_MAX} entries.")
    for name, text in metadata.items():
        fault = fault_of_text(name, length_max=METADATA_NAME_LENGTH_MAX)
        fault = fault or fault_of_text(text, blank=True, length_max=METADATA_TEXT_LENGTH_MAX)
        if fault is not None:
            given.refuse("metadata", f"{name[:METADATA_NAME_LENGTH_MAX]}: {fault}")
    return () if "metadata" in given.errors else tuple(sorted(metadata.items()))


def _text_of(value: Any) -> Any:
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def address_from_wire(given: Fields) -> Texts:
    """The fields of the address that say something."""
    address = Fields(given.object("billingAddress") or {})
    texts = {name: address.text(name, blank=True, length_max=ADDRESS_LENGTH_MAX) for name in ADDRESS_FIELDS}
    country = (texts["country"] or "").strip().upper()
    if country and not is_country(country):
        address.refuse("country", "Must be the ISO 3166-1 alpha-2 code of a country.")
    for name, sentences in address.errors.items():
        given.refuse("billingAddress", f"{name}: {sentences[0]}")
    return tuple((name, text) for name, text in {**texts, "country": country}.items() if text)

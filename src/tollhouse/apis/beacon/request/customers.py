"""Who a customer is: names, phone, traits."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

import phonenumbers
from msgspec.structs import replace

from tollhouse.apis.beacon.request import values
from tollhouse.apis.beacon.request.body import Errors
from tollhouse.apis.places import parse_ip
from tollhouse.domain.identity import is_storable
from tollhouse.domain.sortable import NotSortable, sort_key
from tollhouse.ledger.commands import ProfileTold, Told
from tollhouse.ledger.commands.tracking import TraitValue

NAME_LENGTH_MAX: Final = 255
PHONE_LENGTH_MAX: Final = 50
NOTES_LENGTH_MAX: Final = 10_000
TRAITS_MAX: Final = 200
#: Of all customers of one call together: more would keep other callers waiting.
TRAITS_OF_A_CALL_MAX: Final = 20_000
TRAIT_LENGTH_MAX: Final = 1024

_FIELD = re.compile(r"[\w-]{1,50}")


def customer_from_wire(body: dict[str, Any], prefix: str, reading: values.Reading, errors: Errors) -> Told:
    """What an identify call says of one customer."""
    return Told(
        identity=values.identity(body, prefix, errors),
        profile=profile_from_wire(body, prefix, reading, errors),
        touch_session=values.touch(body, prefix, errors),
    )


def customers_from_wire(body: dict[str, Any], reading: values.Reading, errors: Errors) -> tuple[Told, ...]:
    """What POST /customers/bulk says: a session is touched unless the call or the customer's item says no."""
    touch = values.touch(body, "", errors)

    def customer(entry: Any, where: str) -> Told | None:
        if not isinstance(entry, dict):
            errors[where] = ["must be an object"]
            return None
        told = customer_from_wire(entry, where + ".", reading, errors)
        return replace(told, touch_session=touch and told.touch_session)

    people = tuple(values.items(body, "customers", reading.items_max, errors, customer) or ())
    if sum(len(told.profile.traits) for told in people if told.profile is not None) > TRAITS_OF_A_CALL_MAX:
        errors["customers"] = [f"must have at most {TRAITS_OF_A_CALL_MAX} custom_attributes together"]
    return people


def profile_from_wire(body: dict[str, Any], prefix: str, reading: values.Reading, errors: Errors) -> ProfileTold:
    return ProfileTold(
        name=values.text(body, "name", prefix, NAME_LENGTH_MAX, errors),
        first_name=values.text(body, "first_name", prefix, NAME_LENGTH_MAX, errors),
        last_name=values.text(body, "last_name", prefix, NAME_LENGTH_MAX, errors),
        phone=_phone(body, prefix, errors),
        signed_up_at=values.time(body, "signed_up_at", prefix, reading.now, errors),
        ip=_ip(body, prefix, errors),
        traits=_traits(body.get("custom_attributes"), prefix + "custom_attributes", errors),
    )


def _phone(body: dict[str, Any], prefix: str, errors: Errors) -> str | None:
    """E.164 where the number names its country, else as it was sent."""
    value = body.get("phone")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = values.text({"phone": value}, "phone", prefix, PHONE_LENGTH_MAX, errors)
    if text is None or not text.startswith("+"):
        return text
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_possible_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _ip(body: dict[str, Any], prefix: str, errors: Errors) -> str | None:
    text = values.text(body, "ip", prefix, NAME_LENGTH_MAX, errors)
    address = None if text is None else parse_ip(text)
    if text is not None and address is None:
        errors[prefix + "ip"] = ["must be an IP address"]
    return None if address is None else str(address)


def _traits(given: Any, where: str, errors: Errors) -> tuple[tuple[str, TraitValue], ...]:
    if given is None:
        return ()
    if not isinstance(given, dict):
        errors[where] = ["must be an object"]
    elif len(given) > TRAITS_MAX:
        errors[where] = [f"must have at most {TRAITS_MAX} keys"]
    else:
        return tuple((field, _trait(field, value, where, errors)) for field, value in given.items())
    return ()


def _trait(field: str, value: Any, where: str, errors: Errors) -> TraitValue:
    if not _FIELD.fullmatch(field) or not is_storable(field):
        errors[where] = ["keys have at most 50 characters: letters, digits, - and _"]
        return None
    name = f"{where}.{field}"
    if isinstance(value, str) and len(value) > TRAIT_LENGTH_MAX:
        errors[name] = [f"must have at most {TRAIT_LENGTH_MAX} characters"]
    elif isinstance(value, str) and not is_storable(value):
        errors[name] = ["has a character that cannot be stored"]
    elif value is not None and not isinstance(value, str | bool | int | Decimal):
        errors[name] = ["must be a string, a number or a boolean"]
    elif isinstance(value, int | Decimal) and not _is_sortable(value):
        errors[name] = ["must be a smaller number, with fewer digits"]
    else:
        known: TraitValue = value
        return known
    return None


def _is_sortable(value: int | Decimal) -> bool:
    try:
        sort_key(value)
    except NotSortable:
        return False
    return True

"""From what was filled in to values, with what is wrong in words for whoever filled it in.

Each reads one field of a form or a query. What cannot be used leaves a sentence in `faults` under the field's name, and
a value that is not meant to be used.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tollhouse.domain.decimals import DecimalMalformed, DecimalOutOfRange, decimal_from_text
from tollhouse.domain.money import OutOfRange, TooPrecise, is_currency, minor_from_major
from tollhouse.ledger.clock import SECOND

TEXT_LENGTH_MAX: Final = 255
NOTE_LENGTH_MAX: Final = 4000
PASSWORD_LENGTH_LEAST: Final = 8
PASSWORD_LENGTH_MAX: Final = 1000
NUMBER_MAX: Final = 2**53 - 1
_NOTHING: Final = Decimal(0)

#: What is wrong, by the name of the field.
Faults = dict[str, str]


class Filled(dict[str, str]):
    """What a form stands at: what was filled in, by field; nothing where nothing was."""

    def __missing__(self, name: str) -> str:
        return ""


class NotThere(Exception):
    """What the address names is not there, or is not for this person to see: both are told alike."""


def sentence_of(refusal: Exception) -> str:
    """What a refusal says of the field that it names first, as a sentence of its own."""
    sentence = str(refusal).partition(": ")[2]
    return sentence[:1].upper() + sentence[1:]


def number_in_path(text: str) -> int:
    """A number that a path names. Raises NotThere."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18) or int(text) > NUMBER_MAX:
        raise NotThere
    return int(text)


def text_of(
    fields: dict[str, str], name: str, faults: Faults, *, is_needed: bool = False, length_max: int = TEXT_LENGTH_MAX
) -> str:
    """Text without spaces around it."""
    text = fields.get(name, "").strip()
    if is_needed and not text:
        faults[name] = "Fill this in."
    elif len(text) > length_max:
        faults[name] = f"Use at most {length_max} characters."
    return text


def password_of(fields: dict[str, str], faults: Faults) -> str:
    """A new password, which stands in `password` and once more in `again`: exactly as it was typed."""
    password = fields.get("password", "")
    if not PASSWORD_LENGTH_LEAST <= len(password) <= PASSWORD_LENGTH_MAX:
        faults["password"] = f"Use at least {PASSWORD_LENGTH_LEAST} characters, and at most {PASSWORD_LENGTH_MAX}."
    elif fields.get("again", "") != password:
        faults["again"] = "The two are not the same."
    return password


def choice_of(fields: dict[str, str], name: str, choices: Collection[str], faults: Faults, *, default: str = "") -> str:
    """One of the choices; the default where nothing was chosen."""
    text = fields.get(name, "").strip()
    if not text:
        return default
    if text not in choices:
        faults[name] = "Choose one of those that are offered."
        return default
    return text


def is_ticked(fields: dict[str, str], name: str) -> bool:
    return fields.get(name) == "1"


def number_of(
    fields: dict[str, str], name: str, faults: Faults, *, least: int = 0, most: int = NUMBER_MAX
) -> int | None:
    """A whole number; None where nothing was filled in."""
    text = fields.get(name, "").strip()
    if not text:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= 18
    if not is_number or not least <= int(text) <= most:
        faults[name] = f"Enter a whole number from {least} to {most}." if most < NUMBER_MAX else "Enter a whole number."
        return None
    return int(text)


def decimal_of(fields: dict[str, str], name: str, faults: Faults, *, is_needed: bool = True) -> Decimal:
    """A decimal number with a point, such as 12.50 or -3; thousands may be apart by spaces or commas as in 1,250.00."""
    text = fields.get(name, "").strip().replace(" ", "").replace("\u00a0", "").replace("\u202f", "")
    if "," in text and _are_thousands(text):
        text = text.replace(",", "")
    if not text:
        if is_needed:
            faults[name] = "Enter an amount."
        return _NOTHING
    try:
        return decimal_from_text(text)
    except (DecimalMalformed, DecimalOutOfRange):
        faults[name] = "Enter a number such as 12.50."
        return _NOTHING


def minor_of(fields: dict[str, str], name: str, currency: str, faults: Faults, *, is_positive: bool = True) -> int:
    """An amount in a currency, in minor units, exactly as it was written: never rounded."""
    amount = decimal_of(fields, name, faults)
    if name in faults:
        return 0
    if is_positive and amount <= 0:
        faults[name] = "Enter an amount above zero."
        return 0
    try:
        return minor_from_major(amount, currency)
    except TooPrecise as error:
        faults[name] = str(error)
    except OutOfRange:
        faults[name] = "This amount is too large."
    return 0


def currency_of(fields: dict[str, str], name: str, faults: Faults, *, default: str = "") -> str:
    code = fields.get(name, "").strip().upper() or default
    if not is_currency(code):
        faults[name] = "Enter the code of a currency, such as USD."
    return code


def day_of(fields: dict[str, str], name: str, faults: Faults) -> date | None:
    """A day as <input type=date> sends it; None where nothing was filled in."""
    text = fields.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not (len(text) == 10 and 1971 <= day.year <= 2999):
        faults[name] = "Enter a day such as 2026-01-31."
        return None
    return day


def beginning_of(day: date, timezone: str, *, days_later: int = 0) -> int:
    """The first instant of a day in a time zone, or of one so many days later."""
    later = day + timedelta(days=days_later)
    local = datetime(later.year, later.month, later.day, tzinfo=ZoneInfo(timezone))
    return int((local - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)) * SECOND


def _are_thousands(text: str) -> bool:
    """Whether the commas in it stand where thousands are set apart: 1,250.00 and not 1,25."""
    whole, _, _ = text.removeprefix("-").partition(".")
    first, *rest = whole.split(",")
    return 1 <= len(first) <= 3 and all(len(part) == 3 for part in rest)

"""Forms as browsers send them, and what is wrong with what was filled in, in words for whoever filled it in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from tollhouse.domain.identity import is_email, is_storable
from tollhouse.domain.places import is_country
from tollhouse.ledger.clock import SECOND
from tollhouse.web import Request

BYTES_MAX: Final = 16_384
FIELDS_MAX: Final = 40
NAME_LENGTH_MAX: Final = 255

_BETWEEN_DIGITS = re.compile(r"[\s-]+")
_EXPIRY = re.compile(r"(\d{1,2})\s*[/.-]?\s*(\d{2}|\d{4})", re.ASCII)
_YEARS_AHEAD: Final = 30

#: What is wrong, by the name of the field.
Faults = dict[str, str]


class CardGiven(NamedTuple):
    """A card as it was typed in: handed to its gateway at once, and kept nowhere."""

    number: str
    exp_month: int
    exp_year: int
    cvc: str


async def form_from(request: Request) -> dict[str, str]:
    """The fields of a form, each once; none of anything that is no form."""
    body = await request.body(BYTES_MAX)
    kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return {}
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="replace", max_num_fields=FIELDS_MAX)
    except ValueError:
        return {}
    return {name: text for name, text in pairs if is_storable(text)}


def text_from(form: dict[str, str], name: str) -> str:
    return " ".join(form.get(name, "").split())


def email_from(form: dict[str, str], faults: Faults) -> str:
    email = form.get("email", "").strip()
    if not email:
        faults["email"] = "Enter your e-mail address."
    elif not is_email(email) or " " in email:
        faults["email"] = "Enter an e-mail address such as ada@example.com."
    return email


def name_from(form: dict[str, str], faults: Faults) -> str:
    name = text_from(form, "name")
    if not name:
        faults["name"] = "Enter your name."
    elif len(name) > NAME_LENGTH_MAX:
        faults["name"] = f"Enter a name of at most {NAME_LENGTH_MAX} characters."
    return name


def country_from(form: dict[str, str], faults: Faults, *, is_needed: bool) -> str:
    country = form.get("country", "")
    if is_country(country):
        return country
    if country or is_needed:
        faults["country"] = "Choose your country."
    return ""


def card_from(form: dict[str, str], faults: Faults, now: int) -> CardGiven:
    number = _BETWEEN_DIGITS.sub("", form.get("number", ""))
    if not number:
        faults["number"] = "Enter the card number."
    elif not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19):
        faults["number"] = "Enter the 12 to 19 digits of the card number."
    month, year = _expiry_from(form, faults, now)
    cvc = form.get("cvc", "").strip()
    if not (cvc.isascii() and cvc.isdigit() and len(cvc) in (3, 4)):
        faults["cvc"] = "Enter the security code, its 3 or 4 digits."
    return CardGiven(number, month, year, cvc)


def _expiry_from(form: dict[str, str], faults: Faults, now: int) -> tuple[int, int]:
    match = _EXPIRY.fullmatch(form.get("expiry", "").strip())
    if match is None or not 1 <= int(match[1]) <= 12:
        faults["expiry"] = "Enter the expiry, such as 12/34."
        return 0, 0
    today = datetime.fromtimestamp(now // SECOND, UTC)
    month, year = int(match[1]), int(match[2]) + (2000 if len(match[2]) == 2 else 0)
    if (year, month) < (today.year, today.month):
        faults["expiry"] = "This card has expired."
    elif year > today.year + _YEARS_AHEAD:
        faults["expiry"] = "Enter the expiry, such as 12/34."
    return month, year

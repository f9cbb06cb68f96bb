"""The fields of a JSON object as Kelviq's callers send them: every one in camelCase or in snake_case.

All faults of a body are noted under the fields' camelCase names before one is answered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from tollhouse.apis.places import parse_ip
from tollhouse.apis.strict_json import JsonMalformed, parse
from tollhouse.domain.identity import REFERENCE_LENGTH_MAX, is_storable
from tollhouse.domain.money import is_currency

TEXT_LENGTH_MAX = REFERENCE_LENGTH_MAX
ITEMS_MAX = 100
#: No amount of money has more digits before or after the point; what its currency allows is the ledger's to say.
DIGITS_MAX = 20

REQUIRED = "This field is required."

_CAPITAL = re.compile("[A-Z]")

Errors = dict[str, list[str]]


class Malformed(ValueError):
    """The body is not one JSON object; the sentence says why."""


class Invalid(ValueError):
    """Fields that were refused: for each, by its camelCase name, sentences."""

    def __init__(self, errors: Errors) -> None:
        super().__init__("A field was refused.")
        self.errors = errors


def body_from_wire(body: bytes) -> dict[str, Any]:
    try:
        value = parse(body)
    except JsonMalformed as error:
        raise Malformed(str(error)) from error
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


class Fields:
    """One object. Each method reads one field: its value, or None where it is absent, null, or at fault (noted)."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._body = body
        self.errors: Errors = {}

    def check(self) -> None:
        """Raise Invalid with everything that was noted."""
        if self.errors:
            raise Invalid(self.errors)

    def refuse(self, name: str, sentence: str) -> None:
        self.errors.setdefault(name, []).append(sentence)

    def has(self, name: str) -> bool:
        """Whether the field was sent at all, be it as null."""
        return name in self._body or snake_case(name) in self._body

    def given(self, name: str, *, required: bool = False) -> Any:
        """The value as sent, under either spelling; both must not differ."""
        body, snake = self._body, snake_case(name)
        if name in body and snake in body and body[name] != body[snake]:
            self.refuse(name, f"{name} and {snake} are the same field and have different values.")
            return None
        value = body.get(name, body.get(snake))
        if value is None and required and name not in self.errors:
            self.refuse(name, REQUIRED)
        return value

    def text(
        self, name: str, *, required: bool = False, blank: bool = False, length_max: int = TEXT_LENGTH_MAX
    ) -> str | None:
        """A text that is not blank, unless it may be."""
        value = self.given(name, required=required)
        if value is None:
            return None
        fault = fault_of_text(value, blank=blank, length_max=length_max)
        if fault is not None:
            self.refuse(name, fault)
            return None
        text: str = value
        return text

    def choice(self, name: str, choices: Sequence[str], *, required: bool = False) -> str | None:
        text = self.text(name, required=required)
        if text is not None and text not in choices:
            self.refuse(name, f"Must be {_either(choices)}.")
            return None
        return text

    def flag(self, name: str) -> bool | None:
        value = self.given(name)
        if value is None or isinstance(value, bool):
            return value
        self.refuse(name, "Must be true or false.")
        return None

    def whole(self, name: str, least: int, most: int, *, required: bool = False) -> int | None:
        """An integer within bounds."""
        value = self.given(name, required=required)
        if value is None:
            return None
        number = whole_number(value)
        if number is None:
            self.refuse(name, "A valid integer is required.")
        elif not least <= number <= most:
            self.refuse(name, f"Ensure this value is between {least} and {most}.")
        else:
            return number
        return None

    def amount(self, name: str, *, required: bool = False, zero: bool = False) -> Decimal | None:
        """Major units, above 0 or, where that is allowed, 0."""
        value = self.given(name, required=required)
        if value is None:
            return None
        fault = fault_of_amount(value, zero=zero)
        if fault is not None:
            self.refuse(name, fault)
            return None
        return Decimal(value)

    def currency(self, name: str, *, required: bool = False) -> str | None:
        """An ISO 4217 code, in upper case whatever case it was sent in."""
        text = self.text(name, required=required)
        if text is None:
            return None
        code = text.upper()
        if not text.isascii() or not is_currency(code):
            self.refuse(name, "Not the ISO 4217 code of a currency that one can be charged in.")
        return code

    def ip_address(self, name: str) -> str | None:
        text = self.text(name)
        if text is not None and parse_ip(text) is None:
            self.refuse(name, "Enter a valid IPv4 or IPv6 address.")
            return None
        return text

    def object(self, name: str, *, required: bool = False) -> dict[str, Any] | None:
        value = self.given(name, required=required)
        if value is None or isinstance(value, dict):
            return value
        self.refuse(name, "Expected an object.")
        return None

    def items(self, name: str, *, required: bool = False, count_max: int = ITEMS_MAX) -> list[Any] | None:
        value = self.given(name, required=required)
        if value is None:
            return None
        if not isinstance(value, list):
            self.refuse(name, "Expected a list of items.")
            return None
        if len(value) > count_max:
            self.refuse(name, f"Ensure this field has no more than {count_max} items.")
            return None
        return value

    def refuse_item(self, name: str, index: int, faults: Errors) -> None:
        """Note under the list what is wrong with one of its items."""
        for field, sentences in faults.items():
            for sentence in sentences:
                self.refuse(name, f"Item {index}: {field}: {sentence}")


@cache
def snake_case(name: str) -> str:
    """The other spelling of one of our fields' names."""
    return _CAPITAL.sub(lambda capital: "_" + capital.group().lower(), name)


def fault_of_text(value: Any, *, blank: bool = False, length_max: int = TEXT_LENGTH_MAX) -> str | None:
    """What is wrong with a text, else None."""
    if not isinstance(value, str):
        return "Not a valid string."
    if not blank and not value.strip():
        return "This field may not be blank."
    if len(value) > length_max:
        return f"Ensure this field has no more than {length_max} characters."
    if not is_storable(value):
        return "A character in this field cannot be stored."
    return None


def fault_of_amount(value: Any, *, zero: bool = False) -> str | None:
    """What is wrong with an amount in major units, else None."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return "A valid number is required."
    amount = Decimal(value)
    if amount < 0 or (amount == 0 and not zero):
        return "Ensure this value is not negative." if zero else "Ensure this value is greater than 0."
    if amount.adjusted() >= DIGITS_MAX:
        return "This value is too large."
    if amount and amount.adjusted() < -DIGITS_MAX:
        return "This value has too many decimals."
    return None


def whole_number(value: Any) -> int | None:
    """An integer, also one that is written as 5.0; never a rounded one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal) and value.adjusted() < DIGITS_MAX and value == value.to_integral_value():
        return int(value)
    return None


def _either(choices: Sequence[str]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"

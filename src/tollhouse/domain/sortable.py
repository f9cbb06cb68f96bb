"""Values of traits as texts that sort as the values do, so that any store's index compares them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

CHARACTERS_MAX: Final = 256
"""So many characters of a text are kept whole in its key; of a longer one the first 257 are the key."""

DIGITS_MAX: Final = 64
"""A number has at most so many digits between its first and its last that is not zero."""

EXPONENT_MAX: Final = 499
"""The power of ten of a number's first digit is at most this, and at least its negative."""

_EXPONENT_WIDTH: Final = 3
_COMPLEMENT: Final = str.maketrans("0123456789", "9876543210")
_AFTER_ANY_DIGIT: Final = ":"
#: No text that can be stored has a code point from the one on and before the other.
_FIRST_SURROGATE: Final = 0xD800
_AFTER_SURROGATES: Final = 0xE000
_LAST: Final = "\U0010ffff"


class NotSortable(ValueError):
    """A number that is not finite, has more than DIGITS_MAX digits, or leaves the range of EXPONENT_MAX."""


def sort_key(value: str | bool | int | Decimal) -> str:
    """`value` as a text: compared by code points, two of them stand in the order of their values.

    Booleans come before numbers and numbers before texts (the first letter is b, n or s). Numbers are equal as
    numbers: 1, 1.0 and 1e0 have one key, as have 0 and -0. Texts go by their code points. Keys are equal where values
    are, and differ where values differ, but for texts of more than CHARACTERS_MAX characters: two of them that
    begin with the same 257 share a key. A shorter text is never mistaken for a longer one, so a comparison with a
    text of up to CHARACTERS_MAX characters is exact whatever it is compared with.

    A key has at most 258 characters. Refuses with NotSortable.
    """
    if isinstance(value, bool):
        return f"b{value:d}"
    if isinstance(value, str):
        return f"s{value[: CHARACTERS_MAX + 1]}"
    return f"n{_number_key(_bounded(value))}"


def after_prefix(prefix: str) -> str:
    """The least text that comes after every text which begins with `prefix`, by code points.

    With the first letter of a key as the prefix, what comes after all keys of its kind. `prefix` is not made of the
    last code point alone: no key is.
    """
    begun = prefix.rstrip(_LAST)
    last = ord(begun[-1]) + 1
    return begun[:-1] + chr(_AFTER_SURROGATES if last == _FIRST_SURROGATE else last)


def _bounded(value: int | Decimal) -> Decimal:
    if isinstance(value, int):
        if value.bit_length() > 4 * EXPONENT_MAX:
            raise NotSortable("The number is too large.")
        return Decimal(value)
    if not value.is_finite():
        raise NotSortable("The number is not finite.")
    return value


def _number_key(value: Decimal) -> str:
    """Zero is "1"; the positive begin with "2" and the negative with "0". The digits of these are complemented, and
    closed by what comes after any digit: of two negative numbers that begin alike the longer is the smaller."""
    if value.is_zero():
        return "1"
    exponent = value.adjusted()
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    if abs(exponent) > EXPONENT_MAX:
        raise NotSortable("The number is too large, or too close to zero.")
    if len(digits) > DIGITS_MAX:
        raise NotSortable("The number has too many digits.")
    magnitude = f"{exponent + EXPONENT_MAX:0{_EXPONENT_WIDTH}d}{digits}"
    return f"2{magnitude}" if value > 0 else f"0{magnitude.translate(_COMPLEMENT)}{_AFTER_ANY_DIGIT}"

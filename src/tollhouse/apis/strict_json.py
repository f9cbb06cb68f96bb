"""JSON as money needs it: a key given twice, NaN and Infinity are errors, and no number becomes a float.

Integers come out as int, other numbers as Decimal.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

#: More digits than this in one number cannot be meant.
DIGITS_MAX = 64


class JsonMalformed(ValueError):
    """Not one JSON value in UTF-8, or one that says a thing twice; the sentence says what, without the input."""


def parse(body: bytes) -> Any:
    """The value of a JSON text."""
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except JsonMalformed:
        raise
    except UnicodeDecodeError as error:
        raise JsonMalformed("The body is not valid UTF-8.") from error
    except RecursionError as error:
        raise JsonMalformed("The body is nested too deeply.") from error
    except ValueError as error:
        raise JsonMalformed("The body is not valid JSON.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise JsonMalformed("A key is given twice in one object.")
    return value


def _decimal(text: str) -> Decimal:
    if len(text) > DIGITS_MAX:
        raise JsonMalformed("A number has too many digits.")
    try:
        return Decimal(text)
    except ArithmeticError as error:
        raise JsonMalformed("A number is out of range.") from error


def _integer(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise JsonMalformed("A number has too many digits.")
    return int(text)


def _constant(_text: str) -> Any:
    raise JsonMalformed("NaN and Infinity are not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_decimal, parse_int=_integer, parse_constant=_constant
)

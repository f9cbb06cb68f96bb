"""The names by which a catalog's things are known: given once, or made of what they are called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from tollhouse.ledger.refusals import FieldRefused, IdentifierTaken

IDENTIFIER_LENGTH_MAX: Final = 255
_TRIES_MAX = 1000

_IDENTIFIER = re.compile("[a-z0-9][a-z0-9_-]*")
_NOT_OF_A_SLUG = re.compile("[^a-z0-9]+")


def is_identifier(text: str) -> bool:
    """Whether a text is lower-case letters, digits, - and _, a letter or digit first."""
    return len(text) <= IDENTIFIER_LENGTH_MAX and _IDENTIFIER.fullmatch(text) is not None


def slug(name: str) -> str:
    """What is left of a name in an identifier: empty where it has no letter or digit of ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_OF_A_SLUG.sub("-", plain).strip("-")[: IDENTIFIER_LENGTH_MAX - 8].strip("-")


def free_identifier(what: str, given: str | None, name: str, is_taken: Callable[[str], bool]) -> str:
    """The identifier for something new: as given, or made of its name and told apart by a number.

    Refuses with IdentifierTaken what was given and is in use.
    """
    if given is not None:
        if is_taken(given):
            raise IdentifierTaken(what)
        return given
    made = slug(name) or what.lower()
    for number in range(1, _TRIES_MAX):
        identifier = made if number == 1 else f"{made}-{number}"
        if not is_taken(identifier):
            return identifier
    raise FieldRefused("identifier", "Give it an identifier: too many have this name.")

"""Words of names and of references: what a search compares them by."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

WORD_LENGTH_MAX: Final = 64
"""Characters of a word that count; two words that differ only behind them are one."""

WORDS_MAX: Final = 16
"""Words of a text that count."""

_REFERENCE_MARK: Final = "="
_REFERENCE_LENGTH_MAX: Final = 255
_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")
_LAST_CHARACTER: Final = 0x10FFFF


def words_of(text: str) -> list[str]:
    """The first WORDS_MAX words of a text, each once, without regard to case and to how accents are written.

    A word is letters and digits that stand together, with the marks that belong to them; whatever else there is parts
    them.
    """
    if text.isascii():
        found = _ASCII_WORD.findall(text.lower())
    else:
        found = _words(unicodedata.normalize("NFKC", text).casefold())
    return list(dict.fromkeys(word[:WORD_LENGTH_MAX] for word in found))[:WORDS_MAX]


def folded_reference(reference: str) -> str:
    """A reference without regard to case; no longer than one may be."""
    return reference.casefold()[:_REFERENCE_LENGTH_MAX]


def word_of_reference(folded: str) -> str:
    """A folded reference, or the beginning of one, as a word that no name has."""
    return _REFERENCE_MARK + folded


def after_all_with(prefix: str) -> str:
    """The least text that comes, by code points, after every text that begins with this one, which is not empty."""
    last = next((i for i in reversed(range(len(prefix))) if ord(prefix[i]) < _LAST_CHARACTER), None)
    if last is None:
        return prefix + chr(_LAST_CHARACTER)
    following = ord(prefix[last]) + 1
    return prefix[:last] + chr(0xE000 if following == 0xD800 else following)


def _words(text: str) -> list[str]:
    return "".join(character if _is_of_a_word(character) else " " for character in text).split()


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")

"""How customers are named: what an e-mail and a reference may be, and which e-mails are equal."""

from __future__ import annotations

import unicodedata
from typing import Final

REFERENCE_LENGTH_MAX: Final = 255
"""Characters of a caller's own id for a thing."""

EMAIL_LENGTH_MAX: Final = 254
"""Characters of an e-mail address, as it was sent."""


def folded_email(text: str) -> str:
    """The form in which e-mails compare: trimmed, without regard to case. It may be longer than `text`."""
    return text.strip().casefold()


def is_email(text: str) -> bool:
    """One @ with text on both sides, at most 254 characters, storable, no control characters; no stricter."""
    name, at, host = text.partition("@")
    return (
        at == "@"
        and "@" not in host
        and bool(name.strip())
        and bool(host.strip())
        and len(text) <= EMAIL_LENGTH_MAX
        and is_storable(text)
        and (text.isprintable() or not any(unicodedata.category(character) == "Cc" for character in text))
    )


def reference_ok(text: str) -> bool:
    """Whether `text` can be a reference: 1 to 255 storable characters, kept exactly as they are."""
    return 0 < len(text) <= REFERENCE_LENGTH_MAX and is_storable(text)


def is_storable(text: str) -> bool:
    """Whether every store keeps `text` as it is: no NUL, no lone surrogate."""
    if text.isascii():
        return "\0" not in text
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)

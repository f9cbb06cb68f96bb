"""One-time codes of an authenticator app (TOTP): six digits, a new code every thirty seconds."""

from __future__ import annotations

import hmac
from typing import Final

import pyotp

from tollhouse.ledger.clock import SECOND

STEP_SECONDS: Final = 30

#: A code may be one step old, or one early: clocks differ and fingers are slow.
_STEPS = (0, -1, 1)


def matching_step(secret: str, code: str, now: int) -> int | None:
    """The time step of which this is the code, of those that count now; None where it is of none."""
    totp = pyotp.TOTP(secret)
    current = now // SECOND // STEP_SECONDS
    matching = [
        current + offset for offset in _STEPS if hmac.compare_digest(totp.generate_otp(current + offset), _digits(code))
    ]
    return matching[0] if matching else None


def is_secret(text: str) -> bool:
    """Whether a text can be a secret: base 32, at least 112 bits."""
    if not text.isascii() or len(text) > 255:
        return False
    try:
        return len(pyotp.TOTP(text).byte_secret()) >= 14
    except ValueError:
        return False


def provisioning_uri(secret: str, *, username: str, issuer: str) -> str:
    """What an authenticator app scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def _digits(code: str) -> str:
    """The code as apps show it, perhaps in two groups; what is none of ASCII digits matches nothing."""
    plain = code.replace(" ", "")
    return plain if plain.isascii() else ""

"""People's passwords: argon2id, at about 50 ms a check.

Parameters: 2 passes, 19 MiB, 1 lane, the smallest set that OWASP's password storage cheat sheet recommends.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

#: The hash of a password that nobody has: checking against it costs what a real check costs.
NOBODY = _HASHER.hash("nobody has this password")


def hash_password(password: str) -> str:
    return _HASHER.hash(password)


def password_matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False

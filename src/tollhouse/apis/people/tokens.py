"""Tokens: who somebody is, signed by us, so that no password is asked for again.

JSON Web Tokens under HS256 with one random key for the installation, kept in its store. They are signed, not encrypted,
and hold no secret: the stamp in them is a keyed hash of what a person's tokens depend on, and fits no longer once the
password changes or the person's tokens are ended.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import blake2b
from typing import Final

import jwt
import msgspec
from jwt.types import Options

from tollhouse.apis.desk import Desk
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import PersonFact
from tollhouse.shapes import Shape

#: What a token is good for: in place of a password, or for the second step of a log-in.
AUTHORISATION: Final = "auth"
SECOND_STEP: Final = "totp"

SECOND_STEP_SECONDS: Final = 120

_ALGORITHM: Final = "HS256"
_KEY_NAME: Final = "tokens"
_KEY_BYTES: Final = 32
#: By our own clock and our own claims; the signature alone is left to the library.
_CHECKED_HERE: Final = Options(verify_exp=False, verify_iat=False, verify_nbf=False, verify_aud=False)


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`exp` is when the token ends, in UNIX seconds, or None. `by` is who switched to this person, and their stamp."""

    use: str
    tenant: int
    person: int
    stamp: str
    exp: int | None = None
    by: tuple[int, str] | None = None


_CLAIMS = Shape(Claims)


class Tokens:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._key = b""

    async def ready(self) -> None:
        """Have the installation's key at hand, which is made when it is first needed."""
        if not self._key:
            fresh, now = secrets.token_hex(_KEY_BYTES), self._desk.clock.now()
            kept = await self._desk.reads.run(self._desk.store.installation_secret, _KEY_NAME, fresh, now)
            self._key = bytes.fromhex(kept)

    def stamp(self, person: PersonFact) -> str:
        """What a person's tokens carry: another one after a new password, or once they are ended."""
        facts = [person.tenant_id, person.person_id, person.password_hash, person.token_epoch]
        return blake2b(msgspec.json.encode(facts), key=self._key, digest_size=16).hexdigest()

    def is_stamp_of(self, person: PersonFact, stamp: str) -> bool:
        return hmac.compare_digest(self.stamp(person), stamp)

    def signed(self, claims: Claims) -> str:
        return jwt.encode(_given(claims), self._key, algorithm=_ALGORITHM)

    def opened(self, token: str, use: str) -> Claims | None:
        """What a token for this use says; None where it is not ours, damaged or over."""
        try:
            found = jwt.decode(token, self._key, algorithms=[_ALGORITHM], options=_CHECKED_HERE)
            claims = _CLAIMS.from_value(found)
        except (jwt.InvalidTokenError, msgspec.ValidationError, RecursionError):
            return None
        return claims if claims.use == use and self._lasts(claims) else None

    def expiry(self, until: int | None) -> int | None:
        """When a token of now ends, in UNIX seconds; not after `until`. None: never."""
        seconds = self._desk.settings.token_seconds
        ends = [self.now() + seconds] if seconds else []
        return min(ends + ([] if until is None else [until]), default=None)

    def now(self) -> int:
        return self._desk.clock.now() // SECOND

    def _lasts(self, claims: Claims) -> bool:
        """A token without an end counts only where tokens have none."""
        return not self._desk.settings.token_seconds if claims.exp is None else claims.exp > self.now()


def _given(claims: Claims) -> dict[str, object]:
    return {name: value for name, value in msgspec.structs.asdict(claims).items() if value is not None}

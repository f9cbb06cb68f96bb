"""What lets a customer into the portal: a signed link, and the signed cookie that it is exchanged for.

JSON Web Tokens under HS256 with a random key of the installation's own. They hold no secret, and count no longer once
the customer is archived or gets another e-mail.
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
from tollhouse.ledger.facts import CustomerFact
from tollhouse.shapes import Shape

LINK: Final = "portal-link"
VISIT: Final = "portal"

_ALGORITHM: Final = "HS256"
_KEY_NAME: Final = "portal"
_KEY_BYTES: Final = 32
#: By our own clock and our own claims; the signature alone is left to the library.
_CHECKED_HERE: Final = Options(verify_exp=False, verify_iat=False, verify_nbf=False, verify_aud=False)


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`exp` is when it ends, in UNIX seconds; `stamp` fits the customer as it was; `nonce` makes each its own."""

    use: str
    tenant: int
    customer: int
    stamp: str
    exp: int
    nonce: str


_CLAIMS = Shape(Claims)


class Tickets:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._key = b""

    async def link(self, customer: CustomerFact) -> str:
        return await self.issued(LINK, customer)

    async def issued(self, use: str, customer: CustomerFact) -> str:
        await self._ready()
        claims = Claims(
            use=use,
            tenant=customer.tenant_id,
            customer=customer.number,
            stamp=self._stamp(customer),
            exp=self._desk.clock.now() // SECOND + self._desk.settings.portal_seconds,
            nonce=secrets.token_hex(8),
        )
        return jwt.encode(msgspec.structs.asdict(claims), self._key, algorithm=_ALGORITHM)

    async def opened(self, use: str, token: str) -> Claims | None:
        """What a token for this use says; None where it is not ours, damaged or over. Whether it still fits the
        customer, `fits` says."""
        await self._ready()
        try:
            claims = _CLAIMS.from_value(jwt.decode(token, self._key, [_ALGORITHM], options=_CHECKED_HERE))
        except (jwt.InvalidTokenError, msgspec.ValidationError, RecursionError):
            return None
        return claims if claims.use == use and claims.exp > self._desk.clock.now() // SECOND else None

    def fits(self, claims: Claims, customer: CustomerFact) -> bool:
        return customer.deleted_at is None and hmac.compare_digest(claims.stamp, self._stamp(customer))

    def form_token(self, claims: Claims) -> str:
        """What each form of one visit carries, so that no other site can send it."""
        return blake2b(f"form:{claims.nonce}".encode(), key=self._key, digest_size=16).hexdigest()

    def is_form_token(self, claims: Claims, text: str) -> bool:
        return hmac.compare_digest(self.form_token(claims).encode(), text.encode("utf-8", "surrogatepass"))

    def _stamp(self, customer: CustomerFact) -> str:
        facts = [customer.tenant_id, customer.number, customer.email_folded]
        return blake2b(msgspec.json.encode(facts), key=self._key, digest_size=16).hexdigest()

    async def _ready(self) -> None:
        """Have the installation's key at hand, which is made when it is first needed."""
        if not self._key:
            fresh, now = secrets.token_hex(_KEY_BYTES), self._desk.clock.now()
            kept = await self._desk.reads.run(self._desk.store.installation_secret, _KEY_NAME, fresh, now)
            self._key = bytes.fromhex(kept)

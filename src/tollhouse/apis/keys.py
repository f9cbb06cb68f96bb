"""API keys made and revoked, for every door that may: the text is made here, told once, and kept nowhere."""

from __future__ import annotations

import msgspec

from tollhouse.apis.desk import Desk, hash_of_key
from tollhouse.ledger.commands import Actor
from tollhouse.ledger.commands.keys import KEY_KINDS, CreateKey, RevokeKey
from tollhouse.ledger.facts import KeyFact
from tollhouse.ledger.keys import KeyRevoked, new_text
from tollhouse.ledger.refusals import KeyRefused


class MadeKey(msgspec.Struct, frozen=True):
    """A new key and its text, which is to be shown this once."""

    key: KeyFact
    text: str


async def make_key(
    desk: Desk, tenant_id: int, *, name: str, kind: str, text: str | None = None, by: Actor | None = None
) -> MadeKey:
    """A key with this text, or one that nobody can guess. Raises KeyRefused, KeysTooMany."""
    if kind not in KEY_KINDS:
        raise KeyRefused("kind", f"must be one of {', '.join(KEY_KINDS)}.")
    secret = new_text(kind) if text is None else text
    command = CreateKey(tenant_id=tenant_id, name=name, kind=kind, key_hash=hash_of_key(secret), by=by)
    return MadeKey((await desk.execute(command)).result.key, secret)


async def revoke_key(desk: Desk, tenant_id: int, key_id: str, by: Actor | None = None) -> KeyRevoked:
    """In this process the key opens nothing from now on; others may remember it for TOLLHOUSE_KEY_CACHE_SECONDS.

    Raises KeyUnknown.
    """
    revoked: KeyRevoked = (await desk.execute(RevokeKey(tenant_id=tenant_id, key_id=key_id, by=by))).result
    desk.forget_key(revoked.key.key_hash)
    return revoked

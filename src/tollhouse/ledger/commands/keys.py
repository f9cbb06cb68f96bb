"""API keys: made and revoked."""

from __future__ import annotations

from typing import Final

from tollhouse.ledger.commands.command import Command

#: What a key may open is its kind's: see `Credential`.
KEY_KINDS: Final = ("secret", "public", "application", "client")


class CreateKey(Command, frozen=True, kw_only=True):
    """Have a key under a name that no live key has. Its text is nobody's but the maker's: here comes its SHA-256."""

    name: str
    kind: str
    key_hash: str


class RevokeKey(Command, frozen=True, kw_only=True):
    """Let a key open nothing from now on, for good. `key_id` is what keys are named by (see `ledger/keys.py`)."""

    key_id: str

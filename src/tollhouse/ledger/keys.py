"""API keys: who may come in, by the SHA-256 of a text that is told once and kept nowhere.

A key is named by the first characters of its hash: enough to tell a tenant's keys apart, and no help to anybody who
would guess a text. Names are unique among keys that live; a revoked one keeps its name and never lives again.
"""

from __future__ import annotations

import secrets
from typing import Final

import msgspec
from msgspec.structs import replace

from tollhouse.domain.identity import is_storable
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands.keys import KEY_KINDS, CreateKey, RevokeKey
from tollhouse.ledger.facts import KeyFact
from tollhouse.ledger.refusals import KeyNameTaken, KeyRefused, KeysTooMany, KeyUnknown

KEY_ID_LENGTH: Final = 12
NAME_LENGTH_MAX: Final = 255
#: Keys of one tenant that live at once.
KEYS_MAX: Final = 1000

_PREFIXES: Final = {"secret": "sk_", "public": "pk_", "application": "ak_", "client": "ck_"}
_HEXADECIMAL: Final = frozenset("0123456789abcdef")


class KeyCreated(msgspec.Struct, frozen=True):
    key: KeyFact


class KeyRevoked(msgspec.Struct, frozen=True):
    """The key as it is now, and whether it had been revoked before."""

    key: KeyFact
    was_revoked: bool


def new_text(kind: str) -> str:
    """The text of a new key, which nobody can guess."""
    return _PREFIXES[kind] + secrets.token_hex(32)


def key_id(key: KeyFact) -> str:
    """What a key is named by, in lists and paths."""
    return key.key_hash[:KEY_ID_LENGTH]


def create(book: Book, command: CreateKey) -> KeyCreated:
    check_name(command.name)
    if command.kind not in KEY_KINDS:
        raise KeyRefused("kind", f"must be one of {', '.join(KEY_KINDS)}.")
    live = book.find(KeyFact, revoked_at=None)
    if any(key.name == command.name for key in live):
        raise KeyNameTaken
    if len(live) >= KEYS_MAX:
        raise KeysTooMany(KEYS_MAX)
    key = KeyFact(command.key_hash, book.tenant_id, command.name, command.kind, book.now, None)
    if book.unit.key(key.key_hash) is not None or book.newest(key) is not key:
        raise KeyRefused("secret", "is in use already.")
    book.put(key)
    return KeyCreated(key)


def revoke(book: Book, command: RevokeKey) -> KeyRevoked:
    """Once for good: asked again it says that it was. Also the key that asks may be revoked by itself."""
    key = _named(book, command.key_id)
    if key.revoked_at is not None:
        return KeyRevoked(key, was_revoked=True)
    revoked = replace(key, revoked_at=book.now)
    book.put(revoked)
    return KeyRevoked(revoked, was_revoked=False)


def check_name(name: str) -> None:
    """Raises KeyRefused."""
    if not name.strip() or len(name) > NAME_LENGTH_MAX or not is_storable(name):
        raise KeyRefused("name", f"must have 1 to {NAME_LENGTH_MAX} characters.")


def _named(book: Book, named: str) -> KeyFact:
    """The key with this id, locked. Raises KeyUnknown."""
    if len(named) == KEY_ID_LENGTH and _HEXADECIMAL.issuperset(named):
        for near in book.unit.page(KeyFact, "key_hash", named, 1):
            for key in book.find(KeyFact, lock=True, key_hash=near.key_hash):
                if key_id(key) == named:
                    return key
    raise KeyUnknown

"""API keys: `keys list`, `create`, `revoke`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

import typer

from tollhouse.cli.books import LIMIT_MAX, JsonOption, TenantOption, books_of
from tollhouse.cli.frame import cli
from tollhouse.cli.menu import COMMANDS
from tollhouse.cli.showing import Instant, Rows, Value
from tollhouse.ledger.commands.keys import RevokeKey
from tollhouse.ledger.facts import KeyFact
from tollhouse.ledger.keys import KeyRevoked, key_id

KEYS: Final = ("key", "name", "kind", "created_at", "revoked_at")


class KeyKind(StrEnum):
    SECRET = "secret"  # noqa: S105 - a kind of key
    PUBLIC = "public"
    APPLICATION = "application"
    CLIENT = "client"


keys = typer.Typer(help=COMMANDS["keys"].about, no_args_is_help=True)
cli.add_typer(keys, name="keys")


@keys.command("list")
def list_keys(
    revoked: Annotated[bool, typer.Option("--revoked", help="Also those that were revoked.")] = False,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Keys by their ids, the newest first; the text of none of them is kept anywhere."""
    with books_of(tenant, as_json=as_json) as books, books.back.store.reading(books.tenant_id) as reader:
        which: dict[str, None] = {} if revoked else {"revoked_at": None}
        found = reader.first(KeyFact, LIMIT_MAX, order=("-created_at", "name"), **which)
        books.showing.page(Rows("keys", KEYS, [_row(key) for key in found]))


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for; no live key has the same.")],
    kind: Annotated[KeyKind, typer.Option("--kind", help="What it opens.")] = KeyKind.SECRET,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make a key. Its text is printed this once."""
    with books_of(tenant, as_json=as_json) as books:
        key, text = books.back.make_key(books.tenant_id, name, kind.value)
        books.showing.one({**dict(zip(KEYS, _row(key), strict=True)), "secret": text})
        books.showing.note("The key is shown this once.")


@keys.command("revoke")
def revoke(
    named: Annotated[str, typer.Argument(metavar="ID", help="The key's id.")],
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let a key open nothing any more, for good. Servers notice within TOLLHOUSE_KEY_CACHE_SECONDS."""
    with books_of(tenant, as_json=as_json) as books:
        done: KeyRevoked = books.back.do(RevokeKey(tenant_id=books.tenant_id, key_id=named)).result
        books.showing.one({**dict(zip(KEYS, _row(done.key), strict=True)), "already": done.was_revoked})


def _row(key: KeyFact) -> Sequence[Value]:
    revoked_at = None if key.revoked_at is None else Instant(key.revoked_at)
    return key_id(key), key.name, key.kind, Instant(key.created_at), revoked_at

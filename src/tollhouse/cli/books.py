"""What commands over a tenant's books share: opening the store, which tenant is meant, and long lists as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from tollhouse.app import Back, open_back
from tollhouse.cli.frame import fail
from tollhouse.config import Settings
from tollhouse.ledger.facts import TenantFact
from tollhouse.logs import configure_logs

TenantOption = Annotated[str, typer.Option("--tenant", help="The tenant's slug, where there are several.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


@contextmanager
def opened() -> Iterator[Back]:
    settings = Settings.from_environment()
    configure_logs(settings.log_level)
    with open_back(settings) as back:
        yield back


def tenants_called(back: Back, slug: str) -> list[TenantFact]:
    tenants = back.store.tenants()
    if not slug:
        return tenants
    return [_named(tenants, slug)]


def tenant_called(back: Back, slug: str) -> TenantFact:
    tenants = back.store.tenants()
    if slug:
        return _named(tenants, slug)
    if len(tenants) != 1:
        fail("There are several tenants: say which with --tenant." if tenants else "There is no tenant yet.")
    return tenants[0]


def _named(tenants: list[TenantFact], slug: str) -> TenantFact:
    found = [tenant for tenant in tenants if tenant.slug == slug]
    if not found:
        fail(f"There is no tenant {slug}.")
    return found[0]


def echo_object(
    first: dict[str, Any], name: str, rows: Iterator[dict[str, Any]], last: Callable[[], dict[str, Any]]
) -> None:
    """One JSON object with a list of any length, written as it comes; what `last` gives is known after it.

    Nothing is written where the first row is refused.
    """
    before = "".join(f"{json.dumps(key)}: {json.dumps(value)}, " for key, value in first.items())
    opening = f"{{{before}{json.dumps(name)}: ["
    for row in rows:
        typer.echo(f"{opening}\n{json.dumps(row)}", nl=False)
        opening = ","
    rest = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in last().items())
    typer.echo(f"{']' if opening == ',' else opening + ']'}, {rest}}}")

"""What commands over a tenant's books share: opening the store, which tenant is meant, and long lists as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import typer

from tollhouse.app import Back, check_there, open_back
from tollhouse.cli.frame import explained, fail
from tollhouse.cli.showing import Showing, plain
from tollhouse.config import Settings
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ROOT_NUMBER, ROOT_PATH, TenantFact
from tollhouse.ledger.ports import StoreConflict
from tollhouse.ledger.refusals import StoreUnavailable
from tollhouse.logs import configure_logs

#: Whoever may run a command on the server may do what the root's owner may.
OPERATOR: Final = Caller(person_id=0, customer_number=ROOT_NUMBER, path=ROOT_PATH, may_reach_below=True)

#: Rows on a page of a list, unless it is said, and the most of them.
LIMIT: Final = 50
LIMIT_MAX: Final = 1000
#: What an id or number can be at most: what 64 bits hold.
NUMBER_MAX: Final = 2**63 - 2
#: So many tenants are named to choose from.
NAMED_MAX: Final = 20

TenantOption = Annotated[str, typer.Option("--tenant", help="The tenant's slug, where there are several.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]
LimitOption = Annotated[int, typer.Option("--limit", help="Rows to show.", min=1, max=LIMIT_MAX)]
AfterOption = Annotated[
    int, typer.Option("--after", metavar="NUMBER", help="Go on behind this one.", min=0, max=NUMBER_MAX)
]

R = TypeVar("R")


class Books(NamedTuple):
    """One tenant's, as a command works on them."""

    back: Back
    tenant: TenantFact
    showing: Showing

    @property
    def tenant_id(self) -> int:
        return self.tenant.tenant_id


@contextmanager
def opened() -> Iterator[Back]:
    settings = Settings.from_environment()
    configure_logs(settings.log_level)
    check_there(settings)
    with open_back(settings) as back:
        try:
            yield back
        except (StoreConflict, StoreUnavailable):
            _name_writer(back)
            raise


def _name_writer(back: Back) -> None:
    """End the command with who is in its way, where somebody is known to be."""
    writer = back.writer()
    if writer is not None:
        fail(
            f"The store is locked: process {writer.process_id} ({plain(writer.program)}) is writing to it. Wait for it,"
            " or stop it; then try again."
        )


@contextmanager
def books_of(slug: str, *, as_json: bool) -> Iterator[Books]:
    """The books of the tenant with this slug, or of the only one; what goes wrong inside ends in a sentence."""
    with explained(), opened() as back:
        tenant = tenant_called(back, slug)
        yield Books(back, tenant, Showing(tenant.timezone, as_json=as_json))


def tenants_called(back: Back, slug: str) -> list[TenantFact]:
    tenants = back.store.tenants()
    if not slug:
        return tenants
    return [_named(tenants, slug)]


def tenant_called(back: Back, slug: str) -> TenantFact:
    tenants = back.store.tenants()
    if slug:
        return _named(tenants, slug)
    if not tenants:
        fail("There is no tenant yet: `tollhouse apply FILE.toml` makes one.")
    if len(tenants) > 1:
        fail(f"There are several tenants: say which with --tenant: {_slugs(tenants)}.")
    return tenants[0]


def _named(tenants: list[TenantFact], slug: str) -> TenantFact:
    found = [tenant for tenant in tenants if tenant.slug == slug]
    if not found:
        fail(f"There is no tenant {slug}. There is: {_slugs(tenants)}." if tenants else f"There is no tenant {slug}.")
    return found[0]


def _slugs(tenants: list[TenantFact]) -> str:
    slugs = sorted(tenant.slug for tenant in tenants)
    return ", ".join(slugs[:NAMED_MAX]) + (f" and {len(slugs) - NAMED_MAX} more" if len(slugs) > NAMED_MAX else "")


def page_of(found: Sequence[R], limit: int, number: Callable[[R], int]) -> tuple[Sequence[R], int | None]:
    """Of one row more than are to be shown: those, and behind which the next page goes on, if there is one."""
    if len(found) <= limit:
        return found, None
    return found[:limit], number(found[limit - 1])


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

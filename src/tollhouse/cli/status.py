"""How it all is, for people and for a scheduler that wakes them: `status`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from tollhouse.app import Status, TenantStatus, status_of
from tollhouse.cli.books import JsonOption, TenantOption
from tollhouse.cli.frame import REFUSED, cli, explained, shown
from tollhouse.cli.showing import Instant, Money, Rows, Showing, Value
from tollhouse.config import Settings
from tollhouse.logs import configure_logs

UrlOption = Annotated[str, typer.Option("--url", metavar="URL", help="Ask the server there whether it is ready.")]

TENANTS = ("tenant", "customers", "currency", "charges", "remains")
WAITING = ("tenant", "what", "count", "first_at")
ENDPOINTS = ("tenant", "endpoint", "url", "state", "pending", "pending_since", "given_up")


@cli.command()
def status(url: UrlOption = "", tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """How the store and its tenants are, and what needs a person: ends with 0 when nothing does, with 1 when
    something does, with 2 when that cannot be told."""
    with explained():
        settings = Settings.from_environment()
        configure_logs(settings.log_level)
        found = status_of(settings, slug=tenant, url=url)
        zone = found.tenants[0].tenant.timezone if len(found.tenants) == 1 else "UTC"
        Showing(zone, as_json=as_json).one(
            _fields(found, shown(settings)),
            Rows("tenants", TENANTS, [row for one in found.tenants for row in _tenant(one)]),
            Rows("waiting", WAITING, [row for one in found.tenants for row in _waiting(one)]),
            Rows("endpoints", ENDPOINTS, [row for one in found.tenants for row in _endpoints(one)]),
            Rows("needs", ("need",), [(need,) for need in found.needs]),
        )
    if found.needs:
        raise typer.Exit(REFUSED)


def _fields(status: Status, address: str) -> dict[str, Value]:
    """`serving` is known of SQLite's file alone."""
    file = status.file
    return {
        "well": not status.needs,
        "store": address,
        "schema": status.revision,
        "schema_wanted": status.revision_wanted,
        "serving": None if file is None else file.is_served,
        "ready": status.ready,
        "last_backup_at": None if status.last_backup_at is None else Instant(status.last_backup_at),
        "used_bytes": None if file is None else file.used_bytes,
        "free_bytes": None if file is None else file.free_bytes,
    }


def _tenant(status: TenantStatus) -> Iterator[Sequence[Value]]:
    """A row for each currency, or one without any; `remains` is what was charged less what was paid back."""
    customers, charges = status.figures.project.customers, status.figures.project.charges
    for currency, (count, remains_minor) in sorted(charges.items()):
        yield status.tenant.slug, customers, currency, count, Money(remains_minor, currency)
    if not charges:
        yield status.tenant.slug, customers, None, 0, None


def _waiting(status: TenantStatus) -> Iterator[Sequence[Value]]:
    figures = status.figures
    for what, waiting in {
        "due_within_a_day": figures.due,
        "overdue": figures.overdue,
        "parked": figures.parked,
        "open_payments": figures.payments,
        "open_refunds": figures.refunds,
        "abandoned_plan_runs": figures.plan_runs,
    }.items():
        first_at = None if waiting.first_at is None else Instant(waiting.first_at)
        yield status.tenant.slug, what, waiting.count, first_at


def _endpoints(status: TenantStatus) -> Iterator[Sequence[Value]]:
    for endpoint in status.figures.endpoints:
        since = None if endpoint.pending.first_at is None else Instant(endpoint.pending.first_at)
        yield (
            status.tenant.slug,
            endpoint.uid,
            endpoint.url,
            endpoint.state,
            endpoint.pending.count,
            since,
            endpoint.given_up.count,
        )

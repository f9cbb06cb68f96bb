"""How a store and its tenants are, and what of it needs a person. Nothing is changed, not even the tables."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import msgspec

from tollhouse.app.stores import check_there
from tollhouse.clock import SystemClock
from tollhouse.config import Settings
from tollhouse.ledger.clock import DAY, MINUTE
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.ports import UnusableStore
from tollhouse.store.backups.folder import BackupFolder
from tollhouse.store.engine import store_url
from tollhouse.store.migrate import revisions
from tollhouse.store.queries.status import COUNTED_MAX, SqlStatusQueries, TenantFigures, Waiting
from tollhouse.store.store import SqlStore

#: What should have happened by itself and has not for so long needs a person.
PATIENCE = 60 * MINUTE
#: A disk with less room than this soon refuses charges.
FREE_BYTES_MIN = 256 * 1024 * 1024
#: How long a server may take to say that it is ready.
READY_SECONDS = 5.0


class StoreFile(msgspec.Struct, frozen=True):
    """SQLite's: `used_bytes` with its log, and what is left on its disk. `is_served` says whether a server has it."""

    used_bytes: int
    free_bytes: int
    is_served: bool


class TenantStatus(msgspec.Struct, frozen=True):
    tenant: TenantFact
    figures: TenantFigures


class Status(msgspec.Struct, frozen=True):
    """`revision` is of the store's tables, `revision_wanted` this version's. `last_backup_at` is when the server last
    made a backup by itself, None where it does not. `ready` is what the server said that was
    asked, None where none was. `needs` are sentences: what needs a person, and what that person may do."""

    revision: str | None
    revision_wanted: str | None
    file: StoreFile | None
    last_backup_at: int | None
    ready: str | None
    tenants: list[TenantStatus]
    needs: list[str]


def status_of(settings: Settings, *, slug: str = "", url: str = "") -> Status:
    """Of all tenants, or of the one with this slug; with a URL the server there is asked as well."""
    check_there(settings)
    ready = _readiness(url) if url else None
    with closing(SqlStore(store_url(settings.database_url), readers=1)) as store:
        revision, wanted = revisions(store)
        tenants = _tenants(store, slug) if revision == wanted else []
        file = _file(store)
    needs = [] if revision == wanted else ["The tables are not of this version: run `tollhouse migrate`."]
    if ready not in (None, "ready"):
        needs.append(f"The server at {url} is not ready: {ready}.")
    if file is not None and file.free_bytes < FREE_BYTES_MIN:
        needs.append(f"The store's disk has {file.free_bytes // 1024 // 1024} MiB left: make room.")
    needs += [need for tenant in tenants for need in _needs(tenant)]
    last_backup_at = _last_backup_at(settings)
    if _is_late(settings, last_backup_at):
        needs.append(f"No backup was made in time in {settings.backup_directory}: look into the server's log.")
    return Status(revision, wanted, file, last_backup_at, ready, tenants, needs)


def at_most(count: int) -> str:
    """A count as far as it was counted."""
    return f"{count:,} or more" if count >= COUNTED_MAX else f"{count:,}"


def _tenants(store: SqlStore, slug: str) -> list[TenantStatus]:
    queries = SqlStatusQueries(store)
    now = SystemClock().now()
    wanted = [tenant for tenant in store.tenants() if slug in ("", tenant.slug)]
    if slug and not wanted:
        raise UnusableStore(f"There is no tenant {slug}.")
    found = []
    for tenant in sorted(wanted, key=lambda tenant: tenant.slug):
        here = now if tenant.clock_at is None else tenant.clock_at
        bounds = {"due_until": here + DAY, "overdue_since": here - PATIENCE}
        found.append(TenantStatus(tenant, queries.figures(tenant.tenant_id, now=now - PATIENCE, **bounds)))
    return found


def _file(store: SqlStore) -> StoreFile | None:
    if not store.is_sqlite:
        return None
    file = Path(str(store.url.database)).resolve()
    parts = [part for part in (file, Path(f"{file}-wal")) if part.exists()]
    return StoreFile(
        used_bytes=sum(part.stat().st_size for part in parts),
        free_bytes=shutil.disk_usage(file.parent).free,
        is_served=store.is_served(),
    )


def _last_backup_at(settings: Settings) -> int | None:
    address = store_url(settings.database_url)
    if not settings.backup_directory or address.drivername != "sqlite":
        return None
    folder = BackupFolder(
        Path(settings.backup_directory), Path(str(address.database)).absolute(), kept=settings.backups_kept
    )
    return folder.newest_at(SystemClock().now())


def _is_late(settings: Settings, last_backup_at: int | None) -> bool:
    """Twice as long ago as it may be: once, a server may have been away for a while."""
    if not settings.backup_directory or store_url(settings.database_url).drivername != "sqlite":
        return False
    every = settings.backup_every_hours * 60 * MINUTE
    return last_backup_at is None or last_backup_at < SystemClock().now() - 2 * every


def _readiness(url: str) -> str:
    """`ready`, or why not in a few words."""
    try:
        with httpx.Client(timeout=READY_SECONDS, trust_env=False) as client:
            answer = client.get(f"{url.rstrip('/')}/readyz")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__
    return "ready" if answer.status_code == httpx.codes.OK else f"it answers {answer.status_code}"


# What needs a person.


def _needs(status: TenantStatus) -> Iterator[str]:
    slug, figures = status.tenant.slug, status.figures
    if figures.parked.count:
        yield f"{slug}: {at_most(figures.parked.count)} parked: `tollhouse charges parked --tenant {slug}` says why."
    if figures.overdue.count:
        yield (
            f"{slug}: {at_most(figures.overdue.count)} should have been charged over an hour ago, and nobody does it:"
            " start `tollhouse serve` (SQLite) or `tollhouse worker` (PostgreSQL)."
        )
    for kind, waiting in (("payments", figures.payments), ("refunds", figures.refunds)):
        if _is_old(waiting):
            yield (
                f"{slug}: {at_most(waiting.count)} {kind} without a known outcome, the first for over an hour:"
                f" `tollhouse charges open --tenant {slug}` shows them; is a server running that can reach the gateway?"
            )
    if figures.plan_runs.count:
        yield f"{slug}: a plan's charging was left behind: a server or worker takes it up, `tollhouse run` as well."
    yield from _endpoint_needs(status)


def _endpoint_needs(status: TenantStatus) -> Iterator[str]:
    slug = status.tenant.slug
    for endpoint in status.figures.endpoints:
        if endpoint.state != "enabled":
            continue
        if endpoint.given_up.count:
            yield (
                f"{slug}: {at_most(endpoint.given_up.count)} events given up for {endpoint.url}: mend it, then"
                f" `tollhouse webhooks replay-failed {endpoint.uid} --tenant {slug}`."
            )
        elif _is_old(endpoint.pending):
            yield (
                f"{slug}: events for {endpoint.url} have waited for over an hour: `tollhouse webhooks attempts"
                f" {endpoint.uid} --tenant {slug}` says why."
            )


def _is_old(waiting: Waiting) -> bool:
    return waiting.first_at is not None and waiting.first_at < SystemClock().now() - PATIENCE

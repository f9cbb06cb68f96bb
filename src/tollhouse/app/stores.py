"""The store, and what is done to it by commands."""

from __future__ import annotations

import secrets
from contextlib import closing
from pathlib import Path

from tollhouse.app.backups import check_backup_settings
from tollhouse.app.gateways import open_stripe_accounts
from tollhouse.app.operator import operator
from tollhouse.clock import SystemClock
from tollhouse.config import Settings
from tollhouse.domain.figures import LANES
from tollhouse.gateways.sandbox_cards import shown_of
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.ports import UnusableStore
from tollhouse.ledger.provisioning.apply import Applied, apply
from tollhouse.ledger.provisioning.document import Document, document_from_toml
from tollhouse.ledger.verifying import Findings, verify
from tollhouse.passwords import hash_password
from tollhouse.store.engine import store_url
from tollhouse.store.migrate import is_current, migrate
from tollhouse.store.store import SqlStore


def open_store(settings: Settings) -> SqlStore:
    """The store of the settings, with its tables: SQLite's are brought up to date, PostgreSQL's must be."""
    store = SqlStore(store_url(settings.database_url), readers=settings.read_threads)
    if store.is_sqlite:
        migrate(store)
        return store
    return _current(store)


def open_migrated_store(settings: Settings) -> SqlStore:
    """The store of the settings, whose tables must be up to date: for what runs beside a server, which may be of
    another version."""
    return _current(SqlStore(store_url(settings.database_url), readers=settings.read_threads))


def _current(store: SqlStore) -> SqlStore:
    try:
        if is_current(store):
            return store
        raise UnusableStore("The tables are not up to date: run `tollhouse migrate`.")
    except BaseException:
        store.close()
        raise


def check_there(settings: Settings) -> None:
    """Refuse a SQLite file that is not there, where a command would otherwise make an empty one and find nothing in
    it."""
    address = store_url(settings.database_url)
    file = Path(str(address.database))
    if address.drivername == "sqlite" and file.parent.is_dir() and not file.exists():
        raise UnusableStore(
            f"There is no store at {file}: run this in the store's folder, or set TOLLHOUSE_DATABASE_URL."
            " `tollhouse migrate` makes an empty one."
        )


def migrate_store(settings: Settings) -> str:
    """Bring the store's tables to this version; a sentence says what was done."""
    with closing(SqlStore(store_url(settings.database_url))) as store:
        return migrate(store)


def provision(settings: Settings, text: str) -> Applied:
    """Apply a provisioning file's text to the store."""
    document = document_from_toml(text)
    with closing(open_store(settings)) as store:
        by = operator("provisioning")
        return apply(store, SystemClock(), described(document), hash_password=hash_password, by=by)


def described(document: Document) -> Document:
    """The document with what the sandbox says may be shown of its payment methods, where the file says nothing."""
    for table in document.payment_methods:
        shown = shown_of(table.token) if table.gateway == "sandbox" and table.last4 is None else None
        if shown is not None:
            table.brand, table.last4, table.funding = shown.brand, shown.last4, "credit"
            table.exp_month, table.exp_year, table.country = shown.exp_month, shown.exp_year, shown.country
    return document


def verify_store(settings: Settings) -> Findings:
    with closing(open_store(settings)) as store:
        return verify(store)


def check_startable(settings: Settings, workers: int) -> None:
    """UnusableStore when a server with this many processes cannot start on the store, BadSetting when it cannot do what
    the settings want of it."""
    check_backup_settings(settings)
    if store_url(settings.database_url).drivername == "sqlite" and workers > 1:
        raise UnusableStore(
            "SQLite serves one process: leave --workers out, or set TOLLHOUSE_DATABASE_URL to a PostgreSQL."
        )
    with closing(open_store(settings)) as store:
        store.check_durability()
        with open_stripe_accounts(settings, store):
            pass
        with store.held_by_one_server():
            pass


def open_ledger(store: SqlStore) -> Ledger:
    return Ledger(store, SystemClock(), lane=0 if store.is_sqlite else secrets.randbelow(LANES))

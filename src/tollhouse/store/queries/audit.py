"""The audit log's queries, as statements."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select, tuple_

from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ROOT_PATH, AuditFact
from tollhouse.ledger.queries.audit import ENTRIES_MAX, AuditPage, AuditWanted, Place
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import audit_entries
from tollhouse.store.store import SqlStore

_ENTRY = [audit_entries.c[name] for name in columns_of(AuditFact)]
_NAMES: Final = ("person_id", "door", "command", "subject_kind", "subject")
_PLACE: Final = (audit_entries.c.recorded_at, audit_entries.c.entry_id)


class SqlAuditQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def entries(
        self, tenant_id: int, caller: Caller | None, wanted: AuditWanted, before: Place | None = None
    ) -> AuditPage:
        query = entries_query(tenant_id, caller, wanted, before)
        with self._store.reading_rows() as connection:
            rows = [AuditFact(*row) for row in connection.execute(query)]
        if len(rows) <= ENTRIES_MAX:
            return AuditPage(rows, None)
        last = rows[ENTRIES_MAX - 1]
        return AuditPage(rows[:ENTRIES_MAX], (last.recorded_at, last.entry_id))


def entries_query(tenant_id: int, caller: Caller | None, wanted: AuditWanted, before: Place | None) -> Select[Any]:
    """One more than a page, so that it is known whether there is another."""
    query = select(*_ENTRY).where(audit_entries.c.tenant_id == tenant_id, *_asked(wanted))
    if caller is not None:
        query = query.where(*_seen(caller))
    if before is not None:
        # Of a branch its own entries are looked through: told of the time, SQLite would look through all of them.
        recorded_at = _PLACE[0] + 0 if caller is not None and _is_branch(caller) else _PLACE[0]
        query = query.where(tuple_(recorded_at, _PLACE[1]) < tuple_(*before))
    return query.order_by(*(column.desc() for column in _PLACE)).limit(ENTRIES_MAX + 1)


def _asked(wanted: AuditWanted) -> list[ColumnElement[bool]]:
    entry = audit_entries.c
    asked = [entry[name] == getattr(wanted, name) for name in _NAMES if getattr(wanted, name)]
    if wanted.since is not None:
        asked.append(entry.recorded_at >= wanted.since)
    if wanted.until is not None:
        asked.append(entry.recorded_at < wanted.until)
    return asked


def _seen(caller: Caller) -> list[ColumnElement[bool]]:
    path = audit_entries.c.path
    if _is_branch(caller):
        # Paths end in a point; the character after it ends all that begin with this one.
        return [path >= caller.path, path < f"{caller.path[:-1]}/"]
    return [] if caller.may_reach_below else [path == caller.path]


def _is_branch(caller: Caller) -> bool:
    return caller.may_reach_below and caller.path != ROOT_PATH

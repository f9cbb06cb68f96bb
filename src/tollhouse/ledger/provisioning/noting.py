"""What applying a file changes, noted for the audit log as it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, cast

from msgspec.structs import replace

from tollhouse.ledger.auditing.entries import entry
from tollhouse.ledger.auditing.noting import Notes, key_names
from tollhouse.ledger.auditing.subjects import Subject
from tollhouse.ledger.auditing.told import TOLD
from tollhouse.ledger.commands import Actor
from tollhouse.ledger.facts import AuditFact, ChangingFact, Fact, TenantFact
from tollhouse.ledger.ports import UnitOfWork

#: What the entry says was done: no command, but a file.
APPLY: Final = "Apply"


def noted_unit(unit: UnitOfWork, notes: Notes) -> UnitOfWork:
    """The unit of work, of which all that is written is noted."""
    return cast(UnitOfWork, _NotedUnit(unit, notes))


def applied_entry(
    by: Actor, tenant: TenantFact, notes: Notes, *, take: Callable[[], int], now: int
) -> AuditFact | None:
    """One for all that a file changed; None where that was nothing."""
    subject = Subject("tenant", tenant.slug, tenant.slug)
    return entry(by, APPLY, subject, notes, tenant_id=tenant.tenant_id, take=take, now=now)


class _NotedUnit:
    def __init__(self, unit: UnitOfWork, notes: Notes) -> None:
        self._unit = unit
        self._notes = notes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._unit, name)

    def insert(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self._notes.made(fact)
        self._unit.insert(facts)

    def upsert(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self._notes.put(fact, partial(self._kept, fact))
        self._unit.upsert(facts)

    def change(self, kind: type[Fact], key: dict[str, Any], **values: Any) -> int:
        if kind in TOLD and not TOLD[kind].left_out.issuperset(values):
            for row in self._unit.find(kind, **key):
                self._notes.put(replace(row, **values), partial(_same, row))
        return self._unit.change(kind, key, **values)

    def remove(self, kind: type[Fact], /, **equals: Any) -> int:
        if kind in TOLD:
            for row in self._unit.find(kind, **equals):
                self._notes.gone(row)
        return self._unit.remove(kind, **equals)

    def _kept(self, fact: Fact) -> Fact | None:
        if not isinstance(fact, ChangingFact):
            return None
        kind = type(fact)
        found = self._unit.find(kind, **dict(zip(key_names(kind), fact.key, strict=True)))
        return found[0] if found else None


def _same(row: Fact) -> Fact:
    return row

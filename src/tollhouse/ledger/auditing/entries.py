"""The entry that a command leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tollhouse.ledger.auditing.noting import Notes
from tollhouse.ledger.auditing.subjects import Subject, subject_of
from tollhouse.ledger.auditing.telling import changes_text, has_effect
from tollhouse.ledger.commands import Actor, Command
from tollhouse.ledger.facts import AuditFact, TenantFact

#: The kind of number an entry takes.
ENTRY: Final = "audit_entry"

#: Characters of what comes from outside.
_TEXT_MAX: Final = 255


def entry_of(
    command: Command, by: Actor, result: Any, notes: Notes, *, tenant: TenantFact, take: Callable[[], int], now: int
) -> AuditFact | None:
    """The entry of a command; None where it changed nothing. `take` gives its number."""
    subject = subject_of(command, result, notes, tenant)
    return entry(by, type(command).__name__, subject, notes, tenant_id=tenant.tenant_id, take=take, now=now)


def entry(
    by: Actor, command: str, subject: Subject, notes: Notes, *, tenant_id: int, take: Callable[[], int], now: int
) -> AuditFact | None:
    changes = changes_text(notes)
    if not has_effect(changes, notes):
        return None
    return AuditFact(
        tenant_id=tenant_id,
        entry_id=take(),
        recorded_at=now,
        actor_kind=by.kind,
        person_id=by.person_id,
        name=by.name[:_TEXT_MAX],
        customer_number=by.customer_number,
        path=by.path,
        door=by.door,
        address=by.address[:_TEXT_MAX],
        command=command,
        subject_kind=subject.kind,
        subject=subject.key[:_TEXT_MAX],
        subject_name=subject.name[:_TEXT_MAX],
        changes=changes,
    )

"""Who changed what."""

from __future__ import annotations

from tollhouse.ledger.facts.fact import Fact


class AuditFact(Fact):
    """One command that somebody gave, appended with what it changed and never written again.

    `actor_kind` to `address` are its Actor's. `recorded_at` is by the system's clock, also of a test tenant.
    `subject_kind` and `subject` name what it was about, `subject_name` is what that was called then, or empty.
    `changes` is JSON: see `ledger/auditing/telling.py`.
    """

    tenant_id: int
    entry_id: int
    recorded_at: int
    actor_kind: str
    person_id: int
    name: str
    customer_number: int
    path: str
    door: str
    address: str
    command: str
    subject_kind: str
    subject: str
    subject_name: str
    changes: str

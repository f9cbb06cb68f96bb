"""What may be read of the audit log, as a port."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import AuditFact

#: Entries on a page.
ENTRIES_MAX: Final = 50

#: Where a page ends: when the last entry on it was recorded, and its number.
Place = tuple[int, int]


class AuditWanted(msgspec.Struct, frozen=True):
    """Which entries: empty texts, 0 and None ask for nothing. A `subject` is one of its kind.

    From `since` on and before `until`, both by the system's clock.
    """

    person_id: int = 0
    door: str = ""
    command: str = ""
    subject_kind: str = ""
    subject: str = ""
    since: int | None = None
    until: int | None = None


class AuditPage(msgspec.Struct, frozen=True):
    """Entries, the newest first, and where the next page begins: None on the last."""

    rows: list[AuditFact]
    next: Place | None


class AuditQueries(Protocol):
    def entries(
        self, tenant_id: int, caller: Caller | None, wanted: AuditWanted, before: Place | None = None
    ) -> AuditPage:
        """Up to ENTRIES_MAX entries, with a place those before it. Of a caller's own people alone and, where it reaches
        below, of theirs; None sees all, as does who reaches below the root."""
        ...

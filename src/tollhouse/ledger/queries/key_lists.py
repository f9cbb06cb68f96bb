"""Lists of API keys, as a port."""

from __future__ import annotations

from typing import Protocol

from tollhouse.ledger.facts import KeyFact


class KeyLists(Protocol):
    def live(self, tenant_id: int, after: str, count: int) -> list[KeyFact]:
        """Keys that open something, by name, from behind this name on."""
        ...

    def revoked(self, tenant_id: int, count: int) -> list[KeyFact]:
        """Those that were revoked, the last first."""
        ...

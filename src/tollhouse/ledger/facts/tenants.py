"""Who is owed, and what opens their doors."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts.fact import ChangingFact, Fact


class TenantFact(Fact):
    """`clock_at` is the time of a test tenant, which lives by it and by no other; None for all others.

    `negative_amounts_refund`: Beacon's negative amounts are refunds; else they are refused.
    """

    tenant_id: int
    slug: str
    name: str
    currency: str
    timezone: str
    session_window_minutes: int
    blocked: int
    anchor: str
    empty_period_grace_minutes: int
    public_keys_may_charge: int
    private_webhooks: int
    hosts: str
    created_at: int
    clock_at: int | None = None
    negative_amounts_refund: int = 0


class KeyFact(ChangingFact):
    """An API key by the SHA-256 of its text; the text is nowhere kept."""

    key_hash: str
    tenant_id: int
    name: str
    kind: str
    created_at: int
    revoked_at: int | None

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.key_hash,)

"""Charges that were collected elsewhere."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from tollhouse.ledger.commands.command import Command


class Identity(msgspec.Struct, frozen=True, gc=False):
    """Who is charged: the caller's own reference, an e-mail, or both. At least one is present."""

    reference: str | None
    email: str | None


class RecordedItem(msgspec.Struct, frozen=True, gc=False):
    """One charge that was collected elsewhere. `effective_at` None is the moment of recording."""

    amount_minor: int
    effective_at: int | None


class RecordCharges(Command, frozen=True, kw_only=True):
    """Record one or many charges of one customer, all or none, in the tenant's currency."""

    operation: str
    identity: Identity
    items: tuple[RecordedItem, ...]
    touch_session: bool

    numbers: ClassVar[tuple[str, ...]] = ("customer", "transaction")

    @property
    def weight(self) -> int:
        return len(self.items) or 1

"""Charges from a file."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from tollhouse.ledger.commands.command import Command
from tollhouse.ledger.commands.recording import Identity, RecordedItem


class ImportedCharge(msgspec.Struct, frozen=True, gc=False):
    """One row of a file: the line on which it starts, and its charge."""

    line: int
    identity: Identity
    item: RecordedItem


class RefusedRow(msgspec.Struct, frozen=True, gc=False):
    """One row of a file that cannot be charged: the line on which it starts, and why."""

    line: int
    reason: str


class ImportCharges(Command, frozen=True, kw_only=True):
    """Record the next rows of a file, of which `rows_read` are done: nothing where others were done meanwhile.

    `charges` are the rows that can be charged as far as the file tells, in their order; `refused` the others.
    `started_at` is the import's moment; the first rows fix it.
    """

    digest: str
    started_at: int
    rows_read: int
    charges: tuple[ImportedCharge, ...]
    refused: tuple[RefusedRow, ...]
    touch_session: bool
    is_last: bool

    numbers: ClassVar[tuple[str, ...]] = ("customer", "transaction")

    @property
    def weight(self) -> int:
        return len(self.charges) + len(self.refused) or 1

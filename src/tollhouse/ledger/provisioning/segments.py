"""Segments of a provisioning file, each found by its slug."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.facts.fact import ChangingFact
from tollhouse.ledger.provisioning.document import ProvisioningRefused, SegmentTable
from tollhouse.ledger.refusals import Refusal
from tollhouse.ledger.segments import put_segment
from tollhouse.ledger.sight import Finds


class Rows(Finds, Protocol):
    """Rows that are written where they are decided."""

    tenant: TenantFact
    now: int

    def put(self, fact: ChangingFact) -> None: ...


def apply_segment(rows: Rows, where: str, table: SegmentTable, take: Callable[[], int]) -> bool:
    """A new segment, its number from `take`, or the one that is there, with what is given. Whether it is new."""
    try:
        decided = put_segment(rows, rows.tenant, rows.now, table, take)
    except Refusal as refusal:
        raise ProvisioningRefused(f"{where}.{refusal}") from refusal
    if decided.segment != decided.before:
        rows.put(decided.segment)
    return decided.is_new

"""Charges brought in from files."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts.fact import ChangingFact, Fact


class ImportFact(ChangingFact):
    """One file of charges that is being brought in, or was: known by its digest, for ever.

    `rows_read` rows of the file are done; of these `charged` left a transaction and `refused` none. `customers` came
    about by it. `sums` is JSON: minor units by currency. `started_at`, by the tenant's clock, is the moment that rows
    without a time have, and by which one is in the future. `finished_at` is None until all is done.
    """

    tenant_id: int
    digest: str
    rows_read: int
    charged: int
    refused: int
    customers: int
    sums: str
    started_at: int
    finished_at: int | None

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.digest,)


class RefusedRowFact(Fact):
    """A row of such a file that was not charged: the line on which it starts, and why."""

    tenant_id: int
    digest: str
    line: int
    reason: str

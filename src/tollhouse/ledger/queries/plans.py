"""Who is on a plan and what is charged to them all, as a port. A query never changes anything."""

from __future__ import annotations

from typing import Protocol

from tollhouse.ledger.facts import ChargeFact, CustomerFact


class PlanQueries(Protocol):
    def on_plan(self, tenant_id: int, plan_number: int, count: int) -> list[CustomerFact]:
        """Live customers on a plan, the first by number."""
        ...

    def charges_of_plan(self, tenant_id: int, plan_number: int, count: int) -> list[ChargeFact]:
        """Charges on everybody on a plan that are not deleted, the newest first."""
        ...

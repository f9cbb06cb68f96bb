"""Who is on a plan, as a port. A query never changes anything."""

from __future__ import annotations

from typing import Protocol

from tollhouse.ledger.facts import CustomerFact


class PlanCustomers(Protocol):
    def on_plan(self, tenant_id: int, plan_number: int, count: int) -> list[CustomerFact]:
        """Live customers on a plan, the first by number."""
        ...

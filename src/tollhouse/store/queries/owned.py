"""What belongs to one customer or plan, however much belongs to others: those directly below it or on it, and charges.

SQLite is told the index by name: without figures of its own it would go through all that the tenant has.
"""

# ruff: noqa: S608 - statements are made of names of ours alone; what is looked for is a parameter.

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import text

from tollhouse.ledger.facts import ChargeFact, CustomerFact, Fact
from tollhouse.store.deliveries import by_index
from tollhouse.store.rows import TABLES, columns_of
from tollhouse.store.store import SqlStore

F = TypeVar("F", bound=Fact)


class SqlOwnedQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def below(self, tenant_id: int, customer_number: int, count: int) -> list[CustomerFact]:
        """Live customers directly below one, the first by number."""
        where = "parent_number = :customer AND deleted_at IS NULL ORDER BY number"
        values = {"tenant": tenant_id, "customer": customer_number, "count": count}
        return self._owned(CustomerFact, "ix_customers_parent", where, values)

    def on_plan(self, tenant_id: int, plan_number: int, count: int) -> list[CustomerFact]:
        """Live customers on a plan, the first by number."""
        where = "plan_number = :plan AND deleted_at IS NULL ORDER BY number"
        values = {"tenant": tenant_id, "plan": plan_number, "count": count}
        return self._owned(CustomerFact, "ix_customers_plan", where, values)

    def charges_of_plan(self, tenant_id: int, plan_number: int, count: int) -> list[ChargeFact]:
        """Charges on everybody on a plan that are not deleted, the newest first."""
        where = "plan_number = :plan AND deleted_at IS NULL ORDER BY charge_id DESC"
        values = {"tenant": tenant_id, "plan": plan_number, "count": count}
        return self._owned(ChargeFact, "ix_charges_plan", where, values)

    def charges(self, tenant_id: int, customer_number: int, after: int, count: int) -> list[ChargeFact]:
        """Charges on one customer that are not deleted, the first behind an id."""
        where = "customer_number = :customer AND charge_id > :after AND deleted_at IS NULL ORDER BY charge_id"
        values = {"tenant": tenant_id, "customer": customer_number, "after": after, "count": count}
        return self._owned(ChargeFact, "ix_charges_customer", where, values)

    def _owned(self, kind: type[F], index: str, where: str, values: dict[str, int]) -> list[F]:
        query = text(
            f"SELECT {', '.join(columns_of(kind))} FROM {TABLES[kind].name}"
            f" {by_index(self._store.is_sqlite, index)} WHERE tenant_id = :tenant AND {where} LIMIT :count"
        )
        with self._store.reading_rows() as connection:
            return [kind(*row) for row in connection.execute(query, values)]

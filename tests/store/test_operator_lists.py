"""What the operator's lists read, they find by an index: the plan names one, and never goes through a tenant's rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from tests.harness import record
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.queries.events import SqlEventQueries
from tollhouse.store.queries.owned import SqlOwnedQueries
from tollhouse.store.queries.status import SqlStatusQueries
from tollhouse.store.queries.transactions import SqlTransactionQueries
from tollhouse.store.store import SqlStore

Look = Callable[[SqlStore, int, int], Any]

LOOKS: dict[str, tuple[Look, str]] = {
    "newest": (
        lambda s, t, x: SqlTransactionQueries(s).newest(t, 5, x),
        "PRIMARY KEY (tenant_id=? AND transaction_id<?)",
    ),
    "newest of one": (
        lambda s, t, x: SqlTransactionQueries(s).newest_of(t, _customer(s, t), 5, x),
        "ix_transactions_customer (tenant_id=? AND customer_number=? AND (effective_at,transaction_id)<(?,?))",
    ),
    "below": (
        lambda s, t, _: SqlOwnedQueries(s).below(t, 123, 5),
        "ix_customers_parent (tenant_id=? AND parent_number=?)",
    ),
    "on a plan": (
        lambda s, t, _: SqlOwnedQueries(s).on_plan(t, 7, 5),
        "ix_customers_plan (tenant_id=? AND plan_number=?)",
    ),
    "charges of a plan": (
        lambda s, t, _: SqlOwnedQueries(s).charges_of_plan(t, 7, 5),
        "ix_charges_plan (tenant_id=? AND plan_number=?)",
    ),
    "charges": (
        lambda s, t, _: SqlOwnedQueries(s).charges(t, 123, 7, 5),
        "ix_charges_customer (tenant_id=? AND customer_number=? AND charge_id>?)",
    ),
    "parked": (lambda s, t, _: SqlDueQueries(s).first_parked(t, 5), "ix_schedules_parked (tenant_id=?)"),
    "attempts": (
        lambda s, t, _: SqlEventQueries(s).newest_attempts(t, "x", 5),
        "ix_delivery_attempts_started (tenant_id=?)",
    ),
    "status": (
        lambda s, t, _: SqlStatusQueries(s).figures(t, now=1, due_until=1, overdue_since=1),
        "ix_schedules_active (tenant_id=? AND due_at<?)",
    ),
}


def _customer(store: SqlStore, tenant_id: int) -> int:
    return SqlTransactionQueries(store).newest(tenant_id, 1)[0].customer_number


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("look", LOOKS)
def test_a_look_is_by_an_index(store: SqlStore, ledger: Ledger, tenant: TenantFact, look: str) -> None:
    transaction = ledger.execute(record(tenant, 5, 6)).result.first_transaction_id
    asked: list[tuple[str, Any]] = []

    @event.listens_for(store._reading, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, values))

    run, expected = LOOKS[look]
    run(store, tenant.tenant_id, transaction)
    event.remove(store._reading, "before_cursor_execute", note)
    plans = []
    with store.reading_rows() as connection:
        for statement, values in asked:
            rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans += [str(row[-1]) for row in rows]
    assert any(expected in plan for plan in plans), plans
    tables = ("transactions", "customers", "charges", "schedules", "payments", "refunds", "deliveries", "plan_runs")
    assert not [plan for plan in plans if any(plan == f"SCAN {table}" for table in tables)]

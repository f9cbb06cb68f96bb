"""Looking for events to send goes through the index of what is open, however much was delivered before."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from tests.harness import TestClock, provision
from tollhouse.ledger.queries import DueEndpoint
from tollhouse.store.queries.events import ENDPOINTS_AT_ONCE, SqlEventQueries
from tollhouse.store.schema import deliveries, webhook_endpoints
from tollhouse.store.store import SqlStore

OPEN_INDEXES = ("ix_deliveries_pending", "ix_deliveries_open", "ix_deliveries_failed")


def fill(store: SqlStore, tenant_id: int, endpoints: int, **of_endpoint: Any) -> None:
    """Endpoints, each with one delivery that is due at its own number."""
    values = {"secret": "kq_whsec_test", "events": "[]", "description": "", "created_at": 0, "modified_at": 0}
    ids = range(1, endpoints + 1)
    with store.writing_rows() as connection:
        connection.execute(
            webhook_endpoints.insert(),
            [
                {
                    "tenant_id": tenant_id,
                    "endpoint_id": n,
                    "uid": str(n),
                    "url": str(n),
                    "state": "enabled",
                    **values,
                    **of_endpoint,
                }
                for n in ids
            ],
        )
        connection.execute(
            deliveries.insert(),
            [
                {
                    "tenant_id": tenant_id,
                    "endpoint_id": n,
                    "customer_number": 1,
                    "customer_seq": 1,
                    "event_uid": "e",
                    "state": "pending",
                    "attempts": 0,
                    "due_at": n,
                    "created_at": 1000 + n,
                    "modified_at": 0,
                    "failure": "",
                }
                for n in ids
            ],
        )


def test_every_endpoint_is_looked_at_however_many_there_are(store: SqlStore, clock: TestClock) -> None:
    tenant_id = provision(store, '[tenant]\nslug = "many"\n', clock).tenant.tenant_id
    queries = SqlEventQueries(store)
    assert (queries.due_endpoints(10, 10), queries.oldest_open_at()) == ([], None)
    count = 2 * ENDPOINTS_AT_ONCE + 5
    fill(store, tenant_id, count)
    due = queries.due_endpoints(count - 2, 0)
    assert sorted(endpoint.endpoint_id for endpoint in due) == list(range(1, count - 1))
    assert queries.oldest_open_at() == 1001


def test_what_is_disabled_or_removed_is_not_due(store: SqlStore, clock: TestClock) -> None:
    tenant_id = provision(store, '[tenant]\nslug = "many"\n', clock).tenant.tenant_id
    fill(store, tenant_id, 3, modified_at=50)
    with store.writing_rows() as connection:
        for endpoint_id, state in ((1, "disabled"), (2, "removed"), (3, "removing")):
            which = webhook_endpoints.c.endpoint_id == endpoint_id
            connection.execute(webhook_endpoints.update().where(which).values(state=state))
    queries = SqlEventQueries(store)
    clearing = DueEndpoint(tenant_id, 3, is_removing=True)
    assert (queries.due_endpoints(1000, 0), queries.oldest_open_at()) == ([clearing], None)
    with store.writing_rows() as connection:
        connection.execute(deliveries.update().values(state="failed", due_at=None))
    assert queries.due_endpoints(1000, 49) == []
    assert queries.due_endpoints(1000, 50) == [clearing]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_sqlite_uses_the_indexes_of_what_is_open(store: SqlStore, clock: TestClock) -> None:
    tenant_id = provision(store, '[tenant]\nslug = "many"\n', clock).tenant.tenant_id
    fill(store, tenant_id, 2)
    seen: list[tuple[str, Any]] = []
    for engine in (store._reading, store._writing):
        event.listen(engine, "before_cursor_execute", lambda *given: seen.append((given[2], given[3])))
    queries = SqlEventQueries(store)
    queries.due_endpoints(10, 0)
    queries.oldest_open_at()
    with store.unit_of_work(tenant_id) as unit:
        unit.open_deliveries(1, 5, 1)
        unit.open_deliveries(1, 5)
        unit.due_deliveries(1, 5, 5)
        unit.failed_deliveries(1, 5)
    asked = [(statement, values) for statement, values in seen if "FROM deliveries" in statement]
    assert len(asked) == 6
    with store.reading_rows() as connection:
        for statement, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            searched = [row[-1] for row in plan if " deliveries " in row[-1]]
            assert searched
            assert all(any(index in step for index in OPEN_INDEXES) for step in searched), searched

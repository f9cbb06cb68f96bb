"""How the lists are looked up: through an index each, by conditions on it, on a store with rows and statistics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event

from bench.growing import grow, settle
from tests.harness import prepared
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import CustomerFact
from tollhouse.ledger.queries import Page
from tollhouse.ledger.queries.overview import Span
from tollhouse.ledger.queries.timelines import SOURCES, TRANSACTIONS, Place, Timeline, TimelineWanted
from tollhouse.store.queries.console.customers import SqlCustomerPageQueries
from tollhouse.store.queries.console.timelines import SqlTimelineQueries
from tollhouse.store.queries.overview import SqlOverviewQueries
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.store.store import SqlStore

#: What is looked into however large the store is; any other is a step of the plan's own.
TABLES = {"customers", "customer_words", "transactions", "charge_summaries", "corrections", "payments", "totals"}
TABLES |= {"tracked_events", "customer_tags", "events", "payment_attempts"}
TABLES |= {"day_figures", "schedules", "charges", "refunds", "deliveries"}


ROOT = Caller(1, 1, "1.", may_reach_below=True)
BRANCH = Caller(2, 123, "1.123.", may_reach_below=True)


class Grown:
    """A store with customers and charges, and what lists ask of it."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.tenant = prepared(store)
        self.first = grow(store, self.tenant.tenant_id, "USD", customers=1500, charges=15_000)
        grow(store, self.tenant.tenant_id, "USD", customers=1, charges=3000)
        settle(store)
        self.queries = SqlQueries(store)
        self.overview = SqlOverviewQueries(store)
        with store.reading(self.tenant.tenant_id) as reader:
            (ordinary,) = reader.find(CustomerFact, number=self.first)
            (busy,) = reader.first(CustomerFact, 1, order=("-number",))
        self.ordinary, self.busy = ordinary.uid, busy.uid
        self.busy_number = busy.number
        self.pages, self.timelines = SqlCustomerPageQueries(store), SqlTimelineQueries(store)

    def timeline(self, *kinds: str) -> Timeline:
        """Of the busy one, from the middle on."""
        (middle,) = self.timelines.timeline(
            self.tenant.tenant_id, self.busy_number, TimelineWanted((TRANSACTIONS,), count=1)
        ).entries
        places = dict.fromkeys(SOURCES, Place(middle.place.at, middle.place.number))
        return self.timelines.timeline(self.tenant.tenant_id, self.busy_number, TimelineWanted(SOURCES, kinds, places))


@pytest.fixture
def grown(store: SqlStore) -> Grown:
    return Grown(store)


@contextmanager
def asked(store: SqlStore) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are run meanwhile, with their values."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        statements.append((statement, values))

    event.listen(store._reading, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(store._reading, "before_cursor_execute", note)


def scans_of_sqlite(store: SqlStore, statement: str, values: Any) -> list[str]:
    with store.reading_rows() as connection:
        details = [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    words = statement.replace(",", " ").replace("(", " ").replace(")", " ").split()
    aliases = {after for before, after in pairwise(words) if before in TABLES}
    named = [d for d in details if d.split()[1] in TABLES | aliases]
    # Of a tenant's totals there are few rows; of anything else its key alone is as good as no index.
    of_tenant = [d for d in named if d.endswith("USING PRIMARY KEY (tenant_id=?)") and "totals" not in d]
    return [d for d in named if d.startswith("SCAN ")] + of_tenant


def scans_of_postgres(store: SqlStore, statement: str, values: Any) -> list[str]:
    with store.reading_rows() as connection:
        # Small as the store is, reading a whole table may be the quickest: is there a way without?
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
    return list(scans_in(plan[0]["Plan"] if isinstance(plan, list) else json.loads(plan)[0]["Plan"]))


def scans_in(node: dict[str, Any]) -> Iterator[str]:
    """Tables that are read whole, and indexes that are walked from end to end."""
    kind = node["Node Type"]
    if kind == "Seq Scan" or (
        kind in ("Index Scan", "Index Only Scan", "Bitmap Index Scan") and "Index Cond" not in node
    ):
        yield f"{kind} of {node.get('Relation Name', node.get('Index Name'))}"
    for below in node.get("Plans", []):
        yield from scans_in(below)


SPAN = Span.of_days(60, date(2026, 2, 1))
LISTS: dict[str, Callable[[Grown], object]] = {
    "the project": lambda g: g.queries.project_figures(g.tenant.tenant_id),
    "customers": lambda g: g.queries.customers(g.tenant.tenant_id, "", Page(1, 50)),
    "customers, far in": lambda g: g.queries.customers(g.tenant.tenant_id, "", Page(29, 50)),
    "a reference": lambda g: g.queries.customers(g.tenant.tenant_id, f"G{g.first}", Page(1, 50)),
    "an e-mail": lambda g: g.queries.customers(g.tenant.tenant_id, f"g{g.first}@example.com", Page(1, 50)),
    "how all begin": lambda g: g.queries.customers(g.tenant.tenant_id, "g", Page(20, 50)),
    "a word": lambda g: g.queries.customers(g.tenant.tenant_id, "family7", Page(1, 50)),
    "words": lambda g: g.queries.customers(g.tenant.tenant_id, "name7 fam", Page(1, 50)),
    "one customer": lambda g: g.queries.customer(g.tenant.tenant_id, g.ordinary),
    "console: customers": lambda g: g.pages.everybody(g.tenant.tenant_id, g.first + 700, 50),
    "console: customers below": lambda g: g.pages.below(g.tenant.tenant_id, 1, g.first + 700, 50),
    "console: customers found": lambda g: g.pages.found(g.tenant.tenant_id, ROOT, "name7 fam", 50),
    "console: customers of a branch": lambda g: g.pages.found(g.tenant.tenant_id, BRANCH, "family7", 50),
    "console: a year": lambda g: g.pages.year(g.tenant.tenant_id, g.busy_number, 0),
    "console: a timeline": lambda g: g.timeline(),
    "console: refunds of a timeline": lambda g: g.timeline("refund", "void"),
    "charges": lambda g: g.queries.customer_charges(g.tenant.tenant_id, g.ordinary, Page(1, 50)),
    "charges of many, first": lambda g: g.queries.customer_charges(g.tenant.tenant_id, g.busy, Page(1, 50)),
    "charges of many, middle": lambda g: g.queries.customer_charges(g.tenant.tenant_id, g.busy, Page(30, 50)),
    "charges of many, last": lambda g: g.queries.customer_charges(g.tenant.tenant_id, g.busy, Page(60, 50)),
    "days": lambda g: g.overview.figures(g.tenant.tenant_id, SPAN, "USD"),
    "months": lambda g: g.overview.figures(g.tenant.tenant_id, Span.of_months(12, SPAN.last_on), "USD"),
    "currencies": lambda g: g.overview.currencies(g.tenant.tenant_id),
    "doors": lambda g: g.overview.doors(g.tenant.tenant_id, SPAN, "USD"),
    "what falls due": lambda g: g.overview.falling_due(g.tenant.tenant_id, 10**15, 10),
    "what is stuck": lambda g: g.overview.stuck(g.tenant.tenant_id, 10**15, 10),
}


def test_no_list_reads_a_table_or_an_index_whole(grown: Grown) -> None:
    scans = scans_of_sqlite if grown.store.is_sqlite else scans_of_postgres
    for what, ask in LISTS.items():
        with asked(grown.store) as statements:
            ask(grown)
        assert statements
        for statement, values in statements:
            assert scans(grown.store, statement, values) == [], f"{what}: {statement}"


def test_a_page_of_charges_is_found_in_the_index_alone(grown: Grown) -> None:
    with asked(grown.store) as statements:
        LISTS["charges of many, middle"](grown)
    (statement, values) = next((s, v) for s, v in statements if "OFFSET" in s)
    explain = "EXPLAIN QUERY PLAN" if grown.store.is_sqlite else "EXPLAIN"
    with grown.store.reading_rows() as connection:
        plan = str(connection.exec_driver_sql(f"{explain} {statement}", values).all())
    assert ("COVERING INDEX" if grown.store.is_sqlite else "Index Only Scan") in plan
    assert "ix_transactions_customer" in plan


def test_a_scan_would_be_seen(grown: Grown) -> None:
    scans = scans_of_sqlite if grown.store.is_sqlite else scans_of_postgres
    for statement in ("SELECT c.uid FROM customers c WHERE c.timezone = 'x'", "SELECT count(*) FROM totals"):
        assert scans(grown.store, statement, ())

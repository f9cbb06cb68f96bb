"""How the lists are looked up: through an index each, by conditions on it, on a store with rows and statistics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event

from bench.growing import grow, settle
from tests.harness import ACME, provision
from tollhouse.ledger.facts import CustomerFact
from tollhouse.ledger.queries import Page
from tollhouse.store.queries import SqlQueries
from tollhouse.store.store import SqlStore

#: What is looked into however large the store is; any other is a step of the plan's own.
TABLES = {"customers", "customer_words", "transactions", "charge_summaries", "corrections", "payments", "totals"}


class Grown:
    """A store with customers and charges, and what lists ask of it."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.tenant = provision(store, ACME).tenant
        self.first = grow(store, self.tenant.tenant_id, "USD", customers=1500, charges=15_000)
        grow(store, self.tenant.tenant_id, "USD", customers=1, charges=3000)
        settle(store)
        self.queries = SqlQueries(store)
        with store.reading(self.tenant.tenant_id) as reader:
            (ordinary,) = reader.find(CustomerFact, number=self.first)
            (busy,) = reader.first(CustomerFact, 1, order=("-number",))
        self.ordinary, self.busy = ordinary.uid, busy.uid


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
    return [d for d in details if d.startswith("SCAN ") and d.split()[1] in TABLES | aliases]


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
    "charges": lambda g: g.queries.customer_charges(g.tenant.tenant_id, g.ordinary, Page(1, 50)),
    "charges of many, first": lambda g: g.queries.customer_charges(g.tenant.tenant_id, g.busy, Page(1, 50)),
    "charges of many, middle": lambda g: g.queries.customer_charges(g.tenant.tenant_id, g.busy, Page(30, 50)),
    "charges of many, last": lambda g: g.queries.customer_charges(g.tenant.tenant_id, g.busy, Page(60, 50)),
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

"""The first and last charge that remain are found by an index, however many charges there are."""

from __future__ import annotations

import pytest

from tests.store.facts import row
from tollhouse.ledger.facts import CorrectionFact, TransactionFact
from tollhouse.store.corrections import edge_charge
from tollhouse.store.store import SqlStore

CUSTOMER = 5


def charge(number: int, at: int, gross: int = 1, **given: object) -> TransactionFact:
    values = {
        "customer_number": CUSTOMER,
        "kind": "charge",
        "currency": "USD",
        "effective_at": at,
        "gross_minor": gross,
    }
    return row(TransactionFact, number, **{**values, "recorded_at": number, **given})


def edges(store: SqlStore, without: int = 0) -> tuple[int, int] | None:
    with store.unit_of_work(1) as unit:
        found = unit.edge_charges(CUSTOMER, "USD", without)
    return None if found is None else (found[0].transaction_id, found[1].transaction_id)


def test_where_nothing_remains_there_is_neither_first_nor_last(store: SqlStore) -> None:
    assert edges(store) is None
    with store.unit_of_work(1) as unit:
        unit.insert([charge(1, 10)])
    assert edges(store) == (1, 1)
    assert edges(store, without=1) is None


def test_what_no_summary_counts_is_passed_over(store: SqlStore) -> None:
    """Credits, other kinds, other currencies, other customers, other tenants, and what is void."""
    with store.unit_of_work(1) as unit:
        unit.insert([charge(1, 10), charge(2, 20), charge(3, 1, gross=-1), charge(4, 99, gross=-1)])
        unit.insert([charge(5, 1, kind="refund"), charge(6, 99, kind="topup")])
        unit.insert([charge(7, 1, currency="EUR"), charge(8, 99, customer_number=6), charge(9, 99), charge(10, 1)])
        unit.insert([charge(11, 99, tenant_id=2)])
        for number, voided in ((20, 9), (21, 10)):
            unit.insert([row(CorrectionFact, number, corrected_id=voided, customer_number=CUSTOMER, kind="void")])
        unit.insert([row(CorrectionFact, 22, corrected_id=2, customer_number=CUSTOMER, kind="refund")])
    assert edges(store) == (1, 2)
    assert edges(store, without=2) == (1, 1)
    assert edges(store, without=1) == (2, 2)


def test_of_those_at_one_instant_the_last_is_the_one_recorded_last(store: SqlStore) -> None:
    with store.unit_of_work(1) as unit:
        unit.insert([charge(1, 10, recorded_at=3), charge(2, 10, recorded_at=4), charge(1001, 10, recorded_at=3)])
    assert edges(store) is not None
    assert (edges(store) or (0, 0))[1] == 2
    assert (edges(store, without=2) or (0, 0))[1] == 1001


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("is_last", [False, True])
def test_the_index_of_a_customers_charges_is_used(store: SqlStore, is_last: bool) -> None:
    """And nothing is sorted but what is at one instant."""
    statement = str(edge_charge(is_sqlite=True, is_last=is_last))
    values = {"tenant": 1, "customer": CUSTOMER, "currency": "USD", "without": 1}
    with store.reading_rows() as connection:
        cursor = connection.connection.cursor()
        steps = [step[-1] for step in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()]
    assert steps[0] == "SEARCH transactions USING INDEX ix_transactions_customer (tenant_id=? AND customer_number=?)"
    assert any("COVERING INDEX ix_corrections_customer" in step for step in steps)
    sorts = [step for step in steps if "TEMP B-TREE" in step]
    assert all("ORDER BY" in step and step != "USE TEMP B-TREE FOR ORDER BY" for step in sorts)

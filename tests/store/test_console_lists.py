"""The lists of transactions, payments and charges: each page is found by an index, however much there is."""

from __future__ import annotations

from typing import Any

import pytest

from bench.growing import grow, settle
from tests.harness import provision
from tests.store.test_plans import asked, scans_of_postgres, scans_of_sqlite
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ROOT_NUMBER, ROOT_PATH, CustomerFact
from tollhouse.ledger.queries.charge_lists import STATES as CHARGE_STATES
from tollhouse.ledger.queries.charge_lists import ChargesWanted, SchedulePlace
from tollhouse.ledger.queries.transaction_lists import STATES, Place, TransactionsWanted
from tollhouse.store.queries.console.charges import SqlChargeLists
from tollhouse.store.queries.console.transactions import BRANCH_MAX, SqlTransactionLists
from tollhouse.store.store import SqlStore

ROOT = Caller(1, ROOT_NUMBER, ROOT_PATH, True)
#: Somewhere among the charges that `grow` makes, one a second.
MIDDLE = Place(1_767_225_600_000_000 + 1500 * 1_000_000, 1500)


class Lists:
    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.tenant_id = provision(store).tenant.tenant_id
        self.first = grow(store, self.tenant_id, "USD", customers=100, charges=3000)
        settle(store)
        self.money, self.charges = SqlTransactionLists(store), SqlChargeLists(store)

    def wanted(self, **given: Any) -> Any:
        return self.money.transactions(self.tenant_id, TransactionsWanted(**{"caller": ROOT, **given}))

    @property
    def reseller(self) -> Caller:
        """Somebody with very few customers."""
        return Caller(2, self.first, f"1.{self.first}.", True)


@pytest.fixture
def lists(store: SqlStore) -> Lists:
    return Lists(store)


def all_of(lists: Lists) -> dict[str, Any]:
    """Each way of asking for a page, by what it is called."""
    number, tenant = lists.first, lists.tenant_id
    ways: dict[str, Any] = {
        "the newest": lists.wanted,
        "further back": lambda: lists.wanted(before=MIDDLE),
        "a day": lambda: lists.wanted(start_at=MIDDLE.at, end_at=MIDDLE.at + 60_000_000),
        "a customer": lambda: lists.wanted(customer_number=number, before=MIDDLE),
        "a customer's refunds": lambda: lists.wanted(customer_number=number, kind="refund"),
        "an amount": lambda: lists.wanted(least_minor=1, most_minor=2),
        "a plan": lambda: lists.wanted(plan_number=7),
        "a charge": lambda: lists.wanted(charge_id=7, before=MIDDLE),
        "a branch": lambda: lists.wanted(caller=lists.reseller),
        "a branch's refunds": lambda: lists.wanted(caller=lists.reseller, kind="refund", before=MIDDLE),
        "pending payments": lambda: lists.money.payments(tenant, ROOT, "pending", Place(1, 1)),
        "declined payments": lambda: lists.money.payments(tenant, lists.reseller, "declined", MIDDLE),
        "open refunds": lambda: lists.money.open_refunds(tenant, ROOT),
        "due": lambda: lists.charges.schedules(tenant, ROOT, "active", before=SchedulePlace(1, 1, 1)),
        "parked": lambda: lists.charges.schedules(tenant, lists.reseller, "parked"),
        "parked of one": lambda: lists.charges.schedules(tenant, ROOT, "parked", charge_id=1),
        "charges of a plan": lambda: lists.charges.charges(tenant, ChargesWanted(caller=ROOT, now=1, plan_number=7)),
        "ended charges of a customer": lambda: lists.charges.charges(
            tenant, ChargesWanted(caller=ROOT, now=1, customer_number=number, state="ended", before=9)
        ),
        "deleted charges of a branch": lambda: lists.charges.charges(
            tenant, ChargesWanted(caller=lists.reseller, now=1, customer_number=number, plan_number=7, state="deleted")
        ),
    }
    for state in STATES:
        ways[f"{state} charges"] = lambda state=state: lists.wanted(state=state)
    for state in ("", *CHARGE_STATES):
        wanted = ChargesWanted(caller=lists.reseller if state else ROOT, now=1, state=state, before=9)
        ways[f"charges that are {state}"] = lambda wanted=wanted: lists.charges.charges(tenant, wanted)
    return ways


def test_no_list_reads_a_table_or_an_index_whole(lists: Lists) -> None:
    scans = scans_of_sqlite if lists.store.is_sqlite else scans_of_postgres
    for what, ask in all_of(lists).items():
        with asked(lists.store) as statements:
            ask()
        assert statements
        for statement, values in statements:
            assert scans(lists.store, statement, values) == [], f"{what}: {statement}"


def test_the_newest_and_what_is_further_back_are_found_by_time(lists: Lists) -> None:
    explain = "EXPLAIN QUERY PLAN" if lists.store.is_sqlite else "EXPLAIN"
    for before in (None, MIDDLE):
        with asked(lists.store) as statements:
            lists.wanted(before=before)
        with lists.store.reading_rows() as connection:
            statement, values = next((s, v) for s, v in statements if "FROM transactions" in s)
            plan = str(connection.exec_driver_sql(f"{explain} {statement}", values).all())
        assert "ix_transactions_time" in plan
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan


def test_every_way_leads_to_the_same_rows_page_by_page(lists: Lists) -> None:
    one = [row.transaction for row in pages(lists, customer_number=lists.first)]
    assert len(one) == 30
    assert one == sorted(one, key=lambda t: (-t.effective_at, -t.transaction_id))
    assert [row.transaction for row in pages(lists, caller=lists.reseller)] == one
    everything = [row.transaction for row in pages(lists)]
    assert len(everything) == len({t.transaction_id for t in everything}) == 3000
    exact = [row.transaction for row in pages(lists, least_minor=1031, most_minor=1031)]
    assert exact == [t for t in everything if t.gross_minor == 1031]
    span = {"start_at": everything[100].effective_at, "end_at": everything[10].effective_at}
    assert [row.transaction for row in pages(lists, **span)] == everything[11:101]


def test_a_large_branch_is_walked_through_and_a_small_one_read_customer_by_customer(lists: Lists) -> None:
    small, large = lists.first, lists.first + 10
    below = {small: range(small + 1, small + 4), large: range(large + 1, large + BRANCH_MAX + 6)}
    with lists.store.unit_of_work(lists.tenant_id) as unit:
        for parent, numbers in below.items():
            for number in numbers:
                unit.change(CustomerFact, {"number": number}, parent_number=parent, path=f"1.{parent}.{number}.")
    for parent, numbers in below.items():
        caller = Caller(2, parent, f"1.{parent}.", True)
        for given in ({}, {"least_minor": 1}):
            seen = [row.transaction.customer_number for row in pages(lists, caller=caller, **given)]
            assert len(seen) == 30 * (len(numbers) + 1)
            assert set(seen) == {parent, *numbers}


def pages(lists: Lists, **given: Any) -> list[Any]:
    found, before = [], None
    while True:
        page = lists.wanted(before=before, **given)
        found += page.rows
        if page.older is None:
            return found
        before = page.older

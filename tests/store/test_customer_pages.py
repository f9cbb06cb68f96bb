"""What the console reads of customers: the right ones on each page, and a timeline that leaves nothing out."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.harness import TELCO, prepared
from tests.store.facts import row
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import (
    CorrectionFact,
    CustomerTagFact,
    EventDefinitionFact,
    EventFact,
    PaymentAttemptFact,
    PaymentFact,
    RefundFact,
    TagFact,
    TenantFact,
    TrackedEventFact,
    TransactionFact,
)
from tollhouse.ledger.queries.timelines import SOURCES, TRANSACTIONS, Entry, Places, TimelineWanted
from tollhouse.store.queries.console import customers as customer_statements
from tollhouse.store.queries.console import timelines as timeline_statements
from tollhouse.store.queries.console.customers import SqlCustomerPageQueries
from tollhouse.store.queries.console.timelines import SqlTimelineQueries
from tollhouse.store.store import SqlStore

ROOT = Caller(1, 1, "1.", may_reach_below=True)
NORTH = Caller(3, 10, "1.10.", may_reach_below=True)
NORTH_ALONE = Caller(4, 10, "1.10.", may_reach_below=False)
CUSTOMER = 11


@pytest.fixture
def store(kept_store: SqlStore) -> SqlStore:
    return kept_store


@pytest.fixture
def telco(store: SqlStore) -> TenantFact:
    return prepared(store, TELCO)


@pytest.fixture
def queries(store: SqlStore) -> SqlCustomerPageQueries:
    return SqlCustomerPageQueries(store)


@pytest.fixture
def timelines(store: SqlStore) -> SqlTimelineQueries:
    return SqlTimelineQueries(store)


# Lists.


def test_everybody_is_listed_by_number_and_the_root_is_not(queries: SqlCustomerPageQueries, telco: TenantFact) -> None:
    numbers: list[int] = []
    after, has_more = 0, True
    while has_more:
        found = queries.everybody(telco.tenant_id, after, 5)
        numbers += [each.customer.number for each in found.rows]
        after, has_more = numbers[-1], found.has_more
    assert numbers == [10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 40, 41]


def test_those_below_one_are_the_direct_ones(queries: SqlCustomerPageQueries, telco: TenantFact) -> None:
    found = queries.below(telco.tenant_id, 10, 12, 3)
    assert [each.customer.number for each in found.rows] == [13, 14, 15]
    assert found.has_more
    found = queries.below(telco.tenant_id, 10, 16, 50)
    assert [(each.customer.number, each.has_customers) for each in found.rows] == [(17, False), (40, True)]
    assert not found.has_more


def test_a_search_finds_whom_the_caller_sees(queries: SqlCustomerPageQueries, telco: TenantFact) -> None:
    searches: list[tuple[Caller, str, list[int]]] = [
        (ROOT, "frode", [41]),
        (NORTH, "frode", [41]),
        (NORTH_ALONE, "frode", []),
        (NORTH_ALONE, "10", [10]),
        (NORTH, "sol", []),
        (NORTH, "21", []),
        (ROOT, "21", [21]),
        (ROOT, "1", []),
        (NORTH, "nora@example.com", [11]),
        (ROOT, "north", [10, 40]),
        (ROOT, "no", [10, 40, 11, 14]),
        (ROOT, "\0", []),
        (ROOT, " ", []),
        (ROOT, "9" * 40, []),
    ]
    for caller, search, wanted in searches:
        found = queries.found(telco.tenant_id, caller, search, 50)
        assert sorted(each.customer.number for each in found.rows) == sorted(wanted), (caller, search)
        assert queries.found(telco.tenant_id + 1, caller, search, 50).rows == []


def test_a_search_says_that_there_are_more(queries: SqlCustomerPageQueries, telco: TenantFact) -> None:
    assert queries.found(telco.tenant_id, ROOT, "no", 2).has_more
    assert queries.found(telco.tenant_id, NORTH, "no", 2).has_more
    assert not queries.found(telco.tenant_id, ROOT, "frode", 2).has_more


# A year.


def transaction(number: int, at: int, **given: Any) -> TransactionFact:
    values = {"customer_number": CUSTOMER, "kind": "charge", "currency": "USD", "gross_minor": number}
    return row(TransactionFact, number, **{**values, "effective_at": at, **given})


def test_a_year_has_the_charges_since_then_that_are_not_void(store: SqlStore, queries: SqlCustomerPageQueries) -> None:
    with store.unit_of_work(1) as unit:
        unit.insert([transaction(number, 100 + number) for number in range(1, 7)])
        unit.insert([transaction(7, 200, kind="refund"), transaction(8, 200, customer_number=12)])
        unit.insert([row(CorrectionFact, 9, corrected_id=5, customer_number=CUSTOMER, kind="void")])
        unit.insert([row(CorrectionFact, 10, corrected_id=6, customer_number=CUSTOMER, kind="refund")])
    year = queries.year(1, CUSTOMER, 103)
    assert sorted(charge.gross_minor for charge in year.charges) == [3, 4, 6]
    assert year.cut_at is None


def test_a_year_that_was_not_looked_at_whole_says_since_when_it_was(
    store: SqlStore, queries: SqlCustomerPageQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_statements, "YEAR_LOOKED_AT", 3)
    with store.unit_of_work(1) as unit:
        unit.insert([transaction(number, 100 + number) for number in range(1, 7)])
    year = queries.year(1, CUSTOMER, 0)
    assert (sorted(charge.gross_minor for charge in year.charges), year.cut_at) == ([4, 5, 6], 103)
    assert queries.year(1, CUSTOMER, 104).cut_at is None


# The timeline.


def every_page(timelines: SqlTimelineQueries, **wanted: Any) -> list[Entry]:
    """All entries, page after page of four."""
    entries: list[Entry] = []
    places: Places | None = None
    for _ in range(100):
        page = timelines.timeline(1, CUSTOMER, TimelineWanted(**{"sources": SOURCES, **wanted}, places=places, count=4))
        assert len(page.entries) <= 4
        entries += page.entries
        if not page.places:
            return entries
        places = page.places
    raise AssertionError("it never ends")


def everything(store: SqlStore) -> set[tuple[str, int]]:
    """Some of every source, many of them at one instant; what they are, with their numbers."""
    mine: dict[str, Any] = {"customer_number": CUSTOMER}
    rows = {
        "transaction": [transaction(n, 100 + n // 5) for n in range(1, 30)],
        "payment": [row(PaymentFact, n, created_at=100 + n // 3, **mine) for n in range(1, 12)],
        "refund": [row(RefundFact, n, created_at=102, **mine) for n in range(1, 4)],
        "event": [row(TrackedEventFact, n, event_id=1, effective_at=104 - n % 3, **mine) for n in range(1, 10)],
        "tag": [row(CustomerTagFact, n, tag_id=n, created_at=101 + n % 2, **mine) for n in range(1, 8)],
        "webhook": [row(EventFact, n, customer_seq=n, created_at=100 + n // 4, **mine) for n in range(1, 14)],
    }
    with store.unit_of_work(1) as unit:
        unit.insert([row(EventDefinitionFact, 1, event_id=1)])
        unit.insert([row(TagFact, n, tag_id=n) for n in range(1, 8)])
        unit.insert([row(PaymentAttemptFact, n, payment_id=5, attempt_no=n) for n in range(1, 3)])
        for facts in rows.values():
            unit.insert(facts)
        unit.insert([transaction(50, 101, customer_number=12)])
        unit.insert([row(PaymentFact, 60, customer_number=12)])
    return {(what, n) for what, facts in rows.items() for n in range(1, len(facts) + 1)}


def test_page_after_page_every_entry_is_there_once_in_order(store: SqlStore, timelines: SqlTimelineQueries) -> None:
    wanted = everything(store)
    entries = every_page(timelines)
    assert {(entry.what, entry.place.number) for entry in entries} == wanted
    assert len(entries) == len(wanted)
    assert all(newer.place.at >= older.place.at for newer, older in pairwise(entries))
    assert [len(entry.attempts) for entry in entries if entry.what == "payment" and entry.place.number == 5] == [2]


def test_what_comes_meanwhile_does_not_shift_the_next_page(store: SqlStore, timelines: SqlTimelineQueries) -> None:
    everything(store)
    wanted = TimelineWanted(SOURCES, count=4)
    places = timelines.timeline(1, CUSTOMER, wanted).places
    before = timelines.timeline(1, CUSTOMER, TimelineWanted(SOURCES, (), places, 4))
    with store.unit_of_work(1) as unit:
        unit.insert([transaction(1000 + n, 900) for n in range(9)])
        unit.insert([row(PaymentFact, 70, customer_number=CUSTOMER, created_at=900)])
        unit.insert([row(EventFact, 99, customer_seq=99, customer_number=CUSTOMER, created_at=900)])
    assert timelines.timeline(1, CUSTOMER, TimelineWanted(SOURCES, (), places, 4)) == before


def test_a_rare_kind_is_looked_for_so_far_at_once_and_found_in_the_end(
    store: SqlStore, timelines: SqlTimelineQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline_statements, "LOOKED_AT", 7)
    with store.unit_of_work(1) as unit:
        unit.insert([transaction(n, 100 + n, kind="void" if n in (2, 40) else "charge") for n in range(1, 60)])
        unit.insert([row(RefundFact, n, created_at=100 + 10 * n, customer_number=CUSTOMER) for n in range(1, 6)])
    first = timelines.timeline(1, CUSTOMER, TimelineWanted((TRANSACTIONS,), ("void",), count=4))
    assert (first.entries, first.places[TRANSACTIONS].number) == ([], 52)
    found = every_page(timelines, sources=(TRANSACTIONS, "r"), kinds=("void",))
    assert [entry.place.at for entry in found] == [150, 140, 140, 130, 120, 110, 102]

"""Lists of customers and of their charges: the right rows on each page, whatever they are found by."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from bench.growing import grow
from tests.harness import record
from tollhouse.domain.figures import NUMBERS_A_PART
from tollhouse.domain.words import after_all_with
from tollhouse.ledger.commands import ArchiveCustomer, RegisterCustomer
from tollhouse.ledger.facts import CustomerFact, CustomerWordFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.queries import Page
from tollhouse.ledger.verifying import verify
from tollhouse.store.queries import projects as queries_module
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.store.store import SqlStore

ALL = Page(1, 100)


@pytest.fixture
def store(kept_store: SqlStore) -> SqlStore:
    return kept_store


@pytest.fixture
def queries(store: SqlStore) -> SqlQueries:
    return SqlQueries(store)


def made(ledger: Ledger, tenant: TenantFact, *customers: tuple[str, str, str | None]) -> None:
    """By reference, name and e-mail."""
    commands = [
        RegisterCustomer(tenant_id=tenant.tenant_id, reference=reference, name=name, email=email)
        for reference, name, email in customers
    ]
    for outcome in ledger.execute_batch(tenant.tenant_id, commands):
        assert not isinstance(outcome, Exception), outcome


def found(queries: SqlQueries, tenant: TenantFact, search: str, page: Page = ALL) -> Sequence[str | None]:
    return [customer.reference for customer, _ in queries.customers(tenant.tenant_id, search, page).rows]


# The search. The tenant has the customer cust_789, Ada Lovelace, ada@example.com, and its root, Acme.


@pytest.mark.parametrize(
    ("search", "wanted"),
    [
        ("ada", ["Ada", "ADAM", "cust_789", "x-2", "x-1"]),
        ("  ADA ", ["Ada", "ADAM", "cust_789", "x-2", "x-1"]),
        ("ada lovelace", ["cust_789", "x-1"]),
        ("love a", ["cust_789", "x-1"]),
        ("lovelace", ["cust_789", "x-1"]),
        ("ovelace", []),
        ("ada bob", []),
        ("ada zzz", []),
        ("ADA@EXAMPLE.COM", ["cust_789"]),
        ("X-1", ["x-1"]),
        ("x-", ["x-2", "x-1"]),
        ("straße", ["x-2"]),
        ("STRASS", ["x-2"]),
        ("ÅNGSTRÖM", ["Ångström"]),
        ("ång", ["Ångström"]),
        (" Blank", [" blank"]),
        ("blank", []),
        ("acme", []),
        ("%", []),
        ("_", []),
        ("=ada", ["cust_789", "x-2", "x-1"]),
        ("\0", []),
        ("\ud800", []),
        ("\U0010ffff", []),
        ("a" * 255, []),
    ],
)
def test_equal_comes_first_then_what_begins_so_then_names_each_by_name(
    ledger: Ledger, queries: SqlQueries, tenant: TenantFact, search: str, wanted: list[str]
) -> None:
    made(
        ledger,
        tenant,
        ("x-1", "Lovelace, Ada", None),
        ("x-2", "Adalbert Straße", "Eve@Example.com"),
        ("ADAM", "", None),
        ("Ada", "Zoe", None),
        ("Ångström", "", None),
        (" blank", "", None),
    )
    assert found(queries, tenant, search) == wanted
    assert queries.customers(tenant.tenant_id, search, ALL).total == len(wanted)


def test_who_was_deleted_is_found_by_nothing(ledger: Ledger, queries: SqlQueries, tenant: TenantFact) -> None:
    made(ledger, tenant, ("Gone", "Gone Girl", "gone@example.com"))
    ledger.execute(ArchiveCustomer(tenant_id=tenant.tenant_id, reference="Gone"))
    for search in ("Gone", "gone", "girl", "gone girl", "gone@example.com"):
        assert found(queries, tenant, search) == []


def test_another_tenant_finds_nothing(ledger: Ledger, queries: SqlQueries, tenant: TenantFact) -> None:
    made(ledger, tenant, ("Ours", "Our Own", "our@example.com"))
    for search in ("", "ours", "own", "our own", "our@example.com"):
        assert queries.customers(tenant.tenant_id + 1, search, ALL).total == 0


def test_a_search_finds_so_many_and_no_more(
    store: SqlStore, queries: SqlQueries, tenant: TenantFact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries_module, "SEARCH_FOUND_MAX", 7)
    first = grow(store, tenant.tenant_id, "USD", customers=20, charges=0)
    for search in ("g", "name", "name fam"):
        found = queries.customers(tenant.tenant_id, search, Page(1, 5))
        rest = queries.customers(tenant.tenant_id, search, Page(2, 5))
        assert (found.total, rest.total, len(rest.rows)) == (7, 7, 2)
    assert first > 0
    assert queries.customers(tenant.tenant_id, "g", Page(3, 5)).rows == []


def test_the_word_that_ends_a_range_is_not_in_it(store: SqlStore, queries: SqlQueries, tenant: TenantFact) -> None:
    first = grow(store, tenant.tenant_id, "USD", customers=2, charges=0)
    with store.unit_of_work(tenant.tenant_id) as unit:
        unit.insert([CustomerWordFact(tenant.tenant_id, after_all_with("nam"), first)])
    assert queries.customers(tenant.tenant_id, "nam", ALL).total == 2
    assert queries.customers(tenant.tenant_id, after_all_with("nam"), ALL).total == 1


# Pages.


def test_every_customer_is_on_one_page_in_the_order_of_numbers(
    store: SqlStore, queries: SqlQueries, tenant: TenantFact
) -> None:
    """Also where parts of the numbers are empty, and some customers are deleted."""
    grow(store, tenant.tenant_id, "USD", customers=150, charges=300)
    store.advance_numbers(tenant.tenant_id, "customer", 3 * NUMBERS_A_PART - 20)
    grow(store, tenant.tenant_id, "USD", customers=50, charges=100)
    assert verify(store).differences == []
    with store.reading(tenant.tenant_id) as reader:
        live = [c.number for c in reader.stream(CustomerFact, order=("number",)) if c.number > 1]
    for size in (7, 100):
        pages = [queries.customers(tenant.tenant_id, "", Page(n, size)) for n in range(1, len(live) // size + 3)]
        assert {page.total for page in pages} == {len(live)}
        assert [customer.number for page in pages for customer, _ in page.rows] == live
    assert [len(summaries) for _, summaries in queries.customers(tenant.tenant_id, " ", Page(2, 50)).rows] == [1] * 50


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
def test_every_charge_is_on_one_page_the_latest_first(
    ledger: Ledger, store: SqlStore, queries: SqlQueries, tenant: TenantFact, count: int
) -> None:
    """Of charges at one instant the later comes first; pages are the same from whichever end they are looked for."""
    ledger.execute(record(tenant, *[(n, 1000 + n // 3) for n in range(1, count + 1)], reference="cust_789"))
    with store.reading(tenant.tenant_id) as reader:
        (customer,) = reader.find(CustomerFact, reference="cust_789")
    for size in (1, 4, 10):
        pages = [queries.customer_charges(tenant.tenant_id, customer.uid, Page(n, size)) for n in range(1, count + 3)]
        rows = [listed.transaction for page in pages if page is not None for listed in page.rows]
        assert [row.net_minor for row in rows] == list(range(count, 0, -1))
        assert {page.total for page in pages if page is not None} == {count}
    far = queries.customer_charges(tenant.tenant_id, customer.uid, Page(2**40, 100))
    assert far is not None
    assert far.rows == []


def test_charges_below_zero_are_listed_and_in_the_total(
    ledger: Ledger, store: SqlStore, queries: SqlQueries, tenant: TenantFact
) -> None:
    """ENSwitch's credits: no summary counts them."""
    ledger.execute(record(tenant, *[(n, 1000 + n) for n in range(1, 8)], reference="cust_789"))
    with store.unit_of_work(tenant.tenant_id) as unit:
        (customer,) = unit.find(CustomerFact, reference="cust_789")
        (charge, *_) = unit.find(TransactionFact, net_minor=4)
        unit.insert([replace(charge, transaction_id=10**9, net_minor=-4, gross_minor=-4, settlement="balance")])
    for size in (1, 3, 8):
        pages = [queries.customer_charges(tenant.tenant_id, customer.uid, Page(n, size)) for n in range(1, 10)]
        rows = [listed.transaction.net_minor for page in pages if page is not None for listed in page.rows]
        assert rows == [7, 6, 5, -4, 4, 3, 2, 1]
        assert {page.total for page in pages if page is not None} == {8}

"""The figures that reads need no counting for: always what a recount gives, whoever changes what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from tests.harness import TestClock, provision, record
from tollhouse.domain.figures import CUSTOMERS, NUMBERS_A_PART, whole
from tollhouse.domain.money import SUM_MINOR_MAX
from tollhouse.ledger.commands import ArchiveCustomer, Caller, ChangeRegistered, RegisterCustomer, UndeleteCustomer
from tollhouse.ledger.facts import CustomerFact, CustomerWordFact, TenantFact, TotalFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.store.store import SqlStore

ROOT = Caller(person_id=0, customer_number=1, path="1.", may_reach_below=True)
CUSTOMERS_AT_FIRST = 1


def figures(store: SqlStore, tenant: TenantFact) -> tuple[int, dict[str, tuple[int, int]]]:
    found = SqlQueries(store).project_figures(tenant.tenant_id)
    assert verify(store).differences == []
    return found.customers - CUSTOMERS_AT_FIRST, found.charges


def words(store: SqlStore, tenant: TenantFact, number: int) -> set[str]:
    with store.reading(tenant.tenant_id) as reader:
        return {row.word for row in reader.find(CustomerWordFact, customer_number=number)}


def registering(tenant: TenantFact, name: str, reference: str = "c-1") -> RegisterCustomer:
    return RegisterCustomer(tenant_id=tenant.tenant_id, reference=reference, name=name)


def undeleting(tenant: TenantFact, number: int) -> UndeleteCustomer:
    return UndeleteCustomer(tenant_id=tenant.tenant_id, caller=ROOT, customer_number=number)


def archiving(tenant: TenantFact) -> ArchiveCustomer:
    return ArchiveCustomer(tenant_id=tenant.tenant_id, reference="c-1")


def test_charges_and_new_customers_are_added_up(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    ledger.execute_batch(
        tenant.tenant_id, [record(tenant, 100, 250), record(tenant, 7), record(tenant, 5, reference="o")]
    )
    assert figures(store, tenant) == (2, {"USD": (4, 362)})
    ledger.execute(record(tenant, 0, key="k"))
    ledger.execute(record(tenant, 0, key="k"))
    assert figures(store, tenant) == (2, {"USD": (5, 362)})


def test_who_is_deleted_is_taken_off_and_put_back(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    made = ledger.execute(registering(tenant, "Ada Byron")).result.customer
    ledger.execute_batch(tenant.tenant_id, [record(tenant, 100, 250, reference="c-1"), record(tenant, 7)])
    assert figures(store, tenant) == (2, {"USD": (3, 357)})
    ledger.execute(archiving(tenant))
    assert figures(store, tenant) == (1, {"USD": (1, 7)})
    assert words(store, tenant, made.number) == set()
    ledger.execute(undeleting(tenant, made.number))
    assert figures(store, tenant) == (2, {"USD": (3, 357)})
    assert words(store, tenant, made.number) == {"ada", "byron"}


def test_words_follow_the_name(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    made = ledger.execute(registering(tenant, "Ada Byron", "C-1")).result.customer
    assert words(store, tenant, made.number) == {"ada", "byron", "=c-1"}
    change = ChangeRegistered(tenant_id=tenant.tenant_id, reference="C-1", name="Ada Lovelace")
    ledger.execute(change)
    assert words(store, tenant, made.number) == {"ada", "lovelace", "=c-1"}
    assert figures(store, tenant) == (1, {})


def test_an_adopted_guest_has_the_word_of_its_reference(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    commands = [record(tenant, 1, reference=None, email="a@b.c"), record(tenant, 2, reference="Ada", email="a@b.c")]
    ledger.execute_batch(tenant.tenant_id, commands)
    assert figures(store, tenant) == (1, {"USD": (2, 3)})
    with store.reading(tenant.tenant_id) as reader:
        (adopted,) = reader.find(CustomerFact, reference="Ada")
    assert words(store, tenant, adopted.number) == {"=ada"}


def test_a_file_counts_and_names_whom_it_makes(store: SqlStore, tenant: TenantFact) -> None:
    made = '[tenant]\nslug = "acme"\n[[customers]]\nnumber = 5000\nreference = "B"\nname = "Bob"\n'
    for _ in range(2):
        provision(store, made)
    assert figures(store, tenant) == (1, {})
    assert words(store, tenant, 5000) == {"bob", "=b"}
    provision(store, made.replace('"Bob"', '"Robert"'))
    assert words(store, tenant, 5000) == {"robert", "=b"}
    with store.reading(tenant.tenant_id) as reader:
        parts = {row.lane: row.item_count for row in reader.find(TotalFact, name=CUSTOMERS)}
    assert parts == {0: 1, 5000 // NUMBERS_A_PART: 1}
    assert figures(store, tenant) == (1, {})


def test_no_number_of_large_sums_leaves_64_bits(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    """Three customers, each with as much as a summary can hold; nor does any number of small ones."""
    parts = [2**53 - 1] * (SUM_MINOR_MAX // (2**53 - 1))
    for reference in "abc":
        ledger.execute(record(tenant, *parts, reference=reference))
    assert figures(store, tenant)[1] == {"USD": (3 * len(parts), 3 * sum(parts))}


@pytest.mark.parametrize("high_low", [(0, 2**32 - 1), (-5, -(2**32) + 1), (3, 0)])
def test_halves_carry_over(store: SqlStore, tenant: TenantFact, high_low: tuple[int, int]) -> None:
    for _ in range(3):
        with store.unit_of_work(tenant.tenant_id) as unit:
            unit.add_totals([TotalFact(tenant.tenant_id, "charges:XTS", 5, -1, *high_low)])
    with store.unit_of_work(tenant.tenant_id) as unit:
        many = [TotalFact(tenant.tenant_id, "charges:XTS", 6 + n, 1, 0, 1) for n in range(100)]
        unit.add_totals(many)
        (kept,) = unit.find(TotalFact, name="charges:XTS", lane=5)
        assert unit.count(TotalFact, name="charges:XTS") == 101
    assert (kept.item_count, whole(kept.high, kept.low)) == (-3, 3 * whole(*high_low))
    assert abs(kept.low) < 2**32


def test_processes_that_share_customers_and_lanes_wait_and_never_deadlock(
    store: SqlStore, tenant: TenantFact, clock: TestClock, database_url: str
) -> None:
    """Four at once, two of them in one lane, charge the same customers in opposite orders."""
    with ExitStack() as opened:
        stores = [opened.enter_context(closing(SqlStore(store_url(database_url)))) for _ in range(4)]
        ledgers = [Ledger(other, clock, lane=n % 3) for n, other in enumerate(stores)]

        def charge(turn: int) -> None:
            names = [f"s{turn % 5}", f"s{(turn + 3) % 5}", f"new{turn}"]
            commands = [record(tenant, 10, reference=name) for name in (names if turn % 2 else reversed(names))]
            outcomes = ledgers[turn % 4].execute_batch(tenant.tenant_id, commands)
            assert [type(outcome).__name__ for outcome in outcomes] == ["Receipt"] * 3

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(charge, range(40)))
    assert figures(store, tenant) == (45, {"USD": (120, 1200)})

"""The contract of a store, over both engines: what every Reader and UnitOfWork method means."""

from __future__ import annotations

import fcntl
import re
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from msgspec.structs import replace

from tests.harness import Postgres, migrated_sqlite, sqlite_copy
from tests.store.facts import LARGEST, customer, payment, row
from tollhouse.config import Settings
from tollhouse.ledger.facts import (
    ChargeFact,
    CustomerFact,
    ExchangeRateFact,
    Fact,
    KeyFact,
    LoginNameFact,
    OccurrenceFact,
    ReceiptFact,
    SummaryFact,
    TenantFact,
    TransactionFact,
)
from tollhouse.ledger.ports import StoreConflict, UnusableStore
from tollhouse.ledger.refusals import StoreUnavailable
from tollhouse.store.engine import store_url
from tollhouse.store.rows import TABLES
from tollhouse.store.schema import metadata
from tollhouse.store.store import SqlStore

Write = Callable[..., None]


@pytest.fixture
def write(store: SqlStore) -> Write:
    """Commit rows, grouped by class in the order given."""

    def write_rows(*facts: Fact) -> None:
        by_kind: dict[type[Fact], list[Fact]] = {}
        for fact in facts:
            by_kind.setdefault(type(fact), []).append(fact)
        for kind, rows in by_kind.items():
            tenant_id = getattr(rows[0], "tenant_id", 1)
            with store.unit_of_work(tenant_id) as unit:
                assert all(type(fact) is kind for fact in rows)
                unit.insert(rows)

    return write_rows


def by_key(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=repr)


# Rows in, rows out.


@pytest.mark.parametrize("count", [1, 2, 150])
def test_every_class_of_rows_comes_back_as_it_was_written(store: SqlStore, count: int) -> None:
    for kind in TABLES:
        rows = [row(kind, n) for n in range(1, count + 1)]
        if kind is TenantFact:
            rows = [row(kind, n, tenant_id=n) for n in range(1, count + 1)]
        with store.unit_of_work(1) as unit:
            unit.insert(rows)
        with store.reading(1) as reader:
            mine = [fact for fact in rows if getattr(fact, "tenant_id", 1) == 1]
            assert by_key(reader.find(kind)) == by_key(mine), kind
            assert by_key(list(reader.stream(kind, order=()))) == by_key(mine), kind


@pytest.mark.parametrize("count", [1, 150])
def test_upsert_writes_whole_rows_over_those_with_their_key(store: SqlStore, count: int) -> None:
    first = [row(ChargeFact, n, name="first", deleted_at=None) for n in range(count)]
    second = [row(ChargeFact, n, name="second", amount="2", deleted_at=n) for n in range(count + 1)]
    with store.unit_of_work(1) as unit:
        unit.upsert(first)
        unit.upsert(second)
        assert by_key(unit.find(ChargeFact)) == by_key(second)


@pytest.mark.parametrize("count", [1, 150])
def test_the_largest_amounts_are_kept_exactly(store: SqlStore, count: int) -> None:
    rows = [
        row(TransactionFact, n, net_minor=LARGEST, tax_minor=-LARGEST, gross_minor=2**53 + 1, buy_minor=LARGEST - n)
        for n in range(count)
    ]
    with store.unit_of_work(1) as unit:
        unit.insert(rows)
        assert by_key(unit.find(TransactionFact)) == by_key(rows)


def test_find_takes_values_lists_and_nothing(store: SqlStore, write: Write) -> None:
    write(*(customer(n, plan_number=n % 2, reference=f"r{n}" if n > 2 else None) for n in (1, 2, 3, 4)))

    def numbers(**asked: Any) -> list[int]:
        with store.reading(1) as reader:
            return [found.number for found in reader.find(CustomerFact, order=("number",), **asked)]

    assert numbers() == [1, 2, 3, 4]
    assert numbers(plan_number=1) == [1, 3]
    assert numbers(number=[4, 2, 99]) == [2, 4]
    assert numbers(number=(3,)) == [3]
    assert numbers(number=[]) == []
    assert numbers(reference=None) == [1, 2]
    assert numbers(reference="r4", plan_number=0) == [4]
    with store.unit_of_work(1) as unit:
        found = unit.find(CustomerFact, lock=True, order=("plan_number", "-number"))
        assert [c.number for c in found] == [4, 2, 3, 1]


def test_many_values_are_asked_for_as_few_are(store: SqlStore, write: Write) -> None:
    """Of many, whatever their type, each row comes once; in order where that is asked for, and locked."""
    references = [f"ü '{n}'" for n in range(1, 101)]
    write(*(customer(n, reference=reference) for n, reference in enumerate(references, start=1)))
    numbers = [*range(100, 60, -1), 70, 70, 999]
    with store.unit_of_work(1) as unit:
        found = unit.find(CustomerFact, lock=True, order=("number",), number=numbers, deleted_at=None)
        assert [c.number for c in found] == list(range(61, 101))
        assert found == unit.find(CustomerFact, order=("number",), reference=references[60:])
        assert found == unit.find(CustomerFact, order=("number",), number=tuple(numbers), reference=references)
        assert unit.find(CustomerFact, number=[*range(900, 999)]) == []
        assert unit.count(CustomerFact, number=numbers) == 40
        assert len(unit.first(CustomerFact, 50, order=("-number",), number=numbers)) == 40
        assert unit.remove(CustomerFact, number=numbers) == 40
        assert unit.count(CustomerFact) == 60
    with store.unit_of_work(2) as other:
        assert other.find(CustomerFact, number=[*range(1, 50)]) == []


def test_count_and_exists_are_asked_as_find_is(store: SqlStore, write: Write) -> None:
    write(*(customer(n, plan_number=n % 2, reference=f"r{n}" if n > 2 else None) for n in (1, 2, 3, 4)))
    with store.unit_of_work(1) as unit:
        for asked, count in (
            ({}, 4),
            ({"plan_number": 1}, 2),
            ({"number": [4, 2, 99]}, 2),
            ({"number": []}, 0),
            ({"reference": None}, 2),
            ({"reference": "r4", "plan_number": 1}, 0),
        ):
            assert unit.count(CustomerFact, **asked) == count, asked
            assert unit.exists(CustomerFact, **asked) is (count > 0), asked
    with store.reading(2) as other:
        assert other.count(CustomerFact) == 0
        assert not other.exists(CustomerFact)


def test_stream_gives_the_rows_of_find_however_many(store: SqlStore, write: Write) -> None:
    write(*(row(TransactionFact, n, customer_number=n % 3) for n in range(2500)))
    with store.reading(1) as reader:
        order = ("customer_number", "transaction_id")
        streamed = list(reader.stream(TransactionFact, order=order))
        assert len(streamed) == 2500
        assert streamed == reader.find(TransactionFact, order=order)
        ones = list(reader.stream(TransactionFact, order=order, customer_number=1))
        assert [t.transaction_id for t in ones] == list(range(1, 2500, 3))


def test_a_unit_of_work_sees_and_changes_one_tenant(store: SqlStore, write: Write) -> None:
    write(customer(1, reference="same", email_folded="a@b"), row(ReceiptFact, 1, scope="s", key_hash="k"))
    write(row(SummaryFact, 1, customer_number=1), payment(1), row(ChargeFact, 1))
    with store.unit_of_work(2) as other:
        assert other.find(CustomerFact, number=1) == []
        assert other.customers_by_reference(["same"]) == []
        assert other.customers_by_email(["a@b"]) == []
        assert other.receipts([("s", "k")]) == []
        assert other.summaries([1]) == []
        assert other.due_payments(LARGEST, 10) == []
        assert other.change(CustomerFact, {"number": 1}, name="taken") == 0
        assert other.remove(ChargeFact) == 0
        theirs = customer(1, tenant_id=2)
        other.change_customers([customer(1, sessions=9)], ("sessions",))
        other.change_customers([customer(1, reference="taken")], ("reference",))
        other.add_to_balances([(1, 500)])
        other.insert([theirs])
    with store.reading(1) as reader:
        assert reader.find(CustomerFact) == [customer(1, reference="same", email_folded="a@b")]
        assert len(reader.find(ChargeFact)) == 1


# What the ledger asks.


def test_tenant(store: SqlStore, write: Write) -> None:
    rows = [row(TenantFact, n, tenant_id=n) for n in (1, 2)]
    write(*rows)
    for tenant in rows:
        with store.unit_of_work(tenant.tenant_id) as unit:
            assert unit.tenant() == tenant


def test_customers_by_reference_are_live_and_named_exactly(store: SqlStore, write: Write) -> None:
    write(
        customer(1, reference="a"),
        customer(2, reference="b", deleted_at=5),
        customer(3, reference="b"),
        customer(4, reference="A"),
        customer(5),
    )
    with store.unit_of_work(1) as unit:
        found = unit.customers_by_reference(["a", "b", "nobody", "'); --"])
    assert [c.number for c in sorted(found, key=lambda c: c.number)] == [1, 3]


def test_customers_by_email_are_the_earliest_and_the_guest(store: SqlStore, write: Write) -> None:
    def having(number: int, email: str, at: int, **given: Any) -> CustomerFact:
        return customer(number, email=email, email_folded=email, created_at=at, **given)

    write(
        having(1, "a@b", 1, deleted_at=2),
        having(2, "a@b", 30, reference="r2"),
        having(3, "a@b", 20, reference="r3"),
        having(4, "a@b", 20, reference="r4"),
        having(5, "a@b", 40, is_guest=1),
        having(6, "c@d", 9, is_guest=1),
        having(7, "c@d", 9, is_guest=1, reference="r7"),
        having(8, "e@f", 9),
    )
    with store.unit_of_work(1) as unit:
        numbers = sorted(c.number for c in unit.customers_by_email(["a@b", "c@d", "e@f", "g@h"]))
    assert numbers == [3, 5, 6, 8]


def test_receipts_match_scope_and_key_together(store: SqlStore, write: Write) -> None:
    rows = [row(ReceiptFact, n, scope=scope, key_hash=key) for n, (scope, key) in enumerate(("ax", "ay", "bx"))]
    write(*rows)
    with store.unit_of_work(1) as unit:
        assert by_key(unit.receipts([("a", "x"), ("b", "y"), ("b", "x")])) == by_key([rows[0], rows[2]])


def test_summaries_of_customers(store: SqlStore, write: Write) -> None:
    rows = [row(SummaryFact, n, customer_number=n, currency=c) for n in (1, 2, 3) for c in ("EUR", "USD")]
    write(*rows)
    for open_store in (store.unit_of_work, store.reading):
        with open_store(1) as reader:
            assert by_key(reader.summaries([1, 3, 99])) == by_key(rows[:2] + rows[4:])


def test_changes_and_balances_change_their_columns_alone(store: SqlStore, write: Write) -> None:
    before = [customer(n, balance_minor=n, updated_at=1) for n in (1, 2, 3)]
    write(*before)
    with store.unit_of_work(1) as unit:
        seen = [customer(1, sessions=7, last_seen_at=70, name="no"), customer(2, sessions=8)]
        unit.change_customers(seen, ("last_seen_at", "sessions"))
        named = customer(2, reference="r", email="A@b", email_folded="a@b", updated_at=9, name="no")
        unit.change_customers([named], ("email", "email_folded", "reference", "updated_at"))
        unit.add_to_balances([(2, 10), (3, -(2**62))])
    with store.reading(1) as reader:
        first, second, third = reader.find(CustomerFact, order=("number",))
    assert first == customer(1, balance_minor=1, updated_at=1, sessions=7, last_seen_at=70)
    assert second == customer(
        2, balance_minor=12, updated_at=9, sessions=8, reference="r", email="A@b", email_folded="a@b"
    )
    assert third == customer(3, balance_minor=3 - 2**62, updated_at=1)


def test_change_and_remove_tell_how_many_rows_there_were(store: SqlStore, write: Write) -> None:
    write(*(row(ChargeFact, n, period="day", deleted_at=None) for n in (1, 2, 3)))
    with store.unit_of_work(1) as unit:
        assert unit.change(ChargeFact, {"charge_id": [1, 2]}, deleted_at=7) == 2
        assert unit.change(ChargeFact, {"charge_id": 99}, deleted_at=7) == 0
        assert [c.charge_id for c in unit.find(ChargeFact, deleted_at=7, order=("charge_id",))] == [1, 2]
        assert unit.remove(ChargeFact, charge_id=3) == 1
        assert unit.remove(ChargeFact, charge_id=3) == 0
        assert len(unit.find(ChargeFact)) == 2


def test_due_payments_are_pending_due_and_earliest_first(store: SqlStore, write: Write) -> None:
    write(payment(3), payment(1), payment(2), payment(4, state="succeeded"), payment(5, look_up_at=None), payment(9))
    with store.unit_of_work(1) as unit:
        assert [p.payment_id for p in unit.due_payments(8, 10)] == [1, 2, 3]
        assert [p.payment_id for p in unit.due_payments(3, 2)] == [1, 2]
        assert unit.due_payments(0, 10) == []


def test_the_exchange_rates_of_a_pair_are_the_latest_that_count(store: SqlStore, write: Write) -> None:
    def rate(source: str, target: str, at: int, text: str) -> ExchangeRateFact:
        return ExchangeRateFact(1, source, target, at, text)

    rates = [rate("EUR", "USD", 0, "1.1"), rate("EUR", "USD", 50, "1.2"), rate("EUR", "USD", 99, "1.3")]
    write(*rates, rate("USD", "EUR", 10, "0.9"), rate("EUR", "JPY", 10, "160"))
    with store.unit_of_work(1) as unit:
        assert unit.exchange_rates("EUR", "USD", 60) == [rates[1], rate("USD", "EUR", 10, "0.9")]
        assert unit.exchange_rates("USD", "EUR", 5) == [rates[0]]
        assert unit.exchange_rates("USD", "GBP", 60) == []


def test_a_customer_moves_with_all_below_it_and_nobody_else(store: SqlStore, write: Write) -> None:
    tree = {1: (0, "1."), 2: (1, "1.2."), 3: (2, "1.2.3."), 4: (3, "1.2.3.4."), 5: (1, "1.5."), 22: (1, "1.22.")}
    write(
        *(customer(n, parent_number=parent, path=path, deleted_at=n // 4 or None) for n, (parent, path) in tree.items())
    )
    write(*(replace(customer(n, parent_number=parent, path=path), tenant_id=2) for n, (parent, path) in tree.items()))
    with store.unit_of_work(1) as unit:
        assert (unit.longest_path(2), unit.longest_path(4), unit.longest_path(1)) == (8, 8, 8)
        unit.change(CustomerFact, {"number": 2}, parent_number=5)
        unit.move_customer(2, "1.5.2.")
        assert unit.longest_path(1) == 10
    with store.reading(1) as reader:
        paths = {row.number: row.path for row in reader.find(CustomerFact)}
    assert paths == {1: "1.", 2: "1.5.2.", 3: "1.5.2.3.", 4: "1.5.2.3.4.", 5: "1.5.", 22: "1.22."}
    with store.reading(2) as reader:
        assert {row.number: row.path for row in reader.find(CustomerFact)} == {n: path for n, (_, path) in tree.items()}


# Numbers, keys and names.


def test_reserved_numbers_never_overlap(store: SqlStore) -> None:
    assert store.reserve_numbers(1, "charge", 10) == 1
    assert store.reserve_numbers(1, "charge", 5) == 11
    assert store.reserve_numbers(1, "tax", 1) == 1
    assert store.reserve_numbers(2, "charge", 1) == 1
    with ThreadPoolExecutor(4) as pool:
        firsts = list(pool.map(lambda _: store.reserve_numbers(1, "charge", 3), range(20)))
    assert sorted(firsts) == list(range(16, 76, 3))


def test_numbers_given_by_hand_are_not_handed_out(store: SqlStore) -> None:
    store.advance_numbers(1, "customer", 123)
    assert store.reserve_numbers(1, "customer", 1) == 124
    store.advance_numbers(1, "customer", 50)
    assert store.reserve_numbers(1, "customer", 1) == 125
    store.advance_numbers(1, "customer", 125)
    assert store.reserve_numbers(1, "customer", 1) == 126


def test_tenants_keys_and_login_names_are_found_without_a_tenant(store: SqlStore, write: Write) -> None:
    tenants = [row(TenantFact, n, tenant_id=n) for n in (1, 2)]
    key = row(KeyFact, 2, key_hash="h2", tenant_id=2)
    login = LoginNameFact("user", 2, 7)
    write(*tenants, row(KeyFact, 1, key_hash="h1"), key, login)
    assert by_key(store.tenants()) == by_key(tenants)
    assert store.key("h2") == key
    assert store.key("h3") is None
    assert store.login_name("user") == login
    assert store.login_name("User") is None
    with store.unit_of_work(1) as unit:
        assert unit.login_name("user") == login
        assert unit.login_name("User") is None
        assert unit.remove(LoginNameFact, username="user") == 0


def test_an_installation_keeps_the_first_secret_of_a_name(store: SqlStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        kept = set(pool.map(lambda n: store.installation_secret("tokens", f"secret {n}", n), range(8)))
    assert len(kept) == 1
    assert store.installation_secret("tokens", "another", 9) in kept
    assert store.installation_secret("other", "another", 9) == "another"


# Together or not at all.


def test_what_ends_in_an_error_leaves_nothing(store: SqlStore, write: Write) -> None:
    write(customer(1))

    def write_and_fail() -> None:
        with store.unit_of_work(1) as unit:
            unit.insert([customer(2)])
            unit.change(CustomerFact, {"number": 1}, name="changed")
            unit.change_customers([customer(1, sessions=5)], ("sessions",))
            raise LookupError

    with pytest.raises(LookupError):
        write_and_fail()
    with store.reading(1) as reader:
        assert reader.find(CustomerFact) == [customer(1)]


@pytest.mark.parametrize("count", [1, 150])
@pytest.mark.parametrize(
    ("kept", "again"),
    [
        (customer(1), customer(1, uid="other")),
        (customer(1, reference="r"), customer(2, reference="r")),
        (customer(1, email_folded="a@b", is_guest=1), customer(2, email_folded="a@b", is_guest=1)),
        (row(ReceiptFact, 1, scope="s", key_hash="k"), row(ReceiptFact, 2, scope="s", key_hash="k")),
        (
            row(OccurrenceFact, 1, charge_id=1, customer_number=1, occurrence_key="2026-03-01"),
            row(OccurrenceFact, 2, charge_id=1, customer_number=1, occurrence_key="2026-03-01"),
        ),
    ],
    ids=["number", "reference", "guest", "receipt", "occurrence"],
)
def test_a_key_that_is_taken_is_a_conflict(store: SqlStore, write: Write, kept: Fact, again: Fact, count: int) -> None:
    """Told where it happens, so that the ledger never takes it for a fault of one command."""
    write(kept)
    others = [row(type(kept), n) for n in range(10, 9 + count)]
    with store.unit_of_work(1) as unit, pytest.raises(StoreConflict):
        unit.insert([*others, again])


def test_a_row_that_the_store_refuses_is_no_conflict(store: SqlStore) -> None:
    """Deciding again would not help: it is a fault of what was written."""
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)), store.unit_of_work(1) as unit:
        unit.insert([customer(1, name=None)])


def test_units_of_work_on_one_customer_wait_for_each_other(store: SqlStore, write: Write) -> None:
    """Neither loses what the other wrote."""
    write(customer(1, reference="r"))
    inside = threading.Barrier(2, timeout=60)

    def add(amount: int) -> None:
        inside.wait()
        with store.unit_of_work(1) as unit:
            (found,) = unit.customers_by_reference(["r"])
            unit.change_customers([customer(1, sessions=found.sessions + amount)], ("sessions",))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(add, (1, 10)))
    with store.reading(1) as reader:
        assert reader.find(CustomerFact)[0].sessions == 11


def test_a_reading_is_a_snapshot(store: SqlStore, write: Write) -> None:
    write(customer(1))
    with store.reading(1) as reader:
        assert len(reader.find(CustomerFact)) == 1
        write(customer(2))
        assert len(reader.find(CustomerFact)) == 1
    with store.reading(1) as reader:
        assert len(reader.find(CustomerFact)) == 2


def test_a_reading_cannot_write(store: SqlStore) -> None:
    with pytest.raises((StoreUnavailable, psycopg.Error)) as caught, store.reading(1) as reader:
        reader.insert([customer(1)])
    assert re.search("read-?only", str(caught.value.__cause__ or caught.value))


# PostgreSQL alone.


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_due_payments_that_somebody_holds_are_passed_over(store: SqlStore, write: Write) -> None:
    write(payment(1), payment(2), payment(3))
    with store.unit_of_work(1) as first:
        assert [p.payment_id for p in first.due_payments(9, 2)] == [1, 2]
        with store.unit_of_work(1) as second:
            assert [p.payment_id for p in second.due_payments(9, 2)] == [3]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_deadlock_is_a_conflict_where_it_happens(store: SqlStore, write: Write) -> None:
    """Two units of work that lock in opposite orders: one is told to decide again."""
    write(customer(1, reference="a"), customer(2, reference="b"))
    both_hold_one = threading.Barrier(2, timeout=60)

    def lock(first: int, second: int) -> bool:
        try:
            with store.unit_of_work(1) as unit:
                unit.find(CustomerFact, lock=True, number=first)
                both_hold_one.wait()
                try:
                    unit.find(CustomerFact, lock=True, number=second)
                except StoreConflict:
                    return False
        except StoreConflict:
            pytest.fail("the conflict was told too late")
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lock, (1, 2), (2, 1))) == [False, True]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_lost_connection_is_an_unavailable_store_and_the_next_one_works(store: SqlStore, write: Write) -> None:
    def lose_the_connection() -> None:
        with store.unit_of_work(1) as unit:
            (pid,) = unit._execute("SELECT pg_backend_pid()").fetchone()
            with store.reading_rows() as connection:
                connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
            unit.insert([customer(1)])

    with pytest.raises(StoreUnavailable):
        lose_the_connection()
    write(customer(2))
    with store.reading(1) as reader:
        assert [c.number for c in reader.find(CustomerFact)] == [2]


# Opening.


def test_writes_together_fail_together(store: SqlStore) -> None:
    """What is wrong with one is told at the end at the latest, as what it means, and nothing of them is kept."""
    with store.unit_of_work(1) as unit:
        unit.insert([customer(1)])

    def write_a_number_twice() -> None:
        with store.unit_of_work(1) as unit, unit.together():
            for number in (2, 1, 3):
                unit.insert([customer(number)])

    with pytest.raises(StoreConflict):
        write_a_number_twice()
    with store.unit_of_work(1) as unit:
        with unit.together():
            unit.insert([customer(2)])
            unit.change(CustomerFact, {"number": 2}, name="two")
            unit.insert([customer(4)])
        assert [c.name for c in unit.find(CustomerFact, number=2)] == ["two"]
        assert unit.count(CustomerFact) == 3


def test_the_tables_of_the_migrations_are_those_of_the_schema(store: SqlStore) -> None:
    with store.reading_rows() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_every_table_of_sqlite_is_strict(store: SqlStore) -> None:
    with store.reading_rows() as connection:
        rows = connection.exec_driver_sql("SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main'").all()
    ours = [tuple(found) for found in rows if found[0] in metadata.tables]
    assert ours
    assert ours == [(name, 1, 1) for name, _, _ in ours]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_second_server_on_one_file_is_refused(database_url: str, store: SqlStore) -> None:
    with closing(SqlStore(store_url(database_url))) as second:
        refused = pytest.raises(UnusableStore, match="Another `tollhouse serve` is using")
        with store.held_by_one_server(), refused, second.held_by_one_server():
            pass
        with second.held_by_one_server():
            pass


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_many_servers_may_use_one_postgresql(store: SqlStore) -> None:
    with store.held_by_one_server(), store.held_by_one_server():
        pass


def test_a_durable_store_is_accepted(store: SqlStore) -> None:
    store.check_durability()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("pragma", ["synchronous = NORMAL", "synchronous = OFF", "journal_mode = DELETE"])
def test_a_sqlite_that_could_lose_a_commit_is_refused(store: SqlStore, pragma: str) -> None:
    with closing(store._writing.raw_connection()) as connection:
        connection.cursor().execute(f"PRAGMA {pragma}")
    with pytest.raises(UnusableStore, match=f"not durable: PRAGMA {pragma.partition(' ')[0]} answers"):
        store.check_durability()


def test_a_postgresql_that_could_lose_a_commit_is_refused(postgres: Postgres) -> None:
    if postgres.is_given:
        pytest.skip("changes a setting of the database")
    url = postgres.new_database("not_durable")
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("ALTER DATABASE not_durable SET synchronous_commit = off")
    refused = pytest.raises(UnusableStore, match="not durable: SHOW synchronous_commit answers off")
    with closing(SqlStore(store_url(url))) as store, refused:
        store.check_durability()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "is not a database address"),
        ("mysql://localhost/x", "must start with"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_addresses_that_are_no_store(url: str, sentence: str) -> None:
    with pytest.raises(UnusableStore, match=sentence):
        store_url(url)


def test_a_store_that_cannot_be_reached_is_unavailable(tmp_path: Any) -> None:
    for url in (f"sqlite:///{tmp_path}/missing/tollhouse.db", "postgresql://nobody@127.0.0.1:1/nothing"):
        with closing(SqlStore(store_url(url))) as store, pytest.raises(StoreUnavailable):
            store.tenants()


def test_a_postgresql_is_used_through_psycopg_whatever_its_address_says() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        assert store_url(f"{scheme}://u@h/d").drivername == "postgresql+psycopg"


def test_settings_hold_the_default_store() -> None:
    assert store_url(Settings().database_url).database == "tollhouse.db"


def test_a_look_whether_there_is_a_server_keeps_none_from_starting(tmp_path: Path) -> None:
    store = SqlStore(store_url(sqlite_copy(migrated_sqlite(), tmp_path)))
    assert not store.is_served()
    with store.held_by_one_server():
        assert store.is_served()
    with Path(f"{store.url.database}.lock").open() as looked:
        fcntl.flock(looked, fcntl.LOCK_SH)
        threading.Timer(0.01, looked.close).start()
        with store.held_by_one_server():
            assert store.is_served()
    assert not store.is_served()
    store.close()

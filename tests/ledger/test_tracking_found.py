"""What batches and books of long calls must hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import text

from tests.harness import TestClock, record
from tollhouse.ledger.commands import Identity, ProfileTold, Receipt, Told, Track
from tollhouse.ledger.commands.tracking import ChangeProject, EventTold, TraitValue, Unsubscribe
from tollhouse.ledger.facts import CustomerFact, CustomerTraitFact, SummaryFact, TenantFact, TrackedCustomerFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore
from tollhouse.store.unit import Unit


def _track(tenant: TenantFact, reference: str | None, email: str | None, **told: Any) -> Track:
    people = (Told(identity=Identity(reference, email), **told),)
    return Track(tenant_id=tenant.tenant_id, operation="track", people=people)


def _event(action: str) -> EventTold:
    return EventTold(action, "{}", None)


def test_a_guest_is_made_anew_in_the_batch_in_which_the_first_one_signs_up_and_moves_on(
    store: SqlStore, ledger: Ledger, tenant: TenantFact
) -> None:
    ledger.execute(_track(tenant, None, "a@a", profile=ProfileTold()))
    batch = [
        _track(tenant, "r", "a@a", profile=ProfileTold()),
        _track(tenant, "r", "b@b", profile=ProfileTold()),
        _track(tenant, None, "a@a", events=(_event("Came back"),)),
    ]
    outcomes = ledger.execute_batch(tenant.tenant_id, batch)
    assert [type(outcome) for outcome in outcomes] == [Receipt] * 3, outcomes
    with store.reading(tenant.tenant_id) as reader:
        customers = reader.find(CustomerFact, origin="beacon", order=("number",))
    assert [(c.reference, c.email) for c in customers] == [("r", "b@b"), (None, "a@a")]
    assert verify(store).differences == []


def test_a_guest_who_signed_up_in_a_batch_is_nobody_elses_guest(
    store: SqlStore, ledger: Ledger, tenant: TenantFact
) -> None:
    ledger.execute(record(tenant, 1, reference=None, email="a@a"))
    batch = [record(tenant, 2, reference="r", email="a@a"), record(tenant, 3, reference="s", email="a@a")]
    ledger.execute_batch(tenant.tenant_id, batch)
    assert _sums(store, tenant) == {("r", "a@a"): 3, ("s", "a@a"): 3}


def test_who_is_left_with_an_e_mail_in_a_batch_is_found_by_it(
    store: SqlStore, ledger: Ledger, tenant: TenantFact
) -> None:
    for reference in ("first", "second"):
        ledger.execute(record(tenant, 1, reference=reference, email="a@a"))
    batch = [
        _track(tenant, "first", "b@b", profile=ProfileTold()),
        record(tenant, 5, reference=None, email="A@a"),
        _track(tenant, "third", "a@a", profile=ProfileTold()),
        record(tenant, 7, reference=None, email="b@b"),
    ]
    ledger.execute_batch(tenant.tenant_id, batch)
    assert _sums(store, tenant) == {("first", "b@b"): 8, ("second", "a@a"): 6, ("third", "a@a"): 0}


FIELDS = [f"trait{number}" for number in range(5)]


def test_traits_of_many_customers_are_taken_away_at_once(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    ledger.execute(_bulk(tenant, range(100), 1, FIELDS))
    ledger.execute(_bulk(tenant, range(100), None, FIELDS[1:]))
    with store.reading(tenant.tenant_id) as reader:
        left = reader.find(CustomerTraitFact)
        names = {customer.name for customer in reader.find(CustomerFact, origin="beacon")}
    assert sorted(trait.field for trait in left) == [FIELDS[0]] * 100
    assert names == {f"Name None {number}" for number in range(100)}
    assert verify(store).differences == []


def test_a_long_bulk_call_is_no_more_statements_than_a_short_one(
    store: SqlStore, ledger: Ledger, tenant: TenantFact, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = {"statements": 0}

    def counting(do: Callable[..., Any]) -> Callable[..., Any]:
        def count(*arguments: Any, **named: Any) -> Any:
            counted["statements"] += 1
            return do(*arguments, **named)

        return count

    for name in ("_execute", "_run"):
        monkeypatch.setattr(Unit, name, counting(getattr(Unit, name)))

    def statements(command: Track) -> int:
        counted["statements"] = 0
        ledger.execute(command)
        return counted["statements"]

    ledger.execute(_bulk(tenant, range(210), 1, FIELDS))
    for value in (2, None):
        short, long = (statements(_bulk(tenant, which, value, FIELDS)) for which in (range(70), range(70, 210)))
        assert short == long, value


def _bulk(tenant: TenantFact, which: Iterable[int], value: TraitValue, fields: list[str]) -> Track:
    people = tuple(
        Told(
            identity=Identity(f"u{number}", f"{value}{number}@x"),
            profile=ProfileTold(name=f"Name {value} {number}", traits=tuple((field, value) for field in fields)),
        )
        for number in which
    )
    return Track(tenant_id=tenant.tenant_id, operation="customers/bulk", people=people)


def _sums(store: SqlStore, tenant: TenantFact) -> dict[tuple[str | None, str | None], int]:
    with store.reading(tenant.tenant_id) as reader:
        customers = reader.find(CustomerFact, origin="beacon")
        sums = {summary.customer_number: summary.sum_minor for summary in reader.find(SummaryFact)}
    return {(customer.reference, customer.email): sums.get(customer.number, 0) for customer in customers}


def test_who_unsubscribes_again_did_so_when_it_was_first_said(
    store: SqlStore, ledger: Ledger, tenant: TenantFact, clock: TestClock
) -> None:
    ledger.execute(_track(tenant, "r", None, profile=ProfileTold()))
    with store.reading(tenant.tenant_id) as reader:
        (customer,) = reader.find(CustomerFact, reference="r")
    first = clock.now()
    for _ in range(2):
        ledger.execute(Unsubscribe(tenant_id=tenant.tenant_id, customer_uid=customer.uid))
        clock.advance(60)
    with store.reading(tenant.tenant_id) as reader:
        assert [row.unsubscribed_at for row in reader.find(TrackedCustomerFact)] == [first]


def test_a_project_has_the_last_name_that_a_batch_gives_it(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    names = ["Other", tenant.name]
    ledger.execute_batch(tenant.tenant_id, [ChangeProject(tenant_id=tenant.tenant_id, name=name) for name in names])
    assert store.tenants()[0].name == tenant.name


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("change", [{"email": "b@b", "email_folded": "b@b"}, {"deleted_at": 5}])
def test_who_loses_an_e_mail_while_it_is_waited_for_leaves_it_to_the_next(
    store: SqlStore, ledger: Ledger, tenant: TenantFact, database_url: str, change: dict[str, Any]
) -> None:
    for reference in ("first", "second"):
        ledger.execute(record(tenant, 1, reference=reference, email="a@a"))
    with closing(SqlStore(store_url(database_url))) as other, ThreadPoolExecutor(1) as pool:
        with other.unit_of_work(tenant.tenant_id) as unit:
            unit.change(CustomerFact, {"reference": "first"}, **change)
            charging = pool.submit(ledger.execute, record(tenant, 5, reference=None, email="a@a"))
            _wait_for_a_lock(store)
        charging.result()
    assert _sums(store, tenant)["second", "a@a"] == 6


def _wait_for_a_lock(store: SqlStore) -> None:
    """Until somebody waits for somebody else to commit."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    until = time.monotonic() + 60
    with store.reading_rows() as connection:
        while not connection.execute(waiting).scalar_one() and time.monotonic() < until:
            time.sleep(0.01)

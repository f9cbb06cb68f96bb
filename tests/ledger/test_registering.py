"""Customers as Kelviq's callers keep them: registered, changed, archived, and told of."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.harness import TestClock, provision, record
from tollhouse.ledger.commands import ArchiveCustomer, ChangeRegistered, Idempotency, RegisterCustomer
from tollhouse.ledger.facts import CustomerFact, EventFact, TenantFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import CustomerInUse, CustomerUnknown, ReferenceTaken
from tollhouse.store.store import SqlStore

HOOK = '[tenant]\nslug = "acme"\nprivate_webhooks = true\n[[webhook_endpoints]]\nurl = "http://127.0.0.1:9/"\n'


def registering(tenant: TenantFact, reference: str = "c-1", **more: Any) -> RegisterCustomer:
    return RegisterCustomer(tenant_id=tenant.tenant_id, reference=reference, **more)


def changing(tenant: TenantFact, reference: str = "c-1", **more: Any) -> ChangeRegistered:
    return ChangeRegistered(tenant_id=tenant.tenant_id, reference=reference, **more)


def archiving(tenant: TenantFact, reference: str = "c-1") -> ArchiveCustomer:
    return ArchiveCustomer(tenant_id=tenant.tenant_id, reference=reference)


def told(store: SqlStore, tenant: TenantFact) -> list[tuple[str, dict[str, Any]]]:
    with store.reading(tenant.tenant_id) as reader:
        events = reader.find(EventFact, order=("customer_number", "customer_seq"))
    return [(event.event_type, msgspec.json.decode(event.body)["data"]) for event in events]


def test_a_reference_is_given_once_for_ever(ledger: Ledger, tenant: TenantFact) -> None:
    made = ledger.execute(registering(tenant)).result.customer
    with pytest.raises(ReferenceTaken):
        ledger.execute(registering(tenant))
    ledger.execute(archiving(tenant))
    with pytest.raises(ReferenceTaken):
        ledger.execute(registering(tenant))
    with pytest.raises(CustomerUnknown):
        ledger.execute(archiving(tenant))
    assert made.path == f"1.{made.number}."


def test_of_two_at_once_one_is_first(ledger: Ledger, tenant: TenantFact) -> None:
    outcomes = ledger.execute_batch(tenant.tenant_id, [registering(tenant), registering(tenant)])
    assert [type(outcome).__name__ for outcome in outcomes] == ["Receipt", "ReferenceTaken"]


def test_a_customer_of_another_door_has_its_reference(ledger: Ledger, tenant: TenantFact) -> None:
    ledger.execute(record(tenant, 100, reference="c-1"))
    with pytest.raises(ReferenceTaken):
        ledger.execute(registering(tenant))
    changed = ledger.execute(changing(tenant, name="Ada")).result
    assert (changed.customer.name, changed.profile.metadata) == ("Ada", {})


def test_the_same_key_gives_the_same_answer_whatever_became_of_it(ledger: Ledger, tenant: TenantFact) -> None:
    command = registering(tenant, idempotency=Idempotency("tenant", "k"), name="Ada", metadata=(("a", "1"),))
    first = ledger.execute(command)
    ledger.execute(changing(tenant, name="Grace", metadata=()))
    ledger.execute(archiving(tenant))
    again = ledger.execute(command)
    assert again.replayed
    assert (again.result.customer.uid, again.result.customer.name) == (first.result.customer.uid, "Ada")
    assert again.result.profile == first.result.profile


def test_the_country_of_the_address_is_the_customers(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    ledger.execute(registering(tenant, billing_address=(("country", "IN"), ("city", "Pune"))))
    changed = ledger.execute(changing(tenant, billing_address=(("country", "DE"),))).result
    assert changed.profile.billing_address == {"country": "DE"}
    with store.reading(tenant.tenant_id) as reader:
        (kept,) = reader.find(CustomerFact, reference="c-1")
    assert kept.country == "DE"


def test_what_changes_nothing_is_no_change(ledger: Ledger, tenant: TenantFact, clock: TestClock) -> None:
    made = ledger.execute(registering(tenant, name="Ada")).result.customer
    clock.advance(60)
    same = ledger.execute(changing(tenant, name="Ada", metadata=())).result.customer
    assert same.updated_at == made.updated_at


def test_what_is_told(store: SqlStore, ledger: Ledger, tenant: TenantFact, clock: TestClock) -> None:
    provision(store, HOOK, clock=clock)
    ledger.execute(registering(tenant, email="a@b.c", metadata=(("fooBar", "x"),)))
    ledger.execute(changing(tenant, name="Ada", metadata=()))
    ledger.execute(changing(tenant, name="Ada"))
    ledger.execute(archiving(tenant))
    created, updated = told(store, tenant)
    assert created[0] == "customer.created"
    assert created[1]["object"]["metadata"] == {"fooBar": "x"}
    assert updated[0] == "customer.updated"
    assert updated[1]["previous_attributes"] == {"name": None, "metadata": {"fooBar": "x"}}


def test_who_has_customers_of_its_own_is_not_archived(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    number = ledger.execute(registering(tenant)).result.customer.number
    provision(store, f'[tenant]\nslug = "acme"\n[[customers]]\nreference = "below"\nparent = {number}\n')
    with pytest.raises(CustomerInUse):
        ledger.execute(archiving(tenant))

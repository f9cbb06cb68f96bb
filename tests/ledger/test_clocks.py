"""A test tenant's clock: from its first day or never, moved on and never back, and what lives by it."""

from __future__ import annotations

import pytest

from tests.harness import TestClock, provision, record
from tests.ledger.telco import Telco
from tollhouse.ledger.commands.schedules import MoveClock
from tollhouse.ledger.facts import CustomerFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.provisioning.document import ProvisioningRefused
from tollhouse.ledger.refusals import ClockBackwards, ClockNotOurs
from tollhouse.store.store import SqlStore

SECOND = 1_000_000
#: 2033-05-18 03:33:20 UTC.
STANDS_AT = 2_000_000_000 * SECOND
TIMED = '[tenant]\nslug = "timed"\nclock = "2033-05-18T03:33:20Z"\n'
CUSTOMER = "[[customers]]\nnumber = 5\n"


@pytest.fixture
def timed(store: SqlStore, clock: TestClock) -> TenantFact:
    return provision(store, TIMED, clock).tenant


def clock_of(store: SqlStore, tenant: TenantFact) -> int | None:
    with store.reading(tenant.tenant_id) as reader:
        (found,) = reader.find(TenantFact)
    return found.clock_at


def move(ledger: Ledger, tenant: TenantFact, to: int, **more: bool) -> TenantFact:
    moved: TenantFact = ledger.execute(MoveClock(tenant_id=tenant.tenant_id, to=to, **more)).result
    return moved


@pytest.mark.parametrize("text", ['"2033-05-18T03:33:20Z"', "2033-05-18T05:33:20+02:00"])
def test_a_tenant_is_made_with_its_clock_and_at_that_time(store: SqlStore, clock: TestClock, text: str) -> None:
    tenant = provision(store, f'[tenant]\nslug = "timed"\nclock = {text}\n{CUSTOMER}', clock).tenant
    assert (tenant.clock_at, tenant.created_at) == (STANDS_AT, STANDS_AT)
    with store.reading(tenant.tenant_id) as reader:
        assert {c.created_at for c in reader.find(CustomerFact)} == {STANDS_AT}


def test_applied_again_a_file_never_sets_a_clock_back_or_on(
    store: SqlStore, ledger: Ledger, clock: TestClock, timed: TenantFact
) -> None:
    moved = STANDS_AT + 99 * SECOND
    move(ledger, timed, moved)
    for text in (TIMED, TIMED.replace("2033", "2040"), '[tenant]\nslug = "timed"\n'):
        applied = provision(store, text, clock)
        assert applied.made == {}
        assert applied.tenant.clock_at == clock_of(store, timed) == moved
    provision(store, TIMED + CUSTOMER, clock)
    with store.reading(timed.tenant_id) as reader:
        (customer,) = reader.find(CustomerFact, number=5)
    assert customer.created_at == moved, "what a file makes later is made at the time of the clock"


def test_a_live_tenant_is_given_no_clock(store: SqlStore, tenant: TenantFact, clock: TestClock) -> None:
    with pytest.raises(ProvisioningRefused, match=r"tenant\.clock: belongs to a tenant from its first day or never"):
        provision(store, '[tenant]\nslug = "acme"\nname = "Other"\nclock = "2033-05-18T03:33:20Z"\n', clock)
    assert clock_of(store, tenant) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('"2033-05-18T03:33:20"', "tenant.clock: needs a zone, such as Z"),
        ("2033-05-18T03:33:20", "tenant.clock: needs a zone, such as Z"),
        ('"2033-05-18"', "tenant.clock"),
        ("2033-05-18", "tenant.clock"),
        ("2000000000", "tenant.clock"),
        ('"soon"', "tenant.clock"),
        ('"1969-12-31T23:59:59Z"', "tenant.clock: must be from 1970 on and before the year 5000"),
        ('"5000-01-01T00:00:00Z"', "tenant.clock: must be from 1970 on and before the year 5000"),
        ('"0001-01-01T00:00:00+14:00"', "tenant.clock: is out of range"),
        ('"9999-12-31T23:59:59-14:00"', "tenant.clock: is out of range"),
    ],
)
def test_a_clock_that_cannot_be_is_refused(store: SqlStore, clock: TestClock, text: str, sentence: str) -> None:
    with pytest.raises(ProvisioningRefused, match=sentence):
        provision(store, f'[tenant]\nslug = "timed"\nclock = {text}\n', clock)
    assert store.tenants() == []


def test_a_clock_is_moved_on_and_never_back(store: SqlStore, ledger: Ledger, timed: TenantFact) -> None:
    assert move(ledger, timed, STANDS_AT).clock_at == STANDS_AT
    assert move(ledger, timed, STANDS_AT + 1).clock_at == STANDS_AT + 1
    with pytest.raises(ClockBackwards):
        move(ledger, timed, STANDS_AT)
    assert move(ledger, timed, STANDS_AT, or_later=True).clock_at == STANDS_AT + 1
    assert clock_of(store, timed) == STANDS_AT + 1


@pytest.mark.parametrize("or_later", [False, True])
def test_a_live_tenants_clock_is_not_moved(ledger: Ledger, tenant: TenantFact, or_later: bool) -> None:
    with pytest.raises(ClockNotOurs):
        move(ledger, tenant, STANDS_AT, or_later=or_later)


def test_what_comes_after_a_move_in_its_batch_is_decided_at_the_new_time(
    store: SqlStore, ledger: Ledger, timed: TenantFact, clock: TestClock
) -> None:
    moving = MoveClock(tenant_id=timed.tenant_id, to=STANDS_AT + 60 * SECOND)
    clock.advance(10**6)
    ledger.execute_batch(timed.tenant_id, [record(timed, 5), moving, record(timed, 6)])
    with store.reading(timed.tenant_id) as reader:
        found = reader.find(TransactionFact, order=("transaction_id",))
    assert [t.effective_at for t in found] == [STANDS_AT, STANDS_AT + 60 * SECOND]
    assert [t.recorded_at for t in found] == [STANDS_AT, STANDS_AT + 60 * SECOND]


def test_other_tenants_live_by_the_real_time(telco: Telco, timed: TenantFact, clock: TestClock) -> None:
    clock.advance(60)
    charged = telco.charged(amount="5")
    assert (charged.effective_at, charged.recorded_at) == (clock.now(), clock.now())
    assert clock_of(telco.store, timed) == STANDS_AT

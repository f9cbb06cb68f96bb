"""Who is charged, and what a charge leaves: sessions and summaries.

Every story is told twice, one command a batch and all commands in one batch: it must end the same.
"""

from __future__ import annotations

import pytest

from tests.harness import TestClock, record
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.commands import Receipt
from tollhouse.ledger.facts import CustomerFact, SummaryFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import SumTooLarge
from tollhouse.store.store import SqlStore
from tollhouse.store.unit import Unit

NOW = 1_772_366_400


class Teller:
    """Tells stories to a ledger and the customers back, a line each: reference, e-mail, amounts charged."""

    def __init__(self, ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
        self._ledger = ledger
        self._store = store
        self.tenant = tenant

    def tell(self, *lines: str, in_one_batch: bool = False) -> None:
        """A line is a reference, an e-mail and an amount; `-` for none."""
        commands = []
        for line in lines:
            reference, email, amount = (None if word == "-" else word for word in line.split())
            commands.append(record(self.tenant, int(amount or 0), reference=reference, email=email))
        for batch in [commands] if in_one_batch else [[command] for command in commands]:
            for outcome in self._ledger.execute_batch(self.tenant.tenant_id, batch):
                assert isinstance(outcome, Receipt), outcome

    def customers(self) -> list[str]:
        """The customers that charges made or changed, in the order of their making."""
        with self._store.reading(self.tenant.tenant_id) as reader:
            lines = []
            for c in reader.find(CustomerFact, order=("number",), deleted_at=None):
                theirs = reader.find(TransactionFact, customer_number=c.number, order=("transaction_id",))
                amounts = "+".join(str(t.gross_minor) for t in theirs)
                if amounts or c.origin == "beacon":
                    lines.append(f"{c.reference or '-'} {c.email or '-'} {amounts}")
            return lines


@pytest.fixture
def teller(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> Teller:
    return Teller(ledger, store, tenant)


STORIES: dict[str, tuple[list[str], list[str]]] = {
    "a reference alone": (["u1 - 1", "u1 - 2", "u2 - 3"], ["u1 - 1+2", "u2 - 3"]),
    "an e-mail alone makes a guest": (["- a@b 1", "- a@b 2", "- c@d 3"], ["- a@b 1+2", "- c@d 3"]),
    "e-mails compare folded and are kept as first sent": (["- A@b 1", "- a@B 2"], ["- A@b 1+2"]),
    "references compare exactly": (["u1 - 1", "U1 - 2"], ["u1 - 1", "U1 - 2"]),
    "the reference decides when both are known": (["u1 a@b 1", "u2 c@d 2", "u1 c@d 4"], ["u1 a@b 1+4", "u2 c@d 2"]),
    "a guest is adopted": (["- a@b 1", "u1 a@b 2", "u1 - 4"], ["u1 a@b 1+2+4"]),
    "a guest is adopted once": (["- a@b 1", "u1 a@b 2", "u2 a@b 4"], ["u1 a@b 1+2", "u2 a@b 4"]),
    "an adopted guest is still found by e-mail": (["- a@b 1", "u1 a@b 2", "- a@b 4"], ["u1 a@b 1+2+4"]),
    "one with a reference is never adopted": (["u1 a@b 1", "u2 a@b 2"], ["u1 a@b 1", "u2 a@b 2"]),
    "a known reference leaves the guest alone": (["u1 - 1", "- a@b 2", "u1 a@b 4"], ["u1 a@b 1+4", "- a@b 2"]),
    "an e-mail of several means the earliest": (["u1 a@b 1", "u2 a@b 2", "- a@b 4"], ["u1 a@b 1+4", "u2 a@b 2"]),
    "a first e-mail is filled in": (["u1 - 1", "u1 a@b 2"], ["u1 a@b 1+2"]),
    "an e-mail is never overwritten": (["u1 a@b 1", "u1 c@d 2"], ["u1 a@b 1+2"]),
    "a filled-in e-mail is found": (["u1 - 1", "u1 a@b 2", "- a@b 4"], ["u1 a@b 1+2+4"]),
    "the earlier made counts, not the earlier named": (
        ["u1 - 1", "u2 a@b 2", "u1 a@b 4", "- a@b 8"],
        ["u1 a@b 1+4+8", "u2 a@b 2"],
    ),
    "a provisioned customer by its reference": (["cust_789 - 1"], ["cust_789 ada@example.com 1"]),
    "a provisioned customer by its e-mail": (["- ADA@example.com 1"], ["cust_789 ada@example.com 1"]),
    "a provisioned customer keeps its e-mail": (["cust_789 a@b 1"], ["cust_789 ada@example.com 1"]),
}


@pytest.mark.parametrize("in_one_batch", [False, True], ids=["one-by-one", "one-batch"])
@pytest.mark.parametrize("story", STORIES)
def test_who_is_charged(teller: Teller, story: str, in_one_batch: bool) -> None:
    told, wanted = STORIES[story]
    teller.tell(*told, in_one_batch=in_one_batch)
    assert teller.customers() == wanted


@pytest.mark.parametrize("in_one_batch", [False, True], ids=["one-by-one", "one-batch"])
def test_one_made_by_provisioning_is_never_adopted(teller: Teller, store: SqlStore, in_one_batch: bool) -> None:
    """Even where it has no reference: money would move to a customer that another door knows."""
    with store.unit_of_work(teller.tenant.tenant_id) as unit:
        unit.change(CustomerFact, {"number": 123}, reference=None)
    teller.tell("u1 ada@example.com 1", "- ada@example.com 2", in_one_batch=in_one_batch)
    assert teller.customers() == ["- ada@example.com 2", "u1 ada@example.com 1"]


@pytest.mark.parametrize("who", ["u1 -", "- a@b"])
def test_a_deleted_customer_that_is_charged_again_is_a_new_one(teller: Teller, store: SqlStore, who: str) -> None:
    teller.tell(f"{who} 1")
    with store.unit_of_work(teller.tenant.tenant_id) as unit:
        unit.change(CustomerFact, {"origin": "beacon"}, deleted_at=1)
    teller.tell(f"{who} 2", f"{who} 4")
    assert teller.customers() == [f"{who} 2+4"]


def test_an_empty_call_makes_no_customer(ledger: Ledger, teller: Teller) -> None:
    ledger.execute(record(teller.tenant))
    assert teller.customers() == []


def test_a_new_customer_is_below_the_root_and_in_the_tenants_currency(
    ledger: Ledger, store: SqlStore, tenant: TenantFact
) -> None:
    ledger.execute(record(tenant, 5))
    with store.reading(tenant.tenant_id) as reader:
        (made,) = reader.find(CustomerFact, reference="cust_1")
    assert made.number > 123
    assert (made.parent_number, made.path) == (1, f"1.{made.number}.")
    assert (made.currency, made.currency_lock, made.balance_minor, made.plan_number) == ("USD", None, 0, 0)
    assert made.is_guest == 0


# Sessions.


def test_more_than_the_window_begins_a_session(
    ledger: Ledger, clock: TestClock, store: SqlStore, tenant: TenantFact
) -> None:
    ledger.execute(record(tenant, 1))
    for seconds_later, sessions in [(0, 1), (1, 1), (1799, 1), (1800, 1), (1800.000001, 2), (1801, 3), (1700, 3)]:
        clock.advance(seconds_later)
        ledger.execute(record(tenant, 1))
        assert seen(store, tenant) == (sessions, clock.now())


def test_a_call_that_does_not_touch_leaves_no_trace(
    ledger: Ledger, clock: TestClock, store: SqlStore, tenant: TenantFact
) -> None:
    ledger.execute(record(tenant, 1, touch=False))
    assert seen(store, tenant) == (0, None)
    ledger.execute(record(tenant, 1))
    first = clock.now()
    clock.advance(9999)
    ledger.execute(record(tenant, 1, touch=False))
    assert seen(store, tenant) == (1, first)


def test_a_session_goes_by_the_clock_and_not_by_the_time_of_the_charge(
    ledger: Ledger, clock: TestClock, store: SqlStore, tenant: TenantFact
) -> None:
    ledger.execute(record(tenant, (1, 1000)))
    ledger.execute(record(tenant, (1, 1_500_000_000)))
    assert seen(store, tenant) == (1, clock.now())


def test_a_charge_without_a_time_happened_in_the_whole_second_of_the_clock(
    ledger: Ledger, clock: TestClock, store: SqlStore, tenant: TenantFact
) -> None:
    """So that one told with this very second, and later, is the last."""
    clock.now_us += 700_000
    ledger.execute(record(tenant, 5, reference="u-1"))
    ledger.execute(record(tenant, (7, clock.now_us // 1_000_000), reference="u-1"))
    with store.reading(tenant.tenant_id) as reader:
        (summary,) = reader.find(SummaryFact)
    assert (summary.first_at, summary.last_at) == (clock.now_us - 700_000,) * 2
    assert summary.last_amount_minor == 7


def test_last_seen_never_goes_back(ledger: Ledger, clock: TestClock, store: SqlStore, tenant: TenantFact) -> None:
    ledger.execute(record(tenant, 1))
    latest = clock.now()
    clock.advance(-60)
    ledger.execute(record(tenant, 1))
    assert seen(store, tenant) == (1, latest)


def test_the_window_is_the_tenants(ledger: Ledger, clock: TestClock, store: SqlStore, tenant: TenantFact) -> None:
    tenant.session_window_minutes = 1
    with store.unit_of_work(tenant.tenant_id) as unit:
        unit.upsert([tenant])
    ledger.execute(record(tenant, 1))
    clock.advance(61)
    ledger.execute(record(tenant, 1))
    assert seen(store, tenant)[0] == 2


def test_one_batch_counts_one_session(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    ledger.execute_batch(tenant.tenant_id, [record(tenant, 1) for _ in range(5)])
    assert seen(store, tenant)[0] == 1


def seen(store: SqlStore, tenant: TenantFact) -> tuple[int, int | None]:
    with store.reading(tenant.tenant_id) as reader:
        (found,) = reader.find(CustomerFact, reference="cust_1")
    return found.sessions, found.last_seen_at


# Summaries.


@pytest.mark.parametrize("in_one_batch", [False, True], ids=["one-by-one", "one-batch"])
def test_the_summary_follows_the_time_of_the_charges(
    ledger: Ledger, store: SqlStore, tenant: TenantFact, in_one_batch: bool
) -> None:
    commands = [
        record(tenant, (10, 200)),
        record(tenant, (20, 300), (5, 100)),
        record(tenant, (7, 300)),
        record(tenant, 0),
    ]
    for batch in [commands] if in_one_batch else [[command] for command in commands]:
        ledger.execute_batch(tenant.tenant_id, batch)
    s = summary_of(store, tenant)
    assert (s.charge_count, s.sum_minor, s.refunded_minor) == (5, 42, 0)
    assert (s.first_at, s.last_at, s.last_amount_minor) == (100_000_000, NOW * 1_000_000, 0)


def test_of_charges_at_one_instant_the_later_stored_is_last(
    ledger: Ledger, store: SqlStore, tenant: TenantFact
) -> None:
    ledger.execute(record(tenant, (1, 100), (2, 100), (3, 50)))
    assert summary_of(store, tenant).last_amount_minor == 2
    ledger.execute(record(tenant, (4, 100)))
    assert summary_of(store, tenant).last_amount_minor == 4


def test_items_without_a_time_share_the_time_of_the_call(
    ledger: Ledger, clock: TestClock, store: SqlStore, tenant: TenantFact
) -> None:
    ledger.execute(record(tenant, 1, 2, (3, 60)))
    with store.reading(tenant.tenant_id) as reader:
        rows = reader.find(TransactionFact, order=("transaction_id",))
    assert [t.gross_minor for t in rows] == [1, 2, 3]
    assert [t.effective_at for t in rows] == [clock.now(), clock.now(), 60_000_000]
    assert {t.recorded_at for t in rows} == {clock.now()}


def test_a_recorded_charge_is_its_own_final_transaction(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    ledger.execute(record(tenant, 1999))
    with store.reading(tenant.tenant_id) as reader:
        (t,) = reader.find(TransactionFact)
    assert (t.kind, t.settlement, t.origin, t.currency) == ("charge", "recorded", "beacon", "USD")
    assert (t.net_minor, t.tax_minor, t.gross_minor, t.buy_minor) == (1999, 0, 1999, 0)
    assert (t.charge_id, t.payment_id, t.person_id, t.exchange_rate) == (None, None, None, None)


def test_a_sum_beyond_64_bits_is_refused_and_leaves_nothing(
    ledger: Ledger, store: SqlStore, tenant: TenantFact
) -> None:
    """Also no new customer, no session and no half of a bulk; what shares the batch is kept."""
    too_much = record(tenant, *[AMOUNT_MINOR_MAX] * 1025, reference="new")
    outcomes = ledger.execute_batch(tenant.tenant_id, [record(tenant, 1), too_much, record(tenant, 2)])
    assert [type(outcome) for outcome in outcomes] == [Receipt, SumTooLarge, Receipt]
    with store.reading(tenant.tenant_id) as reader:
        assert reader.find(CustomerFact, reference="new") == []
        assert len(reader.find(TransactionFact)) == 2
    assert summary_of(store, tenant).sum_minor == 3


def test_many_customers_in_one_batch(ledger: Ledger, store: SqlStore, tenant: TenantFact) -> None:
    """More than fit a statement with one parameter a value."""
    commands = [record(tenant, n, reference=f"u{n % 300}") for n in range(900)]
    outcomes = ledger.execute_batch(tenant.tenant_id, commands)
    assert {type(outcome) for outcome in outcomes} == {Receipt}
    with store.reading(tenant.tenant_id) as reader:
        summaries: list[SummaryFact] = reader.find(SummaryFact)
    assert len(summaries) == 300
    assert {s.charge_count for s in summaries} == {3}
    assert sum(s.sum_minor for s in summaries) == sum(range(900))


def summary_of(store: SqlStore, tenant: TenantFact) -> SummaryFact:
    with store.reading(tenant.tenant_id) as reader:
        return only_summary(reader)


def only_summary(reader: Unit) -> SummaryFact:
    (customer,) = reader.find(CustomerFact, reference="cust_1")
    (summary,) = reader.find(SummaryFact, customer_number=customer.number)
    return summary

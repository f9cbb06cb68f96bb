"""Charges that were collected elsewhere are refunded in part or whole, or void as mistakes; the summary follows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal

import pytest

from tests.harness import BETA, SHOP, TestClock, prepared, provision, record
from tests.ledger.telco import ROOT, Telco
from tests.ledger.test_purchasing import SUCCEEDED, purchase, settled, started
from tests.ledger.test_refunding import GIVEN
from tests.ledger.test_refunding import Shop as GatewayShop
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger import correcting
from tollhouse.ledger.book import summary_from_row
from tollhouse.ledger.commands import ChargeNow, CreateCharge, DeleteCustomer, Idempotency, Receipt
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.correcting import Corrected
from tollhouse.ledger.explaining import explain
from tollhouse.ledger.facts import CorrectionFact, CustomerFact, SummaryFact, TenantFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.postings import postings
from tollhouse.ledger.queries import ListedCharge, Page, StatementWanted
from tollhouse.ledger.refusals import (
    AlreadyVoided,
    ChargeRefunded,
    ChargeUnknown,
    IdempotencyKeyReused,
    NegativeAmountRefused,
    NotCollectedElsewhere,
    RefundExceedsCharge,
    RefundExceedsCharges,
    RefundsTooMany,
)
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.queries.accounts import SqlAccountQueries
from tollhouse.store.queries.projects import SqlQueries
from tollhouse.store.store import SqlStore

SECOND = 1_000_000
NOW = 1_772_366_400 * SECOND

REFUNDING = '[tenant]\nslug = "refunding"\nnegative_amounts_refund = true\n'


class Shop:
    """Charges and corrections of one tenant, and what its customer cust_1 comes to."""

    def __init__(self, store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
        self.store = store
        self.ledger = ledger
        self.tenant = tenant
        self.tenant_id = tenant.tenant_id
        #: Whether the test changed rows behind the ledger's back, so that the books no longer add up.
        self.is_cooked = False

    def charge(self, *amounts: int | tuple[int, int], reference: str = "cust_1") -> list[int]:
        """The ids of the charges, which are successive."""
        first = self.ledger.execute(record(self.tenant, *amounts, reference=reference)).result.first_transaction_id
        return list(range(first, first + len(amounts)))

    def refund(self, charge_id: int, amount: int | None = None, *, key: str | None = None, reason: str = "") -> Receipt:
        return self.ledger.execute(self.refunding(charge_id, amount, key=key, reason=reason))

    def refunding(
        self, charge_id: int, amount: int | None = None, *, key: str | None = None, reason: str = ""
    ) -> RefundCharge:
        return RefundCharge(
            tenant_id=self.tenant_id,
            idempotency=Idempotency("tenant", key) if key else None,
            charge_transaction_id=charge_id,
            amount_minor=amount,
            reason=reason,
        )

    def void(self, charge_id: int, *, key: str | None = None, reason: str = "") -> Receipt:
        return self.ledger.execute(self.voiding(charge_id, key=key, reason=reason))

    def voiding(self, charge_id: int, *, key: str | None = None, reason: str = "") -> VoidCharge:
        return VoidCharge(
            tenant_id=self.tenant_id,
            idempotency=Idempotency("tenant", key) if key else None,
            charge_transaction_id=charge_id,
            reason=reason,
        )

    def summary(self, reference: str = "cust_1") -> ChargeSummary:
        with self.store.reading(self.tenant_id) as reader:
            (row,) = reader.find(SummaryFact, customer_number=self.customer(reference).number)
            return summary_from_row(row)

    def customer(self, reference: str = "cust_1") -> CustomerFact:
        with self.store.reading(self.tenant_id) as reader:
            (customer,) = reader.find(CustomerFact, reference=reference)
            return customer

    def listed(self, reference: str = "cust_1", page: int = 1, size: int = 100) -> list[ListedCharge]:
        """Charges as Core lists them."""
        uid = self.customer(reference).uid
        found = SqlQueries(self.store).customer_charges(self.tenant_id, uid, Page(page, size))
        assert found is not None
        return found.rows

    def amounts(self) -> list[tuple[int, int]]:
        """Of each listed charge its amount, and what was refunded of it."""
        return [(row.transaction.gross_minor, row.refunded_minor) for row in self.listed()]


@pytest.fixture
def shop(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> Iterator[Shop]:
    """Whatever the test did, the books add up."""
    opened = Shop(store, ledger, tenant)
    yield opened
    assert opened.is_cooked or verify(store).differences == []


@pytest.fixture
def refunding(store: SqlStore, ledger: Ledger, clock: TestClock) -> Iterator[Shop]:
    """A tenant whose negative amounts are refunds."""
    yield Shop(store, ledger, prepared(store, REFUNDING, clock))
    assert verify(store).differences == []


def summary(
    count: int,
    sum_minor: int,
    refunded_minor: int = 0,
    first: int | None = NOW,
    last: int | None = NOW,
    last_amount: int | None = None,
) -> ChargeSummary:
    return ChargeSummary(count, sum_minor, refunded_minor, first, last, last_amount)


# Refunds.


def test_a_refund_leaves_the_charge_counted(shop: Shop) -> None:
    one, _ = shop.charge(1000, 500)
    corrected: Corrected = shop.refund(one, 300, reason="damaged").result
    assert shop.summary() == summary(2, 1500, 300, last_amount=500)
    assert shop.summary().remaining_minor == 1200
    assert shop.summary().average_minor == 600
    assert corrected.summary == shop.summary()
    assert (corrected.refunded_minor, corrected.correction.reason) == (300, "damaged")
    transaction = corrected.transaction
    assert (transaction.kind, transaction.settlement, transaction.gross_minor) == ("refund", "recorded", -300)
    assert [(posting.account, posting.amount_minor) for posting in postings(transaction)] == [
        ("collected elsewhere", -300),
        ("refunds", 300),
    ]


def test_without_an_amount_all_that_remains_is_refunded(shop: Shop) -> None:
    (one,) = shop.charge(1000)
    shop.refund(one, 1)
    assert shop.refund(one).result.transaction.gross_minor == -999
    assert shop.summary() == summary(1, 1000, 1000, last_amount=1000)
    with pytest.raises(RefundExceedsCharge) as refused:
        shop.refund(one)
    assert refused.value.left_minor == 0


def test_never_more_than_the_charge_is_refunded(shop: Shop) -> None:
    one, _other = shop.charge(1000, 5000)
    shop.refund(one, 600)
    for amount in (401, 1000, AMOUNT_MINOR_MAX):
        with pytest.raises(RefundExceedsCharge) as refused:
            shop.refund(one, amount)
        assert refused.value.left_minor == 400
    assert shop.summary().refunded_minor == 600
    shop.refund(one, 400)
    assert shop.amounts() == [(5000, 0), (1000, 1000)]


def test_of_nothing_nothing_can_be_refunded(shop: Shop) -> None:
    (free,) = shop.charge(0)
    with pytest.raises(RefundExceedsCharge):
        shop.refund(free)


def test_a_charge_has_so_many_refunds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correcting, "REFUNDS_MAX", 2)
    (one,) = shop.charge(10)
    shop.refund(one, 1)
    shop.refund(one, 1)
    with pytest.raises(RefundsTooMany):
        shop.refund(one, 1)


def test_refunds_in_one_batch_see_each_other(shop: Shop) -> None:
    (one,) = shop.charge(100)
    outcomes = shop.ledger.execute_batch(shop.tenant_id, [shop.refunding(one, 60), shop.refunding(one, 60)])
    assert [type(outcome) for outcome in outcomes] == [Receipt, RefundExceedsCharge]


def test_two_processes_together_never_refund_more_than_the_charge(shop: Shop, clock: TestClock) -> None:
    (one,) = shop.charge(100)
    outcomes: list[object] = []

    def refund(ledger: Ledger) -> None:
        outcomes.extend(
            outcome for _ in range(6) for outcome in ledger.execute_batch(shop.tenant_id, [shop.refunding(one, 20)])
        )

    with closing(SqlStore(store_url(shop.store.url.render_as_string(hide_password=False)))) as other:
        threads = [threading.Thread(target=refund, args=[ledger]) for ledger in (shop.ledger, Ledger(other, clock))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    kinds = sorted(type(outcome).__name__ for outcome in outcomes)
    assert kinds == ["Receipt"] * 5 + ["RefundExceedsCharge"] * 7
    assert shop.amounts() == [(100, 100)]


def test_of_a_refund_and_a_void_together_one_is_refused(shop: Shop, clock: TestClock) -> None:
    charges = shop.charge(*[10] * 12)
    outcomes: dict[str, list[object]] = {"refund": [], "void": []}

    def correct(ledger: Ledger, what: str) -> None:
        for charge_id in charges:
            command = shop.refunding(charge_id) if what == "refund" else shop.voiding(charge_id)
            outcomes[what] += ledger.execute_batch(shop.tenant_id, [command])

    with closing(SqlStore(store_url(shop.store.url.render_as_string(hide_password=False)))) as other:
        both = ((shop.ledger, "refund"), (Ledger(other, clock), "void"))
        threads = [threading.Thread(target=correct, args=which) for which in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for refund, void in zip(outcomes["refund"], outcomes["void"], strict=True):
        kinds = (type(refund), type(void))
        assert kinds in ((Receipt, ChargeRefunded), (AlreadyVoided, Receipt))


# Voids.


def test_a_void_charge_never_was(shop: Shop) -> None:
    one, two, three = shop.charge((100, 10), (700, 30), (500, 20))
    corrected: Corrected = shop.void(two, reason="twice").result
    assert shop.summary() == summary(2, 600, 0, 10 * SECOND, 20 * SECOND, 500)
    assert corrected.summary == shop.summary()
    assert [(posting.account, posting.amount_minor) for posting in postings(corrected.transaction)] == [
        ("collected elsewhere", -700),
        ("revenue", 700),
    ]
    shop.void(one)
    assert shop.summary() == summary(1, 500, 0, 20 * SECOND, 20 * SECOND, 500)
    assert shop.amounts() == [(500, 0)]
    shop.void(three)
    assert shop.summary() == summary(0, 0, 0, None, None, None)
    assert shop.summary().average_minor is None
    assert shop.amounts() == []


def test_charges_after_a_void_count_as_if_it_had_never_been(shop: Shop) -> None:
    (one,) = shop.charge((100, 50))
    shop.void(one)
    shop.charge((7, 20))
    assert shop.summary() == summary(1, 7, 0, 20 * SECOND, 20 * SECOND, 7)


def test_of_charges_at_one_instant_the_later_stored_is_the_last_that_remains(shop: Shop, clock: TestClock) -> None:
    shop.charge((1, 10), (2, 10))
    clock.advance(1)
    (third,) = shop.charge((3, 10))
    clock.advance(1)
    (fourth,) = shop.charge((4, 10))
    shop.void(third)
    assert shop.summary().last_amount_minor == 4
    shop.void(fourth)
    assert shop.summary().last_amount_minor == 2


def test_the_last_is_told_by_when_it_was_recorded_and_not_by_its_number(shop: Shop, clock: TestClock) -> None:
    """Another process hands out numbers from another block."""
    other = Ledger(shop.store, clock)
    shop.charge((1, 10))
    other.execute(record(shop.tenant, (2, 10)))
    clock.advance(1)
    shop.charge((3, 10))
    clock.advance(1)
    last = other.execute(record(shop.tenant, (4, 10))).result.first_transaction_id
    shop.void(last)
    assert shop.summary().last_amount_minor == 3


def test_a_free_charge_can_be_void(shop: Shop) -> None:
    free, _ = shop.charge((0, 20), (5, 10))
    shop.void(free)
    assert shop.summary() == summary(1, 5, 0, 10 * SECOND, 10 * SECOND, 5)


def test_a_charge_is_void_once_and_for_all(shop: Shop) -> None:
    one, _ = shop.charge(100, 1)
    shop.void(one)
    for again in (lambda: shop.void(one), lambda: shop.refund(one), lambda: shop.refund(one, 1)):
        with pytest.raises(AlreadyVoided):
            again()
    assert shop.summary() == summary(1, 1, last_amount=1)


def test_what_was_refunded_is_not_void(shop: Shop) -> None:
    one, _ = shop.charge(100, 100)
    shop.refund(one, 1)
    with pytest.raises(ChargeRefunded):
        shop.void(one)


def test_a_summary_of_another_currency_stays_as_it_is(shop: Shop, store: SqlStore, clock: TestClock) -> None:
    """Charges of all currencies are one customer's, and each currency has a summary of its own."""
    one, _ = shop.charge((100, 10), (200, 20))
    shop.is_cooked = True
    with store.unit_of_work(shop.tenant_id) as unit:
        (usd,) = unit.find(TransactionFact, transaction_id=one)
        eur = type(usd)(**{name: getattr(usd, name) for name in usd.__struct_fields__})
        eur.transaction_id, eur.currency, eur.effective_at = 10**6, "EUR", 5 * SECOND
        unit.insert([eur])
        unit.upsert([SummaryFact(1, usd.customer_number, "EUR", 1, 100, 0, 5 * SECOND, 5 * SECOND, 100)])
    assert shop.void(one).result.summary == summary(1, 200, 0, 20 * SECOND, 20 * SECOND, 200)


# What can be corrected, and where else.


BOTH = pytest.mark.parametrize("correct", [Shop.refund, Shop.void], ids=["refund", "void"])


@BOTH
def test_what_is_not_there_is_unknown(shop: Shop, correct: Callable[..., Receipt]) -> None:
    for number in (0, 424242, 10**18 - 1):
        with pytest.raises(ChargeUnknown):
            correct(shop, number)


@BOTH
def test_another_tenants_charge_is_unknown(shop: Shop, correct: Callable[..., Receipt]) -> None:
    (one,) = shop.charge(100)
    elsewhere = Shop(shop.store, shop.ledger, provision(shop.store, BETA).tenant)
    with pytest.raises(ChargeUnknown):
        correct(elsewhere, one)


@BOTH
def test_a_correction_is_no_charge(shop: Shop, correct: Callable[..., Receipt]) -> None:
    one, two = shop.charge(100, 100)
    for correction in (shop.refund(one, 1), shop.void(two)):
        with pytest.raises(ChargeUnknown):
            correct(shop, correction.result.fact_id)


@BOTH
def test_a_deleted_customers_charges_are_gone(shop: Shop, correct: Callable[..., Receipt]) -> None:
    (one,) = shop.charge(100)
    number = shop.customer().number
    shop.ledger.execute(DeleteCustomer(tenant_id=shop.tenant_id, caller=ROOT, customer_number=number))
    with pytest.raises(ChargeUnknown):
        correct(shop, one)


@BOTH
def test_a_gateway_gives_back_what_it_took(store: SqlStore, ledger: Ledger, correct: Callable[..., Receipt]) -> None:
    tenant = prepared(store, SHOP)
    paid = settled(ledger, started(ledger, purchase(tenant)), SUCCEEDED)
    with pytest.raises(NotCollectedElsewhere, match="Kelviq's refunds") as refused:
        correct(Shop(store, ledger, tenant), paid.transaction_id)
    assert refused.value.settlement == "gateway"


@BOTH
def test_what_is_on_account_is_credited(telco: Telco, correct: Callable[..., Receipt]) -> None:
    (tenant,) = telco.store.tenants()
    transaction = telco.charge(telco.create("Router", 11, amount="10.00"))
    with pytest.raises(NotCollectedElsewhere, match="ENSwitch's transactions") as refused:
        correct(Shop(telco.store, telco.ledger, tenant), transaction.transaction_id)
    assert refused.value.settlement == "balance"


def test_what_a_gateway_gave_back_is_listed_too(store: SqlStore, ledger: Ledger, clock: TestClock) -> None:
    bought = GatewayShop(store, ledger, clock)
    order = bought.paid()
    bought.settle(bought.start(order, 500), GIVEN)
    shop = Shop(store, ledger, bought.tenant)
    number = order.customer_number
    with store.reading(shop.tenant_id) as reader:
        (customer,) = reader.find(CustomerFact, number=number)
    listed = shop.listed(customer.reference or "")
    assert [(row.transaction.gross_minor, row.refunded_minor) for row in listed] == [(order.amount_minor, 500)]
    assert shop.summary(customer.reference or "").remaining_minor == order.amount_minor - 500


def test_other_doors_show_no_correction(shop: Shop) -> None:
    """ENSwitch's statements and invoices are of what was charged there, and on account."""
    one, two = shop.charge(100, 100)
    shop.refund(one)
    shop.void(two)
    number = shop.customer().number
    wanted = StatementWanted(start_at=0, end_at=None, sort="time", descending=False)
    assert SqlAccountQueries(shop.store).statement(shop.tenant_id, number, wanted) == []
    with shop.store.reading(shop.tenant_id) as reader:
        assert reader.uninvoiced(number, ("charge", "refund", "void"), 0, 2 * NOW, 10) == []


# Keys.


def test_a_key_corrects_once_and_tells_the_same_for_ever(shop: Shop) -> None:
    (one,) = shop.charge(100)
    first = shop.refund(one, 10, key="k", reason="why")
    shop.refund(one, 20)
    shop.charge(5)
    again = shop.refund(one, 10, key="k", reason="why")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.result == first.result
    assert shop.summary().refunded_minor == 30
    with pytest.raises(IdempotencyKeyReused):
        shop.refund(one, 11, key="k", reason="why")
    with pytest.raises(IdempotencyKeyReused):
        shop.void(one, key="k", reason="why")


def test_a_voids_key_too(shop: Shop) -> None:
    (one,) = shop.charge(100)
    first = shop.void(one, key="k")
    shop.charge(5)
    again = shop.void(one, key="k")
    assert (again.replayed, again.result) == (True, first.result)


def test_a_refused_correction_burns_no_key(shop: Shop) -> None:
    (one,) = shop.charge(100)
    with pytest.raises(RefundExceedsCharge):
        shop.refund(one, 101, key="k")
    assert not shop.refund(one, 100, key="k").replayed


# Negative amounts.


def test_negative_amounts_are_refused_unless_the_tenant_has_them_so(shop: Shop) -> None:
    shop.charge(100)
    with pytest.raises(NegativeAmountRefused) as refused:
        shop.charge(5, -1)
    assert refused.value.item == 1
    assert shop.summary() == summary(1, 100, last_amount=100)


def test_negative_amounts_are_refunds_where_the_tenant_has_them_so(refunding: Shop) -> None:
    refunding.charge((100, 10), (50, 20))
    _, last = refunding.charge((-30, 5), (-20, 30))
    assert refunding.summary() == summary(2, 150, 50, 10 * SECOND, 20 * SECOND, 50)
    assert refunding.amounts() == [(50, 0), (100, 0)]
    with refunding.store.reading(refunding.tenant_id) as reader:
        (transaction,) = reader.find(TransactionFact, transaction_id=last)
        assert reader.find(CorrectionFact) == []
    assert (transaction.kind, transaction.settlement, transaction.gross_minor) == ("refund", "recorded", -20)
    assert transaction.effective_at == 30 * SECOND


def test_items_count_in_their_order(refunding: Shop) -> None:
    refunding.charge(100, -60, 10, -50)
    assert refunding.summary() == summary(2, 110, 110, last_amount=10)
    with pytest.raises(RefundExceedsCharges) as refused:
        refunding.charge(1, -2, 1)
    assert (refused.value.left_minor, refused.value.item) == (1, 1)
    assert refunding.summary().count == 2


def test_somebody_new_has_nothing_to_refund(refunding: Shop) -> None:
    with pytest.raises(RefundExceedsCharges):
        refunding.charge(-1)
    refunding.charge(10, -10)
    assert refunding.summary() == summary(1, 10, 10, last_amount=10)


def test_refunds_that_name_no_charge_count_on_all(refunding: Shop) -> None:
    """In all no more is paid back than was charged, whichever way it is told."""
    one, two = refunding.charge(100, 100)
    refunding.charge(-150)
    with pytest.raises(RefundExceedsCharges) as refused:
        refunding.refund(one, 51)
    assert refused.value.left_minor == 50
    with pytest.raises(ChargeRefunded):
        refunding.void(one)
    refunding.refund(two, 50)
    with pytest.raises(RefundExceedsCharges):
        refunding.charge(-1)
    with pytest.raises(RefundExceedsCharges):
        refunding.refund(one)


def test_void_charges_leave_nothing_to_refund(refunding: Shop) -> None:
    one, _ = refunding.charge(100, 10)
    refunding.void(one)
    with pytest.raises(RefundExceedsCharges):
        refunding.charge(-11)
    refunding.charge(-10)


def test_a_provisioned_setting_can_be_taken_back(store: SqlStore, ledger: Ledger) -> None:
    tenant = prepared(store, REFUNDING)
    assert tenant.negative_amounts_refund == 1
    ledger.execute(record(tenant, 10, -1))
    provision(store, REFUNDING.replace("true", "false"))
    with pytest.raises(NegativeAmountRefused):
        ledger.execute(record(tenant, -1))
    provision(store, '[tenant]\nslug = "refunding"\n')
    with pytest.raises(NegativeAmountRefused):
        ledger.execute(record(tenant, -1))


# Credits of another door are no refunds.


def test_credits_take_nothing_from_what_can_be_refunded(shop: Shop) -> None:
    """A sum that a credit (of 6.00, with its tax) lowered still has charges in it that were paid."""
    one, two = shop.charge((100, 10), (200, 20))
    creation = CreateCharge(
        tenant_id=shop.tenant_id,
        caller=ROOT,
        customer_number=shop.customer().number,
        plan_number=0,
        name="Sorry",
        amount=Decimal("-5.00"),
    )
    charge_id = shop.ledger.execute(creation).result.charge_id
    shop.ledger.execute(ChargeNow(tenant_id=shop.tenant_id, caller=ROOT, charge_id=charge_id))
    shop.refund(one, 60)
    shop.void(two)
    assert shop.summary() == summary(1, -500, 60, 10 * SECOND, 10 * SECOND, 100)
    shop.refund(one)
    with pytest.raises(RefundExceedsCharge):
        shop.refund(one, 1)


# Explained, and checked.


def told(shop: Shop, transaction_id: int) -> list[tuple[str, str]]:
    with shop.store.reading(shop.tenant_id) as reader:
        explanation = explain(reader, transaction_id)
    return [(step.what, step.says) for step in (*explanation.steps, *explanation.afterwards)]


def test_a_charge_and_its_corrections_explain_each_other(shop: Shop) -> None:
    one, two = shop.charge(1000, 500)
    part = shop.refund(one, 300).result.fact_id
    void = shop.void(two).result.fact_id
    assert told(shop, one)[-2:] == [
        ("settlement", "The money was collected elsewhere."),
        ("refund", "3.00 USD of it were paid back."),
    ]
    assert told(shop, two)[-1] == ("void", "It was a mistake and is void.")
    assert told(shop, part) == [
        ("refund", f"3.00 of the 10.00 USD of charge {one} were paid back."),
        ("gross", "Net -3.00 and tax 0.00 are -3.00 USD."),
        ("settlement", "The money was paid back elsewhere, where it was collected."),
    ]
    assert told(shop, void) == [
        ("void", f"The charge {two} of 5.00 USD was a mistake and is void."),
        ("gross", "Net -5.00 and tax 0.00 are -5.00 USD."),
        ("settlement", "No money moved: what was recorded as collected elsewhere never was."),
    ]


def test_a_refund_that_names_no_charge_says_so(refunding: Shop) -> None:
    _, refund = refunding.charge(1000, -300)
    says = "3.00 USD of the customer's charges were paid back: a negative amount, which names no charge."
    assert told(refunding, refund)[0] == ("refund", says)


FORGERIES: dict[str, tuple[str, str]] = {
    "correction dropped": ("DELETE FROM corrections WHERE kind = 'refund'", "corrections of all transactions"),
    "void dropped": ("DELETE FROM corrections WHERE kind = 'void'", "summary of customer"),
    "refund for a void": ("UPDATE corrections SET kind = 'refund' WHERE kind = 'void'", "correction of transaction"),
    "of nothing": ("UPDATE corrections SET corrected_id = 424242 WHERE kind = 'refund'", "correction of charge 424242"),
    "of itself": (
        "UPDATE corrections SET corrected_id = transaction_id WHERE kind = 'refund'",
        "is no charge that was collected elsewhere",
    ),
    "of another customer": (
        "UPDATE transactions SET customer_number = 123 WHERE gross_minor = 9",
        "correction of transaction",
    ),
    "for another customer": (
        "UPDATE corrections SET customer_number = 123 WHERE kind = 'refund'",
        "is not of its charge's customer",
    ),
    "void for nobody": ("UPDATE corrections SET customer_number = 555 WHERE kind = 'void'", "customers of all voids"),
    "more than the charge": (
        "UPDATE transactions SET gross_minor = -101, net_minor = -101 WHERE gross_minor = -60",
        "more is refunded than was charged",
    ),
    "less than the void charge": (
        "UPDATE transactions SET gross_minor = -8, net_minor = -8 WHERE gross_minor = -9",
        "void of charge",
    ),
    "refunded twice": (
        "UPDATE corrections SET kind = 'void' WHERE kind = 'refund'",
        "void of charge",
    ),
    "void on account": (
        "UPDATE transactions SET settlement = 'balance' WHERE kind = 'void'",
        "void cannot settle as balance",
    ),
    "refund on account": (
        "UPDATE transactions SET settlement = 'balance' WHERE kind = 'refund'",
        "refund cannot settle as balance",
    ),
    "receipt of nothing": ("UPDATE receipts SET fact_id = 424242 WHERE kind = 'RefundCharge'", "its fact is missing"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_correction_is_found(store: SqlStore, ledger: Ledger, tenant: TenantFact, what: str) -> None:
    shop = Shop(store, ledger, tenant)
    one, two = shop.charge(100, 9)
    shop.refund(one, 60, key="k")
    shop.void(two)
    assert verify(store).differences == []
    statement, sentence = FORGERIES[what]
    with store.writing_rows() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0, "nothing was forged"
    differences = verify(store).differences
    assert any(sentence in difference for difference in differences), differences

"""Clean books are clean, and whatever is forged in them is found."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.harness import BETA, TestClock, provision, record
from tests.store.facts import payment, row
from tollhouse.domain.money import SUM_MINOR_MAX
from tollhouse.ledger.day_figures import recount
from tollhouse.ledger.facts import (
    ChargeFact,
    Fact,
    OccurrenceFact,
    RefundFact,
    SummaryFact,
    TenantFact,
    TotalFact,
    TransactionFact,
    TransactionTaxFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.verifying import verify
from tollhouse.store.store import SqlStore
from tollhouse.store.unit import Unit

Forge = Callable[[str], None]


@pytest.fixture
def books(ledger: Ledger, store: SqlStore, tenant: TenantFact, clock: TestClock) -> SqlStore:
    """A little of everything on customer 123: recorded charges, one on account with a tax, one taken by a gateway."""
    ledger.execute(record(tenant, 100, 250, reference="cust_789", key="k"))
    ledger.execute(record(tenant, 7, reference="cust_789"))
    ledger.execute(record(tenant, 70, reference="other"))
    now = clock.now()

    def transaction(number: int, settlement: str, gross: int, tax: int, **more: int) -> TransactionFact:
        given = {
            "customer_number": 123,
            "kind": "charge",
            "settlement": settlement,
            "currency": "USD",
            "net_minor": gross - tax,
            "tax_minor": tax,
            "gross_minor": gross,
            "effective_at": now,
            "exchange_from": None,
            "exchange_rate": None,
            "exchange_rate_at": None,
        }
        return row(TransactionFact, number, **{**given, "charge_id": None, "payment_id": None, **more})

    with store.unit_of_work(tenant.tenant_id) as unit:
        unit.insert([row(ChargeFact, 1, customer_number=123, currency="USD")])
        unit.insert(
            [
                transaction(9001, "balance", 1200, 200, charge_id=1),
                transaction(9002, "gateway", 4900, 0, payment_id=5),
                transaction(9003, "gateway", -900, 0, payment_id=5, kind="refund", buy_minor=0),
            ]
        )
        unit.insert([row(TransactionTaxFact, n, transaction_id=9001, line_no=n, amount_minor=100) for n in (1, 2)])
        unit.insert([row(OccurrenceFact, 1, charge_id=1, customer_number=123, transaction_id=9001)])
        taken = {"customer_number": 123, "currency": "USD", "refunded_minor": 0, "refund_reserved_minor": 0}
        given_back = {"payment_id": 5, "customer_number": 123, "currency": "USD"}
        unit.insert(
            [
                row(RefundFact, 1, state="succeeded", transaction_id=9003, amount_minor=900, **given_back),
                row(RefundFact, 2, state="pending", transaction_id=None, amount_minor=100, **given_back),
                row(RefundFact, 3, state="failed", transaction_id=None, amount_minor=4000, **given_back),
            ]
        )
        unit.insert(
            [
                payment(
                    5,
                    state="succeeded",
                    transaction_id=9002,
                    amount_minor=4900,
                    look_up_at=None,
                    **{**taken, "refunded_minor": 900, "refund_reserved_minor": 1000},
                ),
                payment(6, state="pending", transaction_id=None, amount_minor=1, **taken),
                payment(7, state="declined", transaction_id=None, amount_minor=1, **taken),
            ]
        )
        unit.add_to_balances([(123, -1200)])
        (summary,) = unit.find(SummaryFact, customer_number=123)
        summary.charge_count += 2
        summary.sum_minor += 1200 + 4900
        summary.refunded_minor += 900
        summary.last_amount_minor = 4900
        unit.upsert([summary])
        unit.add_totals([TotalFact(tenant.tenant_id, "charges:USD", 0, 2, 0, 1200 + 4900 - 900)])
        recount(unit, tenant)
    provision(store, BETA)
    return store


@pytest.fixture
def forge(books: SqlStore) -> Forge:
    def run(statement: str) -> None:
        with books.writing_rows() as connection:
            assert connection.exec_driver_sql(statement).rowcount > 0, "nothing was forged"

    return run


def test_clean_books_are_clean(books: SqlStore) -> None:
    findings = verify(books)
    assert findings.differences == []
    assert findings.checked["tenants"] == 2
    assert findings.checked["summary"] >= 2
    assert findings.checked["postings"] == 7
    assert {"balance", "gross", "tax", "occurrence", "payment", "receipt", "trial balance"} <= set(findings.checked)


CUSTOMER = "tenant_id = 1 AND customer_number = 123"
FORGERIES = {
    "summary count": (f"UPDATE charge_summaries SET charge_count = charge_count + 1 WHERE {CUSTOMER}", "summary of"),
    "summary sum": (f"UPDATE charge_summaries SET sum_minor = sum_minor - 1 WHERE {CUSTOMER}", "summary of"),
    "summary refunded": (f"UPDATE charge_summaries SET refunded_minor = 1 WHERE {CUSTOMER}", "summary of"),
    "summary first": (f"UPDATE charge_summaries SET first_at = first_at - 1 WHERE {CUSTOMER}", "summary of"),
    "summary last": (f"UPDATE charge_summaries SET last_at = last_at + 1 WHERE {CUSTOMER}", "summary of"),
    "summary last amount": (f"UPDATE charge_summaries SET last_amount_minor = 8 WHERE {CUSTOMER}", "the last amount"),
    "summary dropped": (f"DELETE FROM charge_summaries WHERE {CUSTOMER}", "is missing"),
    "summary of nothing": ("INSERT INTO charge_summaries VALUES (1, 1, 'USD', 1, 5, 0, 1, 1, 5)", "summary of"),
    "summary of nobody": (
        "INSERT INTO charge_summaries VALUES (1, 555, 'USD', 0, 0, 0, NULL, NULL, NULL)",
        "customers of all summaries: stored [555]",
    ),
    "balance": (
        "UPDATE customers SET balance_minor = balance_minor + 1 WHERE number = 123 AND tenant_id = 1",
        "balance",
    ),
    "opening balance": ("UPDATE customers SET opening_balance_minor = 1 WHERE number = 1 AND tenant_id = 1", "balance"),
    "currency of the balance": (
        "UPDATE customers SET currency = 'EUR' WHERE number = 123 AND tenant_id = 1",
        "balance",
    ),
    "customer dropped": ("DELETE FROM customers WHERE number = 123 AND tenant_id = 1", "stored [123], computed []"),
    "gross": ("UPDATE transactions SET gross_minor = gross_minor + 1 WHERE transaction_id = 9001", "gross of"),
    "net": ("UPDATE transactions SET net_minor = net_minor + 1 WHERE transaction_id = 9002", "gross of"),
    "net and gross": (
        "UPDATE transactions SET net_minor = net_minor + 1, gross_minor = gross_minor + 1 WHERE origin = 'beacon'",
        "summary of",
    ),
    "tax and net": (
        "UPDATE transactions SET tax_minor = 199, net_minor = 1001 WHERE transaction_id = 9001",
        "tax of transaction 9001",
    ),
    "settlement": ("UPDATE transactions SET settlement = 'recorded' WHERE transaction_id = 9001", "balance of"),
    "currency": ("UPDATE transactions SET currency = 'EUR' WHERE transaction_id = 9001", "another currency"),
    "customer": ("UPDATE transactions SET customer_number = 1 WHERE transaction_id = 9001", "summary of"),
    "time": ("UPDATE transactions SET effective_at = 1 WHERE transaction_id = 9001", "summary of"),
    "charge dropped": ("DELETE FROM transactions WHERE gross_minor = 7", "summary of customer 123"),
    "charge on account dropped": ("DELETE FROM transactions WHERE transaction_id = 9001", "occurrence of"),
    "gateway charge dropped": ("DELETE FROM transactions WHERE transaction_id = 9002", "payment of payment 5"),
    "tax line": ("UPDATE transaction_taxes SET amount_minor = 99 WHERE line_no = 1", "tax of transaction 9001"),
    "tax line dropped": ("DELETE FROM transaction_taxes WHERE line_no = 1", "tax of transaction 9001"),
    "tax line of nothing": (
        "INSERT INTO transaction_taxes VALUES (1, 99999, 1, 1, 'VAT', '20', '0', 1)",
        "transactions of all tax lines: stored [99999]",
    ),
    "occurrence dropped": ("DELETE FROM occurrences", "occurrences of all charges"),
    "occurrence forged": (
        "INSERT INTO occurrences VALUES (1, 1, 123, '#2', 9001, 1, '')",
        "occurrences of all charges",
    ),
    "occurrence of nothing": ("INSERT INTO occurrences VALUES (1, 1, 123, '#2', 424242, 1, '')", "is not its own"),
    "occurrence of another": ("UPDATE occurrences SET customer_number = 1", "is not its own"),
    "payment amount": ("UPDATE payments SET amount_minor = 4901 WHERE payment_id = 5", "payment of payment 5"),
    "payment currency": ("UPDATE payments SET currency = 'EUR' WHERE payment_id = 5", "payment of payment 5"),
    "payment forged": ("UPDATE payments SET state = 'succeeded' WHERE payment_id = 6", "payment of payment 6"),
    "payment undone": ("UPDATE payments SET state = 'declined' WHERE payment_id = 5", "left a transaction"),
    "refunded of a payment": ("UPDATE payments SET refunded_minor = 899 WHERE payment_id = 5", "refunded of payment 5"),
    "reserved of a payment": (
        "UPDATE payments SET refund_reserved_minor = 900 WHERE payment_id = 5",
        "refunded of payment 5",
    ),
    "refunded more than taken": ("UPDATE refunds SET amount_minor = 4001 WHERE refund_id = 2", "more is refunded"),
    "refund amount": ("UPDATE refunds SET amount_minor = 901 WHERE refund_id = 1", "refund of refund 1"),
    "refund of another": ("UPDATE refunds SET customer_number = 1 WHERE refund_id = 1", "refund of refund 1"),
    "refund forged": ("UPDATE refunds SET state = 'succeeded' WHERE refund_id = 2", "refund of refund 2"),
    "refund undone": ("UPDATE refunds SET state = 'failed' WHERE refund_id = 1", "left a transaction"),
    "refund dropped": ("DELETE FROM refunds WHERE refund_id = 1", "payments of all transactions"),
    "refund of no payment": ("UPDATE refunds SET payment_id = 99 WHERE refund_id = 3", "payments of all refunds"),
    "refund's transaction dropped": ("DELETE FROM transactions WHERE transaction_id = 9003", "refund of refund 1"),
    "payment dropped": ("DELETE FROM payments WHERE payment_id = 5", "payments of all transactions"),
    "payment of another": ("UPDATE payments SET customer_number = 1 WHERE payment_id = 5", "payment of payment 5"),
    "day": ("UPDATE day_figures SET gross_low = gross_low + 1 WHERE kind = 'charge'", "day of 20"),
    "day's count": ("UPDATE day_figures SET item_count = 5 WHERE kind = 'charge'", "day of 20"),
    "day's tax": ("UPDATE day_figures SET tax_high = 1 WHERE kind = 'refund'", "refund in USD"),
    "day's cost": ("UPDATE day_figures SET buy_low = 1 WHERE kind = 'refund'", "refund in USD"),
    "day, another": ("UPDATE day_figures SET effective_on = '2020-01-01' WHERE kind = 'refund'", "day of 2020-01-01"),
    "day dropped": ("DELETE FROM day_figures WHERE kind = 'refund'", "stored (0, 0, 0, 0)"),
    "day of nothing": (
        "INSERT INTO day_figures VALUES (1, '2020-02-29', 'USD', 'void', 'beacon', 7, 1, 0, -5, 0, 0, 0, 0)",
        "computed (0, 0, 0, 0)",
    ),
    "time zone": ("UPDATE tenants SET timezone = 'Pacific/Kiritimati' WHERE slug = 'acme'", "day of 2026-03-0"),
    "figure": ("UPDATE totals SET low = low + 1 WHERE name = 'charges:USD'", "figure of charges:USD"),
    "figure, its high half": ("UPDATE totals SET high = 1 WHERE name = 'charges:USD'", "figure of charges:USD"),
    "figure's count": ("UPDATE totals SET item_count = 1 WHERE name = 'charges:USD'", "figure of charges:USD"),
    "figure dropped": ("DELETE FROM totals WHERE name = 'customers' AND tenant_id = 1", "figure of customers 0"),
    "figure in another part": ("UPDATE totals SET lane = 1 WHERE name = 'customers' AND tenant_id = 1", "customers 1"),
    "word": ("UPDATE customer_words SET word = 'bob' WHERE word = 'ada' AND tenant_id = 1", "stored ['bob']"),
    "word dropped": ("DELETE FROM customer_words WHERE word = 'lovelace'", "words of customer 123"),
    "word of nobody": ("INSERT INTO customer_words VALUES (1, 'ada', 555)", "all search words: stored [555]"),
    "receipt of nothing": ("UPDATE receipts SET fact_id = 424242", "its fact is missing"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_is_found(books: SqlStore, forge: Forge, what: str) -> None:
    statement, sentence = FORGERIES[what]
    forge(statement)
    differences = verify(books).differences
    assert any(sentence in difference for difference in differences), differences
    assert all(difference.startswith("tenant acme: ") for difference in differences)


def test_a_charge_that_somebody_added_is_found(books: SqlStore, forge: Forge, tenant: TenantFact) -> None:
    """A whole, balanced transaction of which no summary knows."""
    with books.unit_of_work(tenant.tenant_id) as unit:
        t = unit.find(TransactionFact, gross_minor=7)[0]
        t.transaction_id = 8000
        unit.insert([t])
    differences = verify(books).differences
    assert any("summary of customer 123 in USD" in difference for difference in differences), differences
    assert any("summaries in all" in difference for difference in differences), differences


def test_a_stray_row_hides_nothing_behind_it(books: SqlStore, forge: Forge) -> None:
    """One transaction of nobody is one difference, and not one for every customer after it."""
    forge("UPDATE transactions SET customer_number = 5 WHERE gross_minor = 70")
    differences = verify(books).differences
    assert any("customers of all transactions: stored [5], computed []" in d for d in differences), differences
    assert not any("customer 123" in d for d in differences), differences


def test_a_deleted_customer_keeps_its_books(books: SqlStore, forge: Forge) -> None:
    """It is in no figure any more, and no search finds it."""
    forge("UPDATE customers SET deleted_at = 5 WHERE number = 123 AND tenant_id = 1")
    forge("UPDATE totals SET item_count = 1, low = 70 WHERE name = 'charges:USD' AND tenant_id = 1")
    forge("UPDATE totals SET item_count = 1 WHERE name = 'customers' AND tenant_id = 1")
    forge("DELETE FROM customer_words WHERE customer_number = 123 AND tenant_id = 1")
    assert verify(books).differences == []


def test_verify_reads_a_snapshot_beside_a_writer(
    books: SqlStore, ledger: Ledger, tenant: TenantFact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Charges that come while it reads are no differences."""
    charged_meanwhile = 0
    plain_stream = Unit.stream

    def stream(self: Unit, kind: type[Fact], /, **asked: Any) -> Iterator[Fact]:
        nonlocal charged_meanwhile
        if kind is TransactionFact:
            ledger.execute(record(tenant, 1, reference="cust_789"))
            charged_meanwhile += 1
        return plain_stream(self, kind, **asked)

    monkeypatch.setattr(Unit, "stream", stream)
    assert verify(books).differences == []
    assert charged_meanwhile > 1


def plain_charge(number: int, gross: int, at: int) -> TransactionFact:
    return row(
        TransactionFact,
        number,
        customer_number=1,
        kind="charge",
        settlement="recorded",
        origin="beacon",
        currency="USD",
        net_minor=gross,
        tax_minor=0,
        gross_minor=gross,
        effective_at=at,
        charge_id=None,
        payment_id=None,
    )


def test_sums_that_only_another_order_would_make_too_large_are_clean(
    store: SqlStore, ledger: Ledger, tenant: TenantFact
) -> None:
    """Stored as they came the sum never left its range; by the instants at which they count it would have."""
    half = SUM_MINOR_MAX // 2 + 1
    with store.unit_of_work(tenant.tenant_id) as unit:
        unit.insert([plain_charge(n, gross, at) for n, gross, at in ((1, half, 10), (2, -half, 30), (3, half, 20))])
        unit.upsert([SummaryFact(tenant.tenant_id, 1, "USD", 2, half, 0, 10, 20, half)])
        recount(unit, tenant)
    assert verify(store).differences == []


def test_a_sum_beyond_its_range_is_a_difference(store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
    with store.unit_of_work(tenant.tenant_id) as unit:
        unit.insert([plain_charge(n, SUM_MINOR_MAX, n) for n in (1, 2)])
        unit.upsert([SummaryFact(tenant.tenant_id, 1, "USD", 2, SUM_MINOR_MAX, 0, 1, 2, SUM_MINOR_MAX)])
    assert any(f"computed (2, {2 * SUM_MINOR_MAX}" in difference for difference in verify(store).differences)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_one_customer_with_many_transactions_needs_no_more_memory(store: SqlStore, tenant: TenantFact) -> None:
    count = 8_000  # rows of 9 MB
    with store.unit_of_work(tenant.tenant_id) as unit:
        unit.insert([plain_charge(n, n, n) for n in range(1, count + 1)])
        sum_minor = count * (count + 1) // 2
        unit.upsert([SummaryFact(tenant.tenant_id, 1, "USD", count, sum_minor, 0, 1, count, count)])
        recount(unit, tenant)
    tracemalloc.start()
    try:
        assert verify(store).differences == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


GIVEN = "INSERT INTO sandbox_refunds SELECT 1, gateway_key, 'k', {}, 1 FROM refunds WHERE refund_id = {}"
SANDBOX = "INSERT INTO sandbox_payments SELECT 1, gateway_key, 'tok', {}, 1 FROM payments WHERE payment_id = {}"


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (SANDBOX.format("currency, amount_minor, 'succeeded'", 5), None),
        (SANDBOX.format("currency, amount_minor, 'succeeded'", 6), None),
        (SANDBOX.format("currency, amount_minor, 'declined'", 7), None),
        (SANDBOX.format("currency, amount_minor, 'succeeded'", 7), "payment 7"),
        (SANDBOX.format("currency, amount_minor + 1, 'succeeded'", 5), "payment 5"),
        (SANDBOX.format("'EUR', amount_minor, 'succeeded'", 6), "payment 6"),
        ("INSERT INTO sandbox_payments VALUES (1, 'k', 'tok', 'USD', 1, 'succeeded', 1)", "all payments"),
        (GIVEN.format("currency, amount_minor, 'succeeded'", 3), "refund 3"),
        (GIVEN.format("currency, amount_minor + 1, 'succeeded'", 1), "refund 1"),
        ("INSERT INTO sandbox_refunds VALUES (1, 'k', 'p', 'USD', 1, 'succeeded', 1)", "all refunds"),
    ],
    ids=[
        "succeeded",
        "pending",
        "declined",
        "taken-though-declined",
        "amount",
        "currency",
        "of-no-payment",
        "given-though-failed",
        "given-amount",
        "of-no-refund",
    ],
)
def test_what_the_sandbox_took_is_in_the_books(
    books: SqlStore, forge: Forge, statement: str, sentence: str | None
) -> None:
    forge(statement)
    differences = verify(books).differences
    if sentence is None:
        assert differences == []
    else:
        assert any("sandbox" in d and sentence in d for d in differences), differences

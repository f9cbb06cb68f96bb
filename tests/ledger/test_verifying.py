"""Clean books are clean, and whatever is forged in them is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.harness import BETA, TestClock, provision, record
from tests.store.facts import payment, row
from tollhouse.ledger.facts import (
    ChargeFact,
    Fact,
    OccurrenceFact,
    SummaryFact,
    TenantFact,
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
            ]
        )
        unit.insert([row(TransactionTaxFact, n, transaction_id=9001, line_no=n, amount_minor=100) for n in (1, 2)])
        unit.insert([row(OccurrenceFact, 1, charge_id=1, customer_number=123, transaction_id=9001)])
        taken = {"customer_number": 123, "currency": "USD"}
        unit.insert(
            [
                payment(5, state="succeeded", transaction_id=9002, amount_minor=4900, look_up_at=None, **taken),
                payment(6, state="pending", transaction_id=None, amount_minor=1, **taken),
                payment(7, state="declined", transaction_id=None, amount_minor=1, **taken),
            ]
        )
        unit.add_to_balances([(123, -1200)])
        (summary,) = unit.find(SummaryFact, customer_number=123)
        summary.charge_count += 2
        summary.sum_minor += 1200 + 4900
        summary.last_amount_minor = 4900
        unit.upsert([summary])
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
    assert findings.checked["postings"] == 6
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
    "occurrence forged": ("INSERT INTO occurrences VALUES (1, 1, 123, '#2', 9001, 1)", "occurrences of all charges"),
    "occurrence of nothing": ("INSERT INTO occurrences VALUES (1, 1, 123, '#2', 424242, 1)", "is not its own"),
    "occurrence of another": ("UPDATE occurrences SET customer_number = 1", "is not its own"),
    "payment amount": ("UPDATE payments SET amount_minor = 4901 WHERE payment_id = 5", "payment of payment 5"),
    "payment currency": ("UPDATE payments SET currency = 'EUR' WHERE payment_id = 5", "payment of payment 5"),
    "payment forged": ("UPDATE payments SET state = 'succeeded' WHERE payment_id = 6", "payment of payment 6"),
    "payment undone": ("UPDATE payments SET state = 'declined' WHERE payment_id = 5", "left a transaction"),
    "payment dropped": ("DELETE FROM payments WHERE payment_id = 5", "payments of all transactions"),
    "payment of another": ("UPDATE payments SET customer_number = 1 WHERE payment_id = 5", "payment of payment 5"),
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
    forge("UPDATE customers SET deleted_at = 5 WHERE number = 123 AND tenant_id = 1")
    assert verify(books).differences == []


def test_verify_reads_a_snapshot_beside_a_writer(
    books: SqlStore, ledger: Ledger, tenant: TenantFact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Charges that come while it reads are no differences."""
    charged_meanwhile = 0
    plain_stream = Unit.stream

    def stream(self: Unit, kind: type[Fact], **asked: Any) -> Iterator[Fact]:
        nonlocal charged_meanwhile
        if kind is TransactionFact:
            ledger.execute(record(tenant, 1, reference="cust_789"))
            charged_meanwhile += 1
        return plain_stream(self, kind, **asked)

    monkeypatch.setattr(Unit, "stream", stream)
    assert verify(books).differences == []
    assert charged_meanwhile > 1

"""Checking the books: everything derived is computed again from the transactions and compared with what is stored.

Reads one snapshot a tenant, in order and in a stream, so that it runs beside a serving server and needs little memory
however long the history is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from typing import Any, Generic, TypeVar

from tollhouse.domain import summaries
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.book import summary_from_row
from tollhouse.ledger.facts import (
    ChargeFact,
    CustomerFact,
    Fact,
    OccurrenceFact,
    PaymentFact,
    ReceiptFact,
    SummaryFact,
    TransactionFact,
    TransactionTaxFact,
)
from tollhouse.ledger.ports import Reader, Store
from tollhouse.ledger.postings import COLLECTED_ELSEWHERE, OWED_ON_ACCOUNT, TAKEN_BY_GATEWAYS, postings

T = TypeVar("T")

CHUNK = 500


class Findings:
    """What was checked, how many of each, and every difference as a sentence."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.differences: list[str] = []
        self._where = ""

    def of_tenant(self, slug: str) -> None:
        self._where = f"tenant {slug}: "

    def expect(self, what: str, subject: str, *, stored: object, computed: object) -> None:
        """Count one check; note a difference."""
        self.checked[what] += 1
        if stored != computed:
            self.differences.append(f"{self._where}{what} of {subject}: stored {stored}, computed {computed}")

    def require(self, what: str, subject: str, holds: bool, sentence: str) -> None:
        self.checked[what] += 1
        if not holds:
            self.differences.append(f"{self._where}{what} of {subject}: {sentence}")


def verify(store: Store) -> Findings:
    findings = Findings()
    for tenant in store.tenants():
        findings.of_tenant(tenant.slug)
        findings.checked["tenants"] += 1
        with store.reading(tenant.tenant_id) as reader:
            _Books(reader, findings).check()
    return findings


class _Books:
    """One tenant's books in one snapshot."""

    def __init__(self, reader: Reader, findings: Findings) -> None:
        self._reader = reader
        self._findings = findings
        self._accounts: Counter[tuple[str, str]] = Counter()
        self._summed: Counter[str] = Counter()
        self._owed: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()
        self._of_charges = 0
        self._of_payments = 0

    def check(self) -> None:
        self._check_customers()
        self._check_lines()
        self._check_occurrences()
        self._check_payments()
        self._check_receipts()
        self._check_trial_balance()

    def _check_customers(self) -> None:
        """Summaries and balances, customer by customer."""
        order = ("customer_number", "effective_at", "transaction_id")
        by_customer = _Groups(self._reader.stream(TransactionFact, order=order), lambda t: t.customer_number)
        stored = _Groups(
            self._reader.stream(SummaryFact, order=("customer_number", "currency")), lambda s: s.customer_number
        )
        for customer in self._reader.stream(CustomerFact, order=("number",)):
            transactions = by_customer.take(customer.number)
            self._check_summaries(customer, transactions, stored.take(customer.number))
            self._check_balance(customer, transactions)
        self._findings.expect("customers", "all transactions", stored=by_customer.strays(), computed=[])
        self._findings.expect("customers", "all summaries", stored=stored.strays(), computed=[])

    def _check_summaries(
        self, customer: CustomerFact, transactions: list[TransactionFact], rows: list[SummaryFact]
    ) -> None:
        computed: dict[str, ChargeSummary] = {}
        last_amounts: dict[tuple[str, int], set[int]] = {}
        for transaction in transactions:
            if transaction.kind == "charge":
                currency, gross, at = transaction.currency, transaction.gross_minor, transaction.effective_at
                computed[currency] = summaries.after_charge(computed.get(currency, summaries.EMPTY), gross, at)
                if gross >= 0:
                    last_amounts.setdefault((currency, at), set()).add(gross)
        for row in rows:
            summary = summary_from_row(row)
            self._summed[row.currency] += summary.sum_minor
            again = computed.pop(row.currency, summaries.EMPTY)
            subject = f"customer {customer.number} in {row.currency}"
            self._findings.expect("summary", subject, stored=_figures(summary), computed=_figures(again))
            # Of two charges at one instant the later stored counts as last, and ids do not tell which that was.
            possible = last_amounts.get((row.currency, again.last_at or 0), {None})
            self._findings.require(
                "summary", subject, summary.last_amount_minor in possible, "the last amount is of no last charge"
            )
        for currency in computed:
            self._findings.require("summary", f"customer {customer.number} in {currency}", False, "is missing")

    def _check_balance(self, customer: CustomerFact, transactions: list[TransactionFact]) -> None:
        on_account = [t for t in transactions if t.settlement == "balance"]
        owed = sum(t.gross_minor for t in on_account)
        self._findings.expect(
            "balance",
            f"customer {customer.number}",
            stored=customer.balance_minor,
            computed=customer.opening_balance_minor - owed,
        )
        self._findings.require(
            "balance",
            f"customer {customer.number}",
            all(t.currency == customer.currency for t in on_account),
            "a transaction on account has another currency",
        )
        self._owed[customer.currency] += customer.opening_balance_minor - customer.balance_minor

    def _check_lines(self) -> None:
        """Net, taxes and gross of each transaction, and its postings."""
        lines = _Groups(
            self._reader.stream(TransactionTaxFact, order=("transaction_id", "line_no")),
            lambda line: line.transaction_id,
        )
        for t in self._reader.stream(TransactionFact, order=("transaction_id",)):
            subject = f"transaction {t.transaction_id}"
            self._findings.expect("gross", subject, stored=t.gross_minor, computed=t.net_minor + t.tax_minor)
            tax_minor = sum(line.amount_minor for line in lines.take(t.transaction_id))
            self._findings.expect("tax", subject, stored=t.tax_minor, computed=tax_minor)
            legs = postings(t)
            self._findings.expect("postings", subject, stored=0, computed=sum(leg.amount_minor for leg in legs))
            for leg in legs:
                self._accounts[leg.account, leg.currency] += leg.amount_minor
            self._of_charges += t.charge_id is not None
            self._of_payments += t.payment_id is not None
        self._findings.expect("transactions", "all tax lines", stored=lines.strays(), computed=[])

    def _check_occurrences(self) -> None:
        """Each occurrence left one transaction, and each transaction of a charge is an occurrence's."""
        count = 0
        for chunk in _chunks(self._reader.stream(OccurrenceFact, order=("charge_id", "customer_number"))):
            found = self._transactions([occurrence.transaction_id for occurrence in chunk])
            for o in chunk:
                t = found.get(o.transaction_id)
                ours = t is not None and (t.charge_id, t.customer_number) == (o.charge_id, o.customer_number)
                subject = f"charge {o.charge_id} {o.occurrence_key} for customer {o.customer_number}"
                self._findings.require("occurrence", subject, ours, f"transaction {o.transaction_id} is not its own")
            count += len(chunk)
        self._findings.expect("occurrences", "all charges", stored=count, computed=self._of_charges)

    def _check_payments(self) -> None:
        """Succeeded payments and transactions match one to one; what is pending or declined left none."""
        count = 0
        for chunk in _chunks(self._reader.stream(PaymentFact, order=("payment_id",))):
            found = self._transactions([p.transaction_id for p in chunk if p.transaction_id is not None])
            for payment in chunk:
                subject = f"payment {payment.payment_id}"
                if payment.state != "succeeded":
                    self._findings.require("payment", subject, payment.transaction_id is None, "left a transaction")
                    continue
                count += 1
                self._taken[payment.currency] += payment.amount_minor
                t = found.get(payment.transaction_id or 0)
                stored = t and (t.payment_id, t.customer_number, t.currency, t.gross_minor)
                wanted = (payment.payment_id, payment.customer_number, payment.currency, payment.amount_minor)
                self._findings.expect("payment", subject, stored=stored, computed=wanted)
        self._findings.expect("payments", "all transactions", stored=count, computed=self._of_payments)

    def _check_receipts(self) -> None:
        """Whatever an idempotency key stands for is there."""
        for chunk in _chunks(self._reader.stream(ReceiptFact, order=("scope", "key_hash"))):
            for kind, (fact, column) in _FACT_OF_RECEIPT.items():
                ids = sorted({receipt.fact_id for receipt in chunk if receipt.kind == kind and receipt.fact_id})
                equals: dict[str, Any] = {column: ids}
                known = {getattr(row, column) for row in self._reader.find(fact, **equals)} if ids else set()
                for fact_id in ids:
                    self._findings.require("receipt", f"{kind} {fact_id}", fact_id in known, "its fact is missing")

    def _check_trial_balance(self) -> None:
        currencies = sorted({currency for _, currency in self._accounts} | set(self._summed) | set(self._owed))
        for currency in currencies:
            accounts = {account: total for (account, c), total in self._accounts.items() if c == currency}
            self._findings.expect("trial balance", currency, stored=0, computed=sum(accounts.values()))
            held = sum(accounts.get(a, 0) for a in (COLLECTED_ELSEWHERE, OWED_ON_ACCOUNT, TAKEN_BY_GATEWAYS))
            self._findings.expect("summaries in all", currency, stored=self._summed[currency], computed=held)
            owed = accounts.get(OWED_ON_ACCOUNT, 0)
            self._findings.expect("balances in all", currency, stored=self._owed[currency], computed=owed)
            taken = accounts.get(TAKEN_BY_GATEWAYS, 0)
            self._findings.expect("gateway payments in all", currency, stored=self._taken[currency], computed=taken)

    def _transactions(self, ids: list[int]) -> dict[int, TransactionFact]:
        return {t.transaction_id: t for t in self._reader.find(TransactionFact, transaction_id=ids)} if ids else {}


_FACT_OF_RECEIPT: dict[str, tuple[type[Fact], str]] = {
    "RecordCharges": (TransactionFact, "transaction_id"),
    "CreateCharge": (ChargeFact, "charge_id"),
    "ChargeNow": (TransactionFact, "transaction_id"),
    "StartPurchase": (PaymentFact, "payment_id"),
}


class _Groups(Generic[T]):
    """A stream in the order of a key, taken group by group for ever larger keys."""

    def __init__(self, rows: Iterable[T], key: Callable[[T], int]) -> None:
        self._groups = groupby(rows, key)
        self._next = next(self._groups, None)
        self._strays: list[int] = []

    def take(self, key: int) -> list[T]:
        """The rows of this key, perhaps none."""
        while self._next is not None and self._next[0] < key:
            self._pass_over()
        if self._next is None or self._next[0] != key:
            return []
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows

    def strays(self) -> list[int]:
        """At the end: the keys that nobody took."""
        while self._next is not None:
            self._pass_over()
        return self._strays

    def _pass_over(self) -> None:
        if self._next is not None:
            self._strays.append(self._next[0])
            self._next = next(self._groups, None)


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def _figures(summary: ChargeSummary) -> tuple[object, ...]:
    return (summary.count, summary.sum_minor, summary.refunded_minor, summary.first_at, summary.last_at)

"""Checking the books: everything derived is computed again from the transactions and compared with what is stored.

Reads one snapshot a tenant, in order and in a stream, so that it runs beside a serving server and needs little memory
however long the history is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    ChargeFact,
    CustomerFact,
    Fact,
    InvoiceCounterFact,
    InvoiceFact,
    InvoiceTransactionFact,
    OccurrenceFact,
    PaymentFact,
    PlanRunFact,
    ReceiptFact,
    SandboxPaymentFact,
    SummaryFact,
    TransactionFact,
    TransactionTaxFact,
)
from tollhouse.ledger.ports import Reader, Store
from tollhouse.ledger.postings import OWED_ON_ACCOUNT, TAKEN_BY_GATEWAYS, has_accounts, postings

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


class _Summary:
    """A charge summary in the making, by the rules of `summaries.after_charge` but in any order and of any size.

    Of two charges at one instant the later stored counts as last, and ids do not tell which that was: the stored last
    amount is right when it is that of any charge at the last instant.
    """

    def __init__(self, stored_last_amount: int | None) -> None:
        self._stored_last_amount = stored_last_amount
        self._count = 0
        self._sum_minor = 0
        self._first_at: int | None = None
        self._last_at: int | None = None
        self.has_stored_last_amount = stored_last_amount is None

    def add(self, gross_minor: int, at: int) -> None:
        self._sum_minor += gross_minor
        if gross_minor < 0:
            return
        self._count += 1
        if self._first_at is None or at < self._first_at:
            self._first_at = at
        if self._last_at is None or at > self._last_at:
            self._last_at = at
            self.has_stored_last_amount = False
        if at == self._last_at and gross_minor == self._stored_last_amount:
            self.has_stored_last_amount = True

    def figures(self) -> tuple[object, ...]:
        """Count, sum, refunded, first and last instant. Nothing refunds yet."""
        return (self._count, self._sum_minor, 0, self._first_at, self._last_at)


class _Folded:
    """What the transactions of one customer come to, however many they are."""

    def __init__(self, stored: Sequence[SummaryFact]) -> None:
        self.summaries = {row.currency: _Summary(row.last_amount_minor) for row in stored}
        self.owed_minor = 0
        self.currencies_owed: set[str] = set()

    def add(self, transaction: TransactionFact) -> None:
        currency, gross_minor = transaction.currency, transaction.gross_minor
        if transaction.kind == "charge":
            if currency not in self.summaries:
                self.summaries[currency] = _Summary(None)
            self.summaries[currency].add(gross_minor, transaction.effective_at)
        if transaction.settlement == "balance":
            self.owed_minor += gross_minor
            self.currencies_owed.add(currency)


class _Books:
    """One tenant's books in one snapshot."""

    def __init__(self, reader: Reader, findings: Findings) -> None:
        self._reader = reader
        self._findings = findings
        self._accounts: Counter[tuple[str, str]] = Counter()
        self._charged: Counter[str] = Counter()
        self._summed: Counter[str] = Counter()
        self._owed: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()
        self._of_charges = 0
        self._of_payments = 0

    def check(self) -> None:
        self._check_customers()
        self._check_tree()
        self._check_lines()
        self._check_occurrences()
        self._check_payments()
        self._check_invoices()
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
            rows = list(stored.take(customer.number))
            folded = _Folded(rows)
            for transaction in by_customer.take(customer.number):
                folded.add(transaction)
            self._check_summaries(customer, folded, rows)
            self._check_balance(customer, folded)
        self._findings.expect("customers", "all transactions", stored=by_customer.strays(), computed=[])
        self._findings.expect("customers", "all summaries", stored=stored.strays(), computed=[])

    def _check_summaries(self, customer: CustomerFact, folded: _Folded, rows: list[SummaryFact]) -> None:
        for row in rows:
            self._summed[row.currency] += row.sum_minor
            again = folded.summaries[row.currency]
            subject = f"customer {customer.number} in {row.currency}"
            stored = (row.charge_count, row.sum_minor, row.refunded_minor, row.first_at, row.last_at)
            self._findings.expect("summary", subject, stored=stored, computed=again.figures())
            self._findings.require(
                "summary", subject, again.has_stored_last_amount, "the last amount is of no last charge"
            )
        for currency in sorted(folded.summaries.keys() - {row.currency for row in rows}):
            self._findings.require("summary", f"customer {customer.number} in {currency}", False, "is missing")

    def _check_balance(self, customer: CustomerFact, folded: _Folded) -> None:
        self._findings.expect(
            "balance",
            f"customer {customer.number}",
            stored=customer.balance_minor,
            computed=customer.opening_balance_minor - folded.owed_minor,
        )
        self._findings.require(
            "balance",
            f"customer {customer.number}",
            folded.currencies_owed <= {customer.currency},
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
            self._post(t, subject)
            self._of_charges += t.kind == "charge" and t.charge_id is not None
            self._of_payments += t.payment_id is not None
        self._findings.expect("transactions", "all tax lines", stored=lines.strays(), computed=[])

    def _post(self, t: TransactionFact, subject: str) -> None:
        """The postings of a transaction, and what its kind allows: only a charge has a cost, or is a gateway's."""
        is_known = has_accounts(t)
        self._findings.require("kind", subject, is_known, f"{t.kind} cannot settle as {t.settlement}")
        if not is_known:
            return
        is_charge = t.kind == "charge"
        self._findings.require("buy", subject, is_charge or not t.buy_minor, f"a {t.kind} has a buy cost")
        if t.kind == "adjustment":
            is_plain = (t.settlement, t.tax_minor, t.charge_id) == ("balance", 0, None)
            self._findings.require("kind", subject, is_plain, "an adjustment is more than a move of the balance")
        if is_charge:
            self._charged[t.currency] += t.gross_minor
        legs = postings(t)
        self._findings.expect("postings", subject, stored=0, computed=sum(leg.amount_minor for leg in legs))
        for leg in legs:
            self._accounts[leg.account, leg.currency] += leg.amount_minor

    def _check_tree(self) -> None:
        """Each path is the parent's with the customer behind it, from the root down."""
        for chunk in _chunks(self._reader.stream(CustomerFact, order=("number",))):
            numbers = sorted({customer.parent_number for customer in chunk})
            parents = {parent.number: parent.path for parent in self._reader.find(CustomerFact, number=numbers)}
            for c in chunk:
                above = "" if c.number == ROOT_NUMBER else parents.get(c.parent_number, "nowhere.")
                computed = f"{above}{c.number}."
                self._findings.expect("path", f"customer {c.number}", stored=c.path, computed=computed)

    def _check_occurrences(self) -> None:
        """Each occurrence left one transaction, and each charge's transaction is an occurrence's."""
        count = 0
        for chunk in _chunks(self._reader.stream(OccurrenceFact, order=("charge_id", "customer_number"))):
            found = self._transactions([occurrence.transaction_id for occurrence in chunk])
            for o in chunk:
                t = found.get(o.transaction_id)
                wanted = ("charge", o.charge_id, o.customer_number)
                ours = t is not None and (t.kind, t.charge_id, t.customer_number) == wanted
                subject = f"charge {o.charge_id} {o.occurrence_key} for customer {o.customer_number}"
                self._findings.require("occurrence", subject, ours, f"transaction {o.transaction_id} is not its own")
            count += len(chunk)
        self._findings.expect("occurrences", "all charges", stored=count, computed=self._of_charges)

    def _check_payments(self) -> None:
        """Succeeded payments and transactions match one to one; what is pending or declined left none."""
        count = 0
        count_in_sandbox = 0
        for chunk in _chunks(self._reader.stream(PaymentFact, order=("payment_id",))):
            count_in_sandbox += self._check_sandbox(chunk)
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
        taken = self._reader.count(SandboxPaymentFact, outcome="succeeded")
        self._findings.expect("sandbox", "all payments", stored=count_in_sandbox, computed=taken)

    def _check_sandbox(self, payments: list[PaymentFact]) -> int:
        """What the sandbox took is in the books, or will be once it is looked up; how many of these it took."""
        keys = [payment.gateway_key for payment in payments]
        rows = self._reader.find(SandboxPaymentFact, gateway_key=keys, outcome="succeeded")
        taken = {row.gateway_key: row for row in rows}
        for payment in payments:
            row = taken.get(payment.gateway_key)
            if row is not None:
                subject = f"payment {payment.payment_id}"
                self._findings.require("sandbox", subject, payment.state != "declined", "was taken though declined")
                stored, computed = (payment.currency, payment.amount_minor), (row.currency, row.amount_minor)
                self._findings.expect("sandbox", subject, stored=stored, computed=computed)
        return len(taken)

    def _check_invoices(self) -> None:
        """Each invoice is the sum of its customer's transactions on it, and a seller's are counted without a gap."""
        links = _Groups(
            self._reader.stream(InvoiceTransactionFact, order=("invoice_id", "transaction_id")),
            lambda link: link.invoice_id,
        )
        for invoice in self._reader.stream(InvoiceFact, order=("invoice_id",)):
            sums = [0, 0, 0]
            subject = f"invoice {invoice.invoice_id}"
            for chunk in _chunks(links.take(invoice.invoice_id)):
                found = self._transactions([link.transaction_id for link in chunk])
                ours = [t for t in found.values() if (t.customer_number, t.settlement) == _on_account(invoice)]
                self._findings.expect("invoice", subject, stored=len(ours), computed=len(chunk))
                for t in ours:
                    sums = [sums[0] + t.net_minor, sums[1] + t.tax_minor, sums[2] + t.gross_minor]
            stored = [invoice.net_minor, invoice.tax_minor, invoice.total_minor]
            self._findings.expect("invoice", subject, stored=stored, computed=sums)
        self._findings.expect("invoices", "all transactions on them", stored=links.strays(), computed=[])
        for counter in self._reader.stream(InvoiceCounterFact, order=("seller_number",)):
            count = self._reader.count(InvoiceFact, seller_number=counter.seller_number)
            subject = f"customer {counter.seller_number}"
            self._findings.expect("invoice numbers", subject, stored=counter.last_number, computed=count)

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
            charged = self._charged[currency]
            self._findings.expect("summaries in all", currency, stored=self._summed[currency], computed=charged)
            owed = accounts.get(OWED_ON_ACCOUNT, 0)
            self._findings.expect("balances in all", currency, stored=self._owed[currency], computed=owed)
            taken = accounts.get(TAKEN_BY_GATEWAYS, 0)
            self._findings.expect("gateway payments in all", currency, stored=self._taken[currency], computed=taken)

    def _transactions(self, ids: list[int]) -> dict[int, TransactionFact]:
        return {t.transaction_id: t for t in self._reader.find(TransactionFact, transaction_id=ids)} if ids else {}


_FACT_OF_RECEIPT: dict[str, tuple[type[Fact], str]] = {
    "RecordCharges": (TransactionFact, "transaction_id"),
    "CreateCharge": (ChargeFact, "charge_id"),
    "ChargePlan": (PlanRunFact, "plan_run_id"),
    "ChargeNow": (TransactionFact, "transaction_id"),
    "CreateTransaction": (TransactionFact, "transaction_id"),
    "AddToBalance": (TransactionFact, "transaction_id"),
    "CreateCustomer": (CustomerFact, "number"),
    "PurchaseProduct": (ChargeFact, "charge_id"),
    "CreateInvoice": (InvoiceFact, "invoice_id"),
    "StartPurchase": (PaymentFact, "payment_id"),
}


def _on_account(invoice: InvoiceFact) -> tuple[int, str]:
    return (invoice.customer_number, "balance")


class _Groups(Generic[T]):
    """A stream in the order of a key, taken group by group for ever larger keys."""

    def __init__(self, rows: Iterable[T], key: Callable[[T], int]) -> None:
        self._rows = iter(rows)
        self._key = key
        self._strays: list[int] = []
        self._row = next(self._rows, None)

    def take(self, key: int) -> Iterator[T]:
        """The rows of this key, perhaps none. Take them all before those of the next."""
        while self._row is not None and self._key(self._row) < key:
            self._pass_over(self._key(self._row))
        return self._rows_of(key)

    def strays(self) -> list[int]:
        """At the end: the keys that nobody took."""
        while self._row is not None:
            self._pass_over(self._key(self._row))
        return self._strays

    def _rows_of(self, key: int) -> Iterator[T]:
        while self._row is not None and self._key(self._row) == key:
            row, self._row = self._row, next(self._rows, None)
            yield row

    def _pass_over(self, key: int) -> None:
        self._strays.append(key)
        for _ in self._rows_of(key):
            pass


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk

"""Checking the books: everything derived is computed again from the transactions and compared with what is stored.

Reads one snapshot a tenant, in order and in a stream, so that it runs beside a serving server and needs little memory
however long the history is.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tollhouse.ledger.correcting import ORIGIN, REFUND, VOID
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    ChargeFact,
    CorrectionFact,
    CustomerFact,
    Fact,
    InvoiceCounterFact,
    InvoiceFact,
    InvoiceTransactionFact,
    OccurrenceFact,
    PaymentFact,
    PlanRunFact,
    ReceiptFact,
    RefundFact,
    SummaryFact,
    TransactionFact,
    TransactionTaxFact,
)
from tollhouse.ledger.ports import Reader, Store
from tollhouse.ledger.postings import OWED_ON_ACCOUNT, TAKEN_BY_GATEWAYS, has_accounts, postings
from tollhouse.ledger.verifying.corrections import check_corrections
from tollhouse.ledger.verifying.days import DayFigures
from tollhouse.ledger.verifying.deliveries import check_deliveries
from tollhouse.ledger.verifying.figures import Figures
from tollhouse.ledger.verifying.findings import Findings, Groups, chunks
from tollhouse.ledger.verifying.folding import Folded
from tollhouse.ledger.verifying.payments import GatewayBooks
from tollhouse.ledger.verifying.tracking import check_tracking


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
        self._charged: Counter[str] = Counter()
        self._summed: Counter[str] = Counter()
        self._owed: Counter[str] = Counter()
        self._of_charges = 0
        self._of_corrections = 0
        self._of_payments: Counter[str] = Counter()
        self._gateways = GatewayBooks(reader, findings)
        self._figures = Figures(reader, findings)
        self._days = DayFigures(reader, findings)

    def check(self) -> None:
        self._check_customers()
        self._check_tree()
        self._check_lines()
        self._check_occurrences()
        self._check_corrections()
        self._check_gateways()
        self._check_invoices()
        self._check_receipts()
        self._check_trial_balance()
        check_deliveries(self._reader, self._findings)
        check_tracking(self._reader, self._findings)

    def _check_customers(self) -> None:
        """Summaries and balances, customer by customer."""
        order = ("customer_number", "effective_at", "transaction_id")
        by_customer = Groups(self._reader.stream(TransactionFact, order=order), lambda t: t.customer_number)
        stored = Groups(
            self._reader.stream(SummaryFact, order=("customer_number", "currency")), lambda s: s.customer_number
        )
        voids = Groups(
            self._reader.stream(CorrectionFact, order=("customer_number", "corrected_id"), kind=VOID),
            lambda void: void.customer_number,
        )
        for customer in self._reader.stream(CustomerFact, order=("number",)):
            rows = list(stored.take(customer.number))
            folded = Folded(rows, {void.corrected_id for void in voids.take(customer.number)})
            for transaction in by_customer.take(customer.number):
                folded.add(transaction)
            self._check_summaries(customer, folded, rows)
            self._check_balance(customer, folded)
            self._figures.add(customer, rows)
        self._findings.expect("customers", "all transactions", stored=by_customer.strays(), computed=[])
        self._findings.expect("customers", "all summaries", stored=stored.strays(), computed=[])
        self._figures.check()
        self._findings.expect("customers", "all voids", stored=voids.strays(), computed=[])

    def _check_summaries(self, customer: CustomerFact, folded: Folded, rows: list[SummaryFact]) -> None:
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

    def _check_balance(self, customer: CustomerFact, folded: Folded) -> None:
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
        lines = Groups(
            self._reader.stream(TransactionTaxFact, order=("transaction_id", "line_no")),
            lambda line: line.transaction_id,
        )
        for t in self._reader.stream(TransactionFact, order=("transaction_id",)):
            subject = f"transaction {t.transaction_id}"
            self._findings.expect("gross", subject, stored=t.gross_minor, computed=t.net_minor + t.tax_minor)
            tax_minor = sum(line.amount_minor for line in lines.take(t.transaction_id))
            self._findings.expect("tax", subject, stored=t.tax_minor, computed=tax_minor)
            self._post(t, subject)
            self._days.add(t)
            self._of_charges += t.kind == "charge" and t.charge_id is not None
            self._of_corrections += t.kind == VOID or (t.kind == REFUND and t.origin == ORIGIN)
            if t.payment_id is not None:
                self._of_payments[t.kind] += 1
        self._findings.expect("transactions", "all tax lines", stored=lines.strays(), computed=[])
        self._days.check()

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
        if is_charge or t.kind == VOID:
            self._charged[t.currency] += t.gross_minor
        legs = postings(t)
        self._findings.expect("postings", subject, stored=0, computed=sum(leg.amount_minor for leg in legs))
        for leg in legs:
            self._accounts[leg.account, leg.currency] += leg.amount_minor

    def _check_tree(self) -> None:
        """Each path is the parent's with the customer behind it, from the root down."""
        for chunk in chunks(self._reader.stream(CustomerFact, order=("number",))):
            numbers = sorted({customer.parent_number for customer in chunk})
            parents = {parent.number: parent.path for parent in self._reader.find(CustomerFact, number=numbers)}
            for c in chunk:
                above = "" if c.number == ROOT_NUMBER else parents.get(c.parent_number, "nowhere.")
                computed = f"{above}{c.number}."
                self._findings.expect("path", f"customer {c.number}", stored=c.path, computed=computed)

    def _check_occurrences(self) -> None:
        """Each occurrence left one transaction, and each charge's transaction is an occurrence's."""
        count = 0
        for chunk in chunks(self._reader.stream(OccurrenceFact, order=("charge_id", "customer_number"))):
            found = self._transactions([occurrence.transaction_id for occurrence in chunk])
            for o in chunk:
                t = found.get(o.transaction_id)
                wanted = ("charge", o.charge_id, o.customer_number)
                ours = t is not None and (t.kind, t.charge_id, t.customer_number) == wanted
                subject = f"charge {o.charge_id} {o.occurrence_key} for customer {o.customer_number}"
                self._findings.require("occurrence", subject, ours, f"transaction {o.transaction_id} is not its own")
            count += len(chunk)
        self._findings.expect("occurrences", "all charges", stored=count, computed=self._of_charges)

    def _check_corrections(self) -> None:
        """Each correction is of a charge as it can be, and each correcting transaction is one's."""
        count = check_corrections(self._reader, self._findings)
        self._findings.expect("corrections", "all transactions", stored=count, computed=self._of_corrections)

    def _check_gateways(self) -> None:
        self._gateways.check()
        counts = {"charge": self._gateways.payment_count, "refund": self._gateways.refund_count}
        stored = {kind: count for kind, count in counts.items() if count}
        self._findings.expect("payments", "all transactions", stored=stored, computed=dict(self._of_payments))

    def _check_invoices(self) -> None:
        """Each invoice is the sum of its customer's transactions on it, and a seller's are counted without a gap."""
        links = Groups(
            self._reader.stream(InvoiceTransactionFact, order=("invoice_id", "transaction_id")),
            lambda link: link.invoice_id,
        )
        for invoice in self._reader.stream(InvoiceFact, order=("invoice_id",)):
            sums = [0, 0, 0]
            subject = f"invoice {invoice.invoice_id}"
            for chunk in chunks(links.take(invoice.invoice_id)):
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
        for chunk in chunks(self._reader.stream(ReceiptFact, order=("scope", "key_hash"))):
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
            kept = accounts.get(TAKEN_BY_GATEWAYS, 0)
            stored = self._gateways.kept[currency]
            self._findings.expect("gateway payments in all", currency, stored=stored, computed=kept)

    def _transactions(self, ids: list[int]) -> dict[int, TransactionFact]:
        return {t.transaction_id: t for t in self._reader.find(TransactionFact, transaction_id=ids)} if ids else {}


_FACT_OF_RECEIPT: dict[str, tuple[type[Fact], str]] = {
    "RecordCharges": (TransactionFact, "transaction_id"),
    "CreateCharge": (ChargeFact, "charge_id"),
    "ChargePlan": (PlanRunFact, "plan_run_id"),
    "ChargeNow": (TransactionFact, "transaction_id"),
    "ChargeOnce": (TransactionFact, "transaction_id"),
    "RecordByHand": (TransactionFact, "transaction_id"),
    "CreateTransaction": (TransactionFact, "transaction_id"),
    "AddToBalance": (TransactionFact, "transaction_id"),
    "CreateCustomer": (CustomerFact, "number"),
    "Track": (CustomerFact, "number"),
    "PurchaseProduct": (ChargeFact, "charge_id"),
    "CreateInvoice": (InvoiceFact, "invoice_id"),
    "StartPurchase": (PaymentFact, "payment_id"),
    "StartFree": (PaymentFact, "payment_id"),
    "StartRefund": (RefundFact, "refund_id"),
    "RefundCharge": (CorrectionFact, "transaction_id"),
    "VoidCharge": (CorrectionFact, "transaction_id"),
}


def _on_account(invoice: InvoiceFact) -> tuple[int, str]:
    return (invoice.customer_number, "balance")

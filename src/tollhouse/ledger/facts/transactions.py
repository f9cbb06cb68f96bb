"""What happened."""

from __future__ import annotations

from tollhouse.ledger.facts.fact import Fact


class TransactionFact(Fact):
    """Appended and never edited. `gross_minor` is what the customer owes or paid: net + tax.

    `kind` is charge, credit, topup, debit, adjustment, refund or void; charges count in a charge summary, unless they
    are voided, and refunds in what it says was refunded. What raises a balance, is given back or voids is negative.
    `settlement` is recorded, balance or gateway. `exchange_rate` turns the currency `exchange_from` into `currency`;
    both it and `exchange_rate_at` are null where nothing was converted. The rate is decimal text, or a fraction such as
    10/11.
    """

    tenant_id: int
    transaction_id: int
    customer_number: int
    kind: str
    settlement: str
    origin: str
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    buy_minor: int
    effective_at: int
    recorded_at: int
    charge_id: int | None = None
    payment_id: int | None = None
    person_id: int | None = None
    description: str = ""
    exchange_from: str | None = None
    exchange_rate: str | None = None
    exchange_rate_at: int | None = None


class TransactionTaxFact(Fact):
    """One tax of a transaction. `flat` is what was added after the percentage, in the transaction's currency: decimal
    text, or a fraction such as 10/11 where a rate of exchange leaves no end of decimals."""

    tenant_id: int
    transaction_id: int
    line_no: int
    tax_id: int
    name: str
    rate: str
    flat: str
    amount_minor: int


class ReceiptFact(Fact):
    """What was committed for an idempotency key. `fact_id` names the fact from which the first answer is told again."""

    tenant_id: int
    scope: str
    key_hash: str
    fingerprint: str
    kind: str
    fact_id: int
    recorded_at: int

"""What was invoiced."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts.fact import ChangingFact, Fact


class InvoiceFact(Fact):
    """A document that never changes: what a seller asks of a customer for the time from `start_at` on, before `end_at`.

    `number` counts a seller's invoices without a gap. Name and time zone are the customer's when it was made.
    `total_minor` is net + tax of the transactions on it. `reset_transaction_id` moved the total off the balance; null
    where the balance still owes it. `status` is the one it was made with; what is due is overdue from `overdue_at` on,
    0 being never.
    """

    tenant_id: int
    invoice_id: int
    seller_number: int
    number: int
    customer_number: int
    customer_name: str
    timezone: str
    start_at: int
    end_at: int
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    status: str
    created_at: int
    due_at: int
    overdue_at: int
    person_id: int
    reset_transaction_id: int | None


class InvoiceTransactionFact(Fact):
    """A transaction and the one invoice that shows it."""

    tenant_id: int
    invoice_id: int
    transaction_id: int


class InvoiceCounterFact(ChangingFact):
    """The number of a seller's latest invoice."""

    tenant_id: int
    seller_number: int
    last_number: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.seller_number,)

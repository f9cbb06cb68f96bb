"""Invoices: documents of what a customer was charged on account in some time, each transaction on one of them at most.

An invoice covers what is sold and given back: charges, debits and credits that settle on the balance. Top-ups are
payments, and on none. It is made by the people above the customer, in the name of its direct parent, and never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from tollhouse.domain import money
from tollhouse.ledger.book import Book
from tollhouse.ledger.clock import DAY
from tollhouse.ledger.commands import Caller, CreateInvoice
from tollhouse.ledger.details import details_of as details_of_customer
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    CustomerFact,
    InvoiceCounterFact,
    InvoiceFact,
    InvoiceTransactionFact,
    PlanFact,
    TransactionFact,
)
from tollhouse.ledger.offering import details_of as details_of_plan
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.refusals import (
    CustomerUnknown,
    EndBeforeStart,
    NothingToInvoice,
    SelfInvoiceRefused,
    StatementTooLong,
    SumTooLarge,
)
from tollhouse.ledger.seeing import customer_ever_seen, customer_held, customer_seen
from tollhouse.ledger.sight import Finds, Sight, Snapshot
from tollhouse.ledger.transacting import adjust, check_adjustable

#: What is sold and given back.
COVERED: Final = ("charge", "credit", "debit")

#: An invoice is one reply.
LINES_MAX: Final = 20_000

DUE: Final = "due"
PAID: Final = "paid"
PREPAID: Final = "prepaid"
OVERDUE: Final = "overdue"


class Invoice(msgspec.Struct, frozen=True, gc=False):
    """An invoice and what is on it, by time. One that is not kept has the id and number 0."""

    invoice: InvoiceFact
    lines: Sequence[TransactionFact]

    @property
    def fact_id(self) -> int:
        return self.invoice.invoice_id


def status_at(invoice: InvoiceFact, now: int) -> str:
    """What is due is overdue from its time on, if it has one."""
    is_overdue = invoice.status == DUE and 0 < invoice.overdue_at <= now
    return OVERDUE if is_overdue else invoice.status


# Keeping one.


def create(book: Book, command: CreateInvoice) -> Invoice:
    customer = customer_held(book, command.caller, command.customer_number)
    end_at = _end(command.end_at, book.now)
    if end_at <= command.start_at:
        raise EndBeforeStart
    if customer is None:
        raise CustomerUnknown
    _check_not_own(command.caller, customer)
    lines = _uninvoiced_here(book, customer, command.start_at, end_at)
    if not lines:
        raise NothingToInvoice
    drafted = _drafted(book, customer, lines, command.caller)
    invoice = replace(drafted, start_at=command.start_at, end_at=end_at)
    if command.resets_balance:
        check_adjustable(customer, invoice.total_minor)
    if command.validation:
        return Invoice(invoice, lines)
    return Invoice(_kept(book, command, customer, invoice, lines), lines)


def replay_create(book: Book, command: CreateInvoice, fact_id: int) -> Invoice:
    """The first answer again, for a caller who could have had it."""
    customer_ever_seen(book, command.caller, command.customer_number)
    (invoice,) = book.find(InvoiceFact, invoice_id=fact_id)
    ids = [row.transaction_id for row in book.find(InvoiceTransactionFact, invoice_id=fact_id)]
    lines = book.find(TransactionFact, transaction_id=ids)
    return Invoice(invoice, sorted(lines, key=_by_time))


def _kept(
    book: Book, command: CreateInvoice, customer: CustomerFact, drafted: InvoiceFact, lines: Sequence[TransactionFact]
) -> InvoiceFact:
    reset = None
    if command.resets_balance and drafted.total_minor:
        reset = adjust(book, command.caller, customer, drafted.total_minor).transaction_id
    invoice = replace(
        drafted,
        invoice_id=book.next_number("invoice"),
        number=_next_number(book, drafted.seller_number),
        reset_transaction_id=reset,
    )
    book.add(invoice)
    for line in lines:
        book.add(InvoiceTransactionFact(book.tenant_id, invoice.invoice_id, line.transaction_id))
    return invoice


def _next_number(book: Book, seller_number: int) -> int:
    """Without a gap: whoever makes the seller's next invoice at the same time waits, or decides again."""
    found = book.find(InvoiceCounterFact, lock=True, seller_number=seller_number)
    number = found[0].last_number + 1 if found else 1
    book.put(InvoiceCounterFact(book.tenant_id, seller_number, number))
    return number


def _uninvoiced_here(book: Book, customer: CustomerFact, start_at: int, end_at: int) -> list[TransactionFact]:
    """What the store has, and what this batch decided, less what this batch put on an invoice."""
    taken = {row.transaction_id for row in book.added(InvoiceTransactionFact)}
    lines = [t for t in _uninvoiced(book.unit, customer.number, start_at, end_at) if t.transaction_id not in taken]
    for added in book.added(TransactionFact):
        is_ours = added.customer_number == customer.number and added.settlement == "balance" and added.kind in COVERED
        if is_ours and start_at <= added.effective_at < end_at and added.transaction_id not in taken:
            lines.append(added)
    return sorted(lines, key=_by_time)


# Only looking.


def check_invoiceable(facts: Finds, caller: Caller, customer_number: int) -> None:
    """Raises CustomerUnknown or SelfInvoiceRefused where the caller may not keep invoices of this customer."""
    customer = customer_seen(facts, caller, customer_number)
    _check_not_own(caller, customer)


def draft(snapshot: Snapshot, caller: Caller, customer_number: int, start_at: int, end_at: int | None) -> Invoice:
    """What an invoice would be. Raises CustomerUnknown, EndBeforeStart, StatementTooLong and SumTooLarge."""
    end_at = _end(end_at, snapshot.now)
    if end_at <= start_at:
        raise EndBeforeStart
    customer = customer_seen(snapshot, caller, customer_number)
    lines = _uninvoiced(snapshot.reader, customer.number, start_at, end_at)
    drafted = _drafted(snapshot, customer, lines, caller)
    return Invoice(replace(drafted, start_at=start_at, end_at=end_at), lines)


# What both are made of.


def _end(end_at: int | None, now: int) -> int:
    """Without an end it is now, and what was charged at this very moment is on the invoice."""
    return now + 1 if end_at is None else end_at


def _uninvoiced(reader: Reader, customer_number: int, start_at: int, end_at: int) -> list[TransactionFact]:
    lines = reader.uninvoiced(customer_number, COVERED, start_at, end_at, LINES_MAX + 1)
    if len(lines) > LINES_MAX:
        raise StatementTooLong(LINES_MAX)
    return lines


def _drafted(sight: Sight, customer: CustomerFact, lines: Sequence[TransactionFact], caller: Caller) -> InvoiceFact:
    net_minor = sum(line.net_minor for line in lines)
    tax_minor = sum(line.tax_minor for line in lines)
    if max(abs(net_minor), abs(tax_minor), abs(net_minor + tax_minor)) > money.SUM_MINOR_MAX:
        raise SumTooLarge
    due_at, overdue_at = _delays(sight, customer, sight.now)
    return InvoiceFact(
        tenant_id=customer.tenant_id,
        invoice_id=0,
        seller_number=customer.parent_number,
        number=0,
        customer_number=customer.number,
        customer_name=customer.name,
        timezone=customer.timezone or sight.tenant.timezone,
        start_at=0,
        end_at=0,
        currency=customer.currency,
        net_minor=net_minor,
        tax_minor=tax_minor,
        total_minor=net_minor + tax_minor,
        status=_status(customer, net_minor + tax_minor),
        created_at=sight.now,
        due_at=due_at,
        overdue_at=overdue_at,
        person_id=caller.person_id,
        reset_transaction_id=None,
    )


def _status(customer: CustomerFact, total_minor: int) -> str:
    """Prepaid customers have paid before; where nothing is owed, nothing is due."""
    if customer.bill_type in ("prepaid", "prepaid_calls"):
        return PREPAID
    return DUE if total_minor > 0 else PAID


def _delays(facts: Finds, customer: CustomerFact, now: int) -> tuple[int, int]:
    """When it is due and when overdue: as the customer's own delay or else its plan says."""
    due_days = details_of_customer(facts, customer.number).invoice_due_delay
    overdue_days = 0
    for plan in facts.find(PlanFact, number=customer.plan_number) if customer.plan_number else []:
        details = details_of_plan(facts, plan)
        due_days = details.invoice_due_days if due_days < 0 else due_days
        overdue_days = details.invoice_overdue_days
    due_at = now + max(due_days, 0) * DAY
    return due_at, due_at + overdue_days * DAY if overdue_days else 0


def _check_not_own(caller: Caller, customer: CustomerFact) -> None:
    """The root has nobody above it."""
    if customer.number == caller.customer_number != ROOT_NUMBER:
        raise SelfInvoiceRefused


def _by_time(transaction: TransactionFact) -> tuple[int, int]:
    return (transaction.effective_at, transaction.transaction_id)

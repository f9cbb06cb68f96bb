"""Recording charges that were collected elsewhere: Beacon's way.

A recorded charge is its own transaction: one row, no definition beside it, in the tenant's currency; its amount is
final and carries no tax. The customer is found or made by the rules of `identities.who`, and session, charge and
summary go together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tollhouse.domain import summaries
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import RecordCharges, RecordedItem
from tollhouse.ledger.facts import CustomerFact, TransactionFact
from tollhouse.ledger.identities import ORIGIN, customer_with, who
from tollhouse.ledger.refusals import NegativeAmountRefused, RefundExceedsCharges, SumTooLarge

#: Why an amount cannot be recorded as things stand.
REFUSED: Final = (SumTooLarge, NegativeAmountRefused, RefundExceedsCharges)

#: Amount, instant, and the customer's summary after it.
Checked = tuple[int, int, ChargeSummary]


class ChargesRecorded(msgspec.Struct, frozen=True, gc=False):
    """`first_transaction_id` is 0 where there was nothing to record."""

    first_transaction_id: int

    @property
    def fact_id(self) -> int:
        return self.first_transaction_id


class ByHand(msgspec.Struct, frozen=True):
    """Who recorded it, where that was a person, and what they said of it."""

    person_id: int
    description: str


def decide(book: Book, command: RecordCharges) -> ChargesRecorded:
    if not command.items:
        return ChargesRecorded(0)
    found = who(book, command.identity)
    checked = check(book, found, command.items)
    customer = customer_with(book, found, command.identity)
    if command.touch_session:
        book.touch(customer)
    return ChargesRecorded(record(book, customer, checked))


def replay(_book: Book, _command: RecordCharges, fact_id: int) -> ChargesRecorded:
    return ChargesRecorded(fact_id)


def check(book: Book, customer: CustomerFact | None, items: Sequence[RecordedItem]) -> list[Checked]:
    """What these charges lead to, of a customer or of one who is still to be made; changes nothing.

    A negative amount is a refund where the tenant has it so: it leaves the charges counted, and is at most what remains
    of them at its place among the items. Raises one of REFUSED.
    """
    summary = book.summary(customer.number, book.tenant.currency) if customer else summaries.EMPTY
    checked = []
    for index, item in enumerate(items):
        effective_at = book.now_second if item.effective_at is None else item.effective_at
        if item.amount_minor < 0:
            summary = _refunded(book, summary, index, -item.amount_minor)
        else:
            summary = book.check_sum(summary, item.amount_minor, effective_at)
        checked.append((item.amount_minor, effective_at, summary))
    return checked


def _refunded(book: Book, summary: ChargeSummary, index: int, amount_minor: int) -> ChargeSummary:
    if not book.tenant.negative_amounts_refund:
        raise NegativeAmountRefused(index)
    if amount_minor > summary.remaining_minor:
        raise RefundExceedsCharges(max(summary.remaining_minor, 0), index)
    return book.check_refunded(summary, amount_minor)


def record(book: Book, customer: CustomerFact, checked: Sequence[Checked], by_hand: ByHand | None = None) -> int:
    """Append the charges of a customer as they were checked; the first one's transaction id, 0 where there are none."""
    first = 0
    for amount_minor, effective_at, summary_after in checked:
        transaction_id = book.next_number("transaction")
        first = first or transaction_id
        transaction = _transaction(book, customer, transaction_id, amount_minor, effective_at)
        if by_hand is not None:
            transaction.person_id, transaction.description = by_hand.person_id or None, by_hand.description
        book.record(transaction, summary_after)
    return first


def _transaction(
    book: Book, customer: CustomerFact, transaction_id: int, amount_minor: int, effective_at: int
) -> TransactionFact:
    return TransactionFact(
        tenant_id=book.tenant_id,
        transaction_id=transaction_id,
        customer_number=customer.number,
        kind="refund" if amount_minor < 0 else "charge",
        settlement="recorded",
        origin=ORIGIN,
        currency=book.tenant.currency,
        net_minor=amount_minor,
        tax_minor=0,
        gross_minor=amount_minor,
        buy_minor=0,
        effective_at=effective_at,
        recorded_at=book.now,
    )

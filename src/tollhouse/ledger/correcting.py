"""Corrections of charges that were collected elsewhere: paid back in part or whole, or void as a mistake.

What a gateway took the gateway gives back, and what is owed on account is credited there: such charges are refused
here. A refund leaves the charge counted and tells what was refunded; a void takes the charge out of the summary as if
it had never been. A correction is final: what was refunded is not voided, and what is void is not refunded.
Whoever corrects a charge has locked its customer before.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tollhouse.domain.money import OutOfRange
from tollhouse.domain.summaries import ChargeSummary, Remaining, after_void
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.facts import CorrectionFact, CustomerFact, TransactionFact
from tollhouse.ledger.refusals import (
    AlreadyVoided,
    ChargeRefunded,
    ChargeUnknown,
    NotCollectedElsewhere,
    RefundExceedsCharge,
    RefundExceedsCharges,
    RefundsTooMany,
    SumTooLarge,
)
from tollhouse.shapes import Shape

ORIGIN: Final = "admin"

REFUND: Final = "refund"
VOID: Final = "void"

#: Refunds of one charge.
REFUNDS_MAX: Final = 1000


class _Figures(msgspec.Struct, frozen=True):
    """What is refunded of the charge, and the summary of its customer in its currency, both after the correction."""

    refunded_minor: int
    summary: ChargeSummary


_FIGURES: Final = Shape(_Figures)


class Corrected(msgspec.Struct, frozen=True):
    """A correction, its transaction, the charge, and the figures as they were right after it."""

    transaction: TransactionFact
    correction: CorrectionFact
    charge: TransactionFact
    customer: CustomerFact
    refunded_minor: int
    summary: ChargeSummary

    @property
    def fact_id(self) -> int:
        return self.transaction.transaction_id


def refund(book: Book, command: RefundCharge) -> Corrected:
    charge, customer = _charge(book, command.charge_transaction_id)
    earlier = _earlier(book, charge)
    refunded_minor = -sum(transaction.gross_minor for transaction in earlier)
    left_minor = charge.gross_minor - refunded_minor
    amount_minor = left_minor if command.amount_minor is None else command.amount_minor
    if not 0 < amount_minor <= left_minor:
        raise RefundExceedsCharge(left_minor)
    if len(earlier) >= REFUNDS_MAX:
        raise RefundsTooMany(REFUNDS_MAX)
    summary = book.summary(customer.number, charge.currency)
    covered_minor = _covered_minor(book, charge, summary, amount_minor)
    if amount_minor > covered_minor:
        raise RefundExceedsCharges(covered_minor)
    after = book.check_refunded(summary, amount_minor)
    transaction = _transaction(book, REFUND, charge, -amount_minor)
    return _write(book, command, charge, transaction, _Figures(refunded_minor + amount_minor, after))


def void(book: Book, command: VoidCharge) -> Corrected:
    charge, customer = _charge(book, command.charge_transaction_id)
    summary = book.summary(customer.number, charge.currency)
    if _earlier(book, charge) or charge.gross_minor > _covered_minor(book, charge, summary, charge.gross_minor):
        raise ChargeRefunded
    try:
        after = after_void(summary, charge.gross_minor, _remaining(book, charge))
    except OutOfRange as error:
        raise SumTooLarge from error
    return _write(book, command, charge, _transaction(book, VOID, charge, -charge.gross_minor), _Figures(0, after))


def replay(book: Book, _command: RefundCharge | VoidCharge, transaction_id: int) -> Corrected:
    """The correction with the figures that were told then."""
    (correction,) = book.find(CorrectionFact, transaction_id=transaction_id)
    (transaction,) = book.find(TransactionFact, transaction_id=transaction_id)
    (charge,) = book.find(TransactionFact, transaction_id=correction.corrected_id)
    return _corrected(book, transaction, correction, charge)


# What is to be corrected.


def _charge(book: Book, transaction_id: int) -> tuple[TransactionFact, CustomerFact]:
    """The charge and its live customer, locked."""
    for transaction in book.find(TransactionFact, transaction_id=transaction_id):
        customer = book.customer(transaction.customer_number)
        if transaction.kind != "charge" or customer is None or customer.deleted_at is not None:
            break
        if transaction.settlement != "recorded" or transaction.charge_id is not None:
            raise NotCollectedElsewhere(transaction.settlement)
        return transaction, customer
    raise ChargeUnknown


def _earlier(book: Book, charge: TransactionFact) -> list[TransactionFact]:
    """The refunds of a charge so far. Raises AlreadyVoided."""
    corrections = book.find(CorrectionFact, corrected_id=charge.transaction_id)
    if any(correction.kind == VOID for correction in corrections):
        raise AlreadyVoided
    ids = [correction.transaction_id for correction in corrections]
    return book.find(TransactionFact, transaction_id=ids) if ids else []


def _covered_minor(book: Book, charge: TransactionFact, summary: ChargeSummary, amount_minor: int) -> int:
    """How much of `amount_minor` is not paid back yet of all that its customer was charged: refunds that name no charge
    count on any. Credits lower a sum and were never paid back, so they count on none."""
    left_minor = summary.remaining_minor
    if amount_minor > left_minor:
        left_minor += _credited_minor(book, charge)
    return max(min(amount_minor, left_minor), 0)


def _credited_minor(book: Book, charge: TransactionFact) -> int:
    charges = book.unit.stream(
        TransactionFact,
        order=("effective_at", "transaction_id"),
        customer_number=charge.customer_number,
        kind="charge",
        currency=charge.currency,
    )
    return sum(max(-each.gross_minor, 0) for each in charges)


def _remaining(book: Book, charge: TransactionFact) -> Remaining:
    edges = book.unit.edge_charges(charge.customer_number, charge.currency, charge.transaction_id)
    if edges is None:
        return Remaining(None, None, None)
    first, last = edges
    return Remaining(first.effective_at, last.effective_at, last.gross_minor)


# Writing.


def _write(
    book: Book,
    command: RefundCharge | VoidCharge,
    charge: TransactionFact,
    transaction: TransactionFact,
    figures: _Figures,
) -> Corrected:
    book.record(transaction, figures.summary)
    correction = CorrectionFact(
        tenant_id=book.tenant_id,
        transaction_id=transaction.transaction_id,
        corrected_id=charge.transaction_id,
        customer_number=charge.customer_number,
        kind=transaction.kind,
        reason=command.reason,
        figures=msgspec.json.encode(figures).decode(),
    )
    book.add(correction)
    return _corrected(book, transaction, correction, charge)


def _corrected(
    book: Book, transaction: TransactionFact, correction: CorrectionFact, charge: TransactionFact
) -> Corrected:
    customer = book.customer(correction.customer_number)
    if customer is None:
        raise LookupError(f"there is no customer {correction.customer_number}")
    figures = _FIGURES.from_json(correction.figures)
    return Corrected(transaction, correction, charge, customer, figures.refunded_minor, figures.summary)


def _transaction(book: Book, kind: str, charge: TransactionFact, amount_minor: int) -> TransactionFact:
    return TransactionFact(
        tenant_id=book.tenant_id,
        transaction_id=book.next_number("transaction"),
        customer_number=charge.customer_number,
        kind=kind,
        settlement="recorded",
        origin=ORIGIN,
        currency=charge.currency,
        net_minor=amount_minor,
        tax_minor=0,
        gross_minor=amount_minor,
        buy_minor=0,
        effective_at=book.now,
        recorded_at=book.now,
    )

"""What is told of the books to take away: charges, customers and transactions in the order of their numbers, each with
whose it is. Reads one snapshot as a stream, so that it needs little memory however long the history is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from tollhouse.domain import summaries
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.book import summary_from_row
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    CorrectionFact,
    CustomerFact,
    PaymentFact,
    TransactionFact,
)
from tollhouse.ledger.ports import Reader

#: So many rows are looked up together.
CHUNK: Final = 1000

T = TypeVar("T")


class Span(NamedTuple):
    """Instants from one on and before another; None for no bound."""

    since: int | None
    until: int | None

    def has(self, at: int) -> bool:
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


EVER: Final = Span(None, None)


class Exported(NamedTuple):
    """A transaction; `customer` is None for one who was deleted.

    `corrected_id` is the charge that it refunds or voids, `refunded_minor` what was paid back of it as a charge.
    """

    transaction: TransactionFact
    customer: CustomerFact | None
    corrected_id: int | None = None
    refunded_minor: int = 0


def charges(reader: Reader, span: Span) -> Iterator[Exported]:
    """The charges of live customers through every door that were not voided."""
    for chunk in _chunks(_spanned(reader.stream(TransactionFact, order=("transaction_id",), kind="charge"), span)):
        customers = _live_customers(reader, chunk)
        voided, refunded = _corrections(reader, chunk)
        for charge in chunk:
            if charge.customer_number in customers and charge.transaction_id not in voided:
                owner = customers[charge.customer_number]
                yield Exported(charge, owner, refunded_minor=refunded[charge.transaction_id])


def transactions(reader: Reader, span: Span) -> Iterator[Exported]:
    """All the books, whatever became of the customers."""
    for chunk in _chunks(_spanned(reader.stream(TransactionFact, order=("transaction_id",)), span)):
        customers = _live_customers(reader, chunk)
        corrections = reader.find(CorrectionFact, transaction_id=[t.transaction_id for t in chunk])
        corrected = {correction.transaction_id: correction.corrected_id for correction in corrections}
        for transaction in chunk:
            owner = customers.get(transaction.customer_number)
            yield Exported(transaction, owner, corrected.get(transaction.transaction_id))


def customers(reader: Reader, currency: str) -> Iterator[tuple[CustomerFact, ChargeSummary]]:
    """Live customers, the root not among them, each with its charge summary in one currency."""
    for chunk in _chunks(reader.stream(CustomerFact, order=("number",), deleted_at=None)):
        rows = reader.summaries([customer.number for customer in chunk])
        found = {row.customer_number: summary_from_row(row) for row in rows if row.currency == currency}
        for customer in chunk:
            if customer.number != ROOT_NUMBER:
                yield customer, found.get(customer.number, summaries.EMPTY)


class Balances(NamedTuple):
    """What all balances come to, by currency: as they were opened, and as they are."""

    opened_minor: Counter[str]
    kept_minor: Counter[str]


def balances(reader: Reader) -> Balances:
    found = Balances(Counter(), Counter())
    for customer in reader.stream(CustomerFact, order=("number",)):
        found.opened_minor[customer.currency] += customer.opening_balance_minor
        found.kept_minor[customer.currency] += customer.balance_minor
    return found


def _spanned(rows: Iterable[TransactionFact], span: Span) -> Iterator[TransactionFact]:
    return (row for row in rows if span.has(row.effective_at))


def _live_customers(reader: Reader, rows: Sequence[TransactionFact]) -> dict[int, CustomerFact]:
    numbers = sorted({row.customer_number for row in rows})
    return {customer.number: customer for customer in reader.find(CustomerFact, number=numbers, deleted_at=None)}


def _corrections(reader: Reader, rows: Sequence[TransactionFact]) -> tuple[set[int], Counter[int]]:
    """Of some charges: those that were voided, and what was paid back of each."""
    found = reader.find(CorrectionFact, corrected_id=[row.transaction_id for row in rows])
    voided = {correction.corrected_id for correction in found if correction.kind == "void"}
    refunds = {correction.transaction_id: correction.corrected_id for correction in found if correction.kind != "void"}
    refunded: Counter[int] = Counter()
    for refund in reader.find(TransactionFact, transaction_id=list(refunds)) if refunds else []:
        refunded[refunds[refund.transaction_id]] -= refund.gross_minor
    paid = {row.payment_id: row.transaction_id for row in rows if row.payment_id is not None}
    for payment in reader.find(PaymentFact, payment_id=list(paid)) if paid else []:
        refunded[paid[payment.payment_id]] += payment.refunded_minor
    return voided, refunded


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk

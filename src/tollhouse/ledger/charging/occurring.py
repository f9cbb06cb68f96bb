"""One occurrence of a charge for one customer, and the transaction it leaves."""

from __future__ import annotations

import msgspec

from tollhouse.domain import money
from tollhouse.domain.decimals import fraction_text
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.book import Book
from tollhouse.ledger.charging.tariffs import Tariff
from tollhouse.ledger.facts import ChargeFact, CustomerFact, OccurrenceFact, TransactionFact, TransactionTaxFact
from tollhouse.ledger.refusals import SumTooLarge

#: Customers of this bill type are not billed at all, and those of the other are billed elsewhere.
NOT_BILLED = "none"
BILLED_ELSEWHERE = "external"


class Event(msgspec.Struct, frozen=True):
    """Which occurrence it is, and when it counts. `person_id` is None where nobody asked for it; without a `settlement`
    it is the customer's."""

    key: str
    effective_at: int
    person_id: int | None = None
    settlement: str = ""


def settlement_of(customer: CustomerFact) -> str:
    return "recorded" if customer.bill_type == BILLED_ELSEWHERE else "balance"


def occur(book: Book, charge: ChargeFact, customer: CustomerFact, tariff: Tariff, event: Event) -> TransactionFact:
    """Write it down: the transaction with its taxes, the summary, the balance. Raises SumTooLarge before it does."""
    settlement = event.settlement or settlement_of(customer)
    gross_minor = tariff.gross_minor
    summary_after = summary_with(book, customer, tariff, settlement, event.effective_at)
    transaction = _transaction(book, charge, customer, tariff, event)
    transaction.settlement = settlement
    book.record(transaction, summary_after)
    for number, (tax_id, name, rate, flat, amount_minor) in enumerate(tariff.taxes, start=1):
        book.add(
            TransactionTaxFact(
                tenant_id=transaction.tenant_id,
                transaction_id=transaction.transaction_id,
                line_no=number,
                tax_id=tax_id,
                name=name,
                rate=rate,
                flat=flat,
                amount_minor=amount_minor,
            )
        )
    book.add(
        OccurrenceFact(
            tenant_id=transaction.tenant_id,
            charge_id=charge.charge_id,
            customer_number=customer.number,
            occurrence_key=event.key,
            transaction_id=transaction.transaction_id,
            charged_at=transaction.recorded_at,
            basis=f"{charge.amount} {charge.currency} {fraction_text(tariff.share)}",
        )
    )
    if settlement == "balance":
        book.add_to_balance(customer, -gross_minor)
    return transaction


def summary_with(
    book: Book, customer: CustomerFact, tariff: Tariff, settlement: str, effective_at: int
) -> ChargeSummary:
    """The customer's charge summary once this is charged. Raises SumTooLarge, also where the balance has no room."""
    if settlement == "balance" and abs(customer.balance_minor - tariff.gross_minor) > money.SUM_MINOR_MAX:
        raise SumTooLarge
    return book.check_sum(book.summary(customer.number, tariff.currency), tariff.gross_minor, effective_at)


def _transaction(
    book: Book, charge: ChargeFact, customer: CustomerFact, tariff: Tariff, event: Event
) -> TransactionFact:
    return TransactionFact(
        tenant_id=book.tenant_id,
        transaction_id=book.next_number("transaction"),
        customer_number=customer.number,
        kind="charge",
        settlement=event.settlement,
        origin=charge.origin,
        currency=tariff.currency,
        net_minor=tariff.net_minor,
        tax_minor=tariff.tax_minor,
        gross_minor=tariff.gross_minor,
        buy_minor=tariff.buy_minor,
        effective_at=event.effective_at,
        recorded_at=book.now,
        charge_id=charge.charge_id,
        person_id=event.person_id,
        description=charge.description or charge.name,
        exchange_from=tariff.exchange_from,
        exchange_rate=tariff.exchange_rate,
        exchange_rate_at=tariff.conversion.effective_at,
    )

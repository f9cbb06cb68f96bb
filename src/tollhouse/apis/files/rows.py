"""Facts as rows of a file: a value for each of its columns, None for what there is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tollhouse.domain.money import major_text
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.exporting import Exported
from tollhouse.ledger.facts import CustomerFact

Row = tuple[Any, ...]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def charge_to_row(charge: Exported) -> Row:
    """By `columns.CHARGES`."""
    transaction, customer = charge.transaction, charge.customer
    return (
        customer and customer.reference,
        customer and customer.email,
        transaction.gross_minor,
        transaction.effective_at // SECOND,
        transaction.currency,
        major_text(transaction.gross_minor, transaction.currency, 0),
        charge.refunded_minor,
        transaction.transaction_id,
        transaction.customer_number,
        transaction.origin,
        transaction.description or None,
        time_text(transaction.effective_at),
        time_text(transaction.recorded_at),
    )


def transaction_to_row(exported: Exported) -> Row:
    """By `columns.TRANSACTIONS`."""
    transaction, customer = exported.transaction, exported.customer
    return (
        transaction.transaction_id,
        transaction.customer_number,
        customer and customer.reference,
        customer and customer.email,
        transaction.kind,
        transaction.settlement,
        transaction.origin,
        transaction.currency,
        transaction.net_minor,
        transaction.tax_minor,
        transaction.gross_minor,
        transaction.buy_minor,
        major_text(transaction.gross_minor, transaction.currency, 0),
        time_text(transaction.effective_at),
        time_text(transaction.recorded_at),
        transaction.charge_id,
        transaction.payment_id,
        exported.corrected_id,
        transaction.exchange_from,
        transaction.exchange_rate,
        time_text(transaction.exchange_rate_at),
        transaction.description or None,
    )


def customer_to_row(customer: CustomerFact, summary: ChargeSummary, currency: str) -> Row:
    """By `columns.CUSTOMERS`; the summary is in this currency."""
    return (
        customer.number,
        customer.uid,
        customer.reference,
        customer.email,
        customer.name or None,
        customer.parent_number,
        customer.country or None,
        customer.timezone or None,
        customer.currency,
        customer.balance_minor,
        customer.origin,
        customer.sessions,
        time_text(customer.created_at),
        time_text(customer.last_seen_at),
        currency,
        summary.count,
        summary.sum_minor,
        summary.refunded_minor,
        time_text(summary.first_at),
        time_text(summary.last_at),
    )


def time_text(at: int | None) -> str | None:
    """An instant in microseconds as ISO 8601 in UTC: `2027-01-31T09:00:00Z`, with a fraction where there is one."""
    if at is None:
        return None
    return (_EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")

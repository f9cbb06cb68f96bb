"""Statements about charges that were corrected."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, TextClause, func, select, text

from tollhouse.ledger.facts import TransactionFact
from tollhouse.store.deliveries import by_index
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import corrections, payments, transactions


def standing_charges(tenant_id: int, customer_number: int) -> ColumnElement[bool]:
    """Which transactions are charges of a customer that are not void."""
    voided = select(corrections.c.corrected_id).where(
        corrections.c.tenant_id == tenant_id,
        corrections.c.customer_number == customer_number,
        corrections.c.kind == "void",
    )
    return (
        (transactions.c.tenant_id == tenant_id)
        & (transactions.c.customer_number == customer_number)
        & (transactions.c.kind == "charge")
        & transactions.c.transaction_id.not_in(voided)
    )


@cache
def edge_charge(is_sqlite: bool, *, is_last: bool) -> TextClause:
    """The first or the last of a customer's charges that a summary counts, but for one, as `standing_charges` has them.

    Takes tenant, customer, currency and without. SQLite is told the index by name: else it sorts all.
    """
    order = "effective_at DESC, recorded_at DESC, transaction_id DESC" if is_last else "effective_at"
    return text(
        f"SELECT {', '.join(columns_of(TransactionFact))} FROM transactions"  # noqa: S608 - made of names of ours alone
        f" {by_index(is_sqlite, 'ix_transactions_customer')}"
        " WHERE tenant_id = :tenant AND customer_number = :customer AND kind = 'charge'"
        " AND currency = :currency AND gross_minor >= 0 AND transaction_id <> :without"
        " AND transaction_id NOT IN (SELECT corrected_id FROM corrections"
        " WHERE tenant_id = :tenant AND customer_number = :customer AND kind = 'void')"
        f" ORDER BY {order} LIMIT 1"
    )


def refunded(tenant_id: int, transaction_ids: list[int]) -> Select[Any]:
    """What was paid back of charges that were collected elsewhere: id and minor units, where there is any."""
    return (
        select(corrections.c.corrected_id, -func.sum(transactions.c.gross_minor))
        .select_from(
            corrections.join(
                transactions,
                (transactions.c.tenant_id == tenant_id)
                & (transactions.c.transaction_id == corrections.c.transaction_id),
            )
        )
        .where(corrections.c.tenant_id == tenant_id, corrections.c.corrected_id.in_(transaction_ids))
        .where(corrections.c.kind == "refund")
        .group_by(corrections.c.corrected_id)
    )


def refunded_by_gateways(tenant_id: int, payment_ids: list[int]) -> Select[Any]:
    """What gateways gave back of payments: id and minor units, where there is any."""
    return select(payments.c.payment_id, payments.c.refunded_minor).where(
        payments.c.tenant_id == tenant_id, payments.c.payment_id.in_(payment_ids), payments.c.refunded_minor > 0
    )

"""Statements about deliveries to one endpoint, by their state.

States are said as they stand: a plan that is kept for any value could not use the index of those that have this one.
SQLite is told the index by name: else it takes the primary key, which begins alike and holds all that ever was sent.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import TextClause, text

from tollhouse.ledger.facts import DeliveryFact
from tollhouse.store.rows import columns_of

_COLUMNS = ", ".join(columns_of(DeliveryFact))
_IN_ORDER = "customer_number, customer_seq"


@cache
def open_deliveries(is_sqlite: bool, *, of_customer: bool) -> TextClause:
    """Takes tenant, endpoint, count and perhaps customer."""
    condition = "state IN ('pending', 'waiting')" + (" AND customer_number = :customer" if of_customer else "")
    return _statement(is_sqlite, "ix_deliveries_open", condition, _IN_ORDER)


@cache
def failed_deliveries(is_sqlite: bool) -> TextClause:
    """Takes tenant, endpoint and count."""
    return _statement(is_sqlite, "ix_deliveries_failed", "state = 'failed'", _IN_ORDER)


@cache
def due_deliveries(is_sqlite: bool) -> TextClause:
    """Takes tenant, endpoint, now and count. Locks; those that somebody else holds are passed over."""
    locking = "" if is_sqlite else " FOR UPDATE SKIP LOCKED"
    return _statement(is_sqlite, "ix_deliveries_pending", "state = 'pending' AND due_at <= :now", "due_at", locking)


def by_index(is_sqlite: bool, index: str) -> str:
    return f"INDEXED BY {index}" if is_sqlite else ""


def _statement(is_sqlite: bool, index: str, condition: str, order: str, locking: str = "") -> TextClause:
    return text(
        f"SELECT {_COLUMNS} FROM deliveries {by_index(is_sqlite, index)}"  # noqa: S608 - made of names of ours alone
        f" WHERE tenant_id = :tenant AND endpoint_id = :endpoint AND {condition}"
        f" ORDER BY {order} LIMIT :count{locking}"
    )

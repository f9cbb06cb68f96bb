"""Deliveries of events and the attempts at them, as lists for people.

Those to come and those given up have indexes of their own, by customer. All others are found by when they came about,
among so many of all endpoints' a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, TextClause, select, text, tuple_

from tollhouse.ledger.facts import CustomerFact, DeliveryAttemptFact, DeliveryFact
from tollhouse.ledger.queries.delivery_lists import (
    ATTEMPTS_MAX,
    COUNTED_MAX,
    DELIVERED,
    FAILED,
    LOOKED_AT,
    OPEN,
    ROWS,
    DeliveriesFound,
    DeliveryRow,
    Standing,
)
from tollhouse.store.deliveries import by_index
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import customers, deliveries, delivery_attempts, events
from tollhouse.store.store import SqlStore

_DELIVERY = [deliveries.c[name] for name in columns_of(DeliveryFact)]
_ATTEMPT = [delivery_attempts.c[name] for name in columns_of(DeliveryAttemptFact)]
_CUSTOMER = [customers.c[name] for name in columns_of(CustomerFact)]

_PLACE: Final = (
    deliveries.c.created_at,
    deliveries.c.endpoint_id,
    deliveries.c.customer_number,
    deliveries.c.customer_seq,
)
#: States as they stand: a plan for any value could not use the index of those in these.
_STATES: Final = {OPEN: "state IN ('pending', 'waiting')", FAILED: "state = 'failed'"}


class SqlDeliveryLists:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def standings(self, tenant_id: int, endpoint_ids: Sequence[int]) -> dict[int, Standing]:
        is_sqlite = self._store.is_sqlite
        found = {}
        with self._store.reading_rows() as connection:
            for endpoint_id in endpoint_ids:
                values = {"tenant": tenant_id, "endpoint": endpoint_id, "count": COUNTED_MAX + 1}
                counts = [
                    int(connection.execute(_count(is_sqlite, state), values).scalar_one()) for state in (OPEN, FAILED)
                ]
                since = connection.execute(_failing_since(is_sqlite), values).scalar_one()
                found[endpoint_id] = Standing(counts[0], counts[1], since)
        return found

    def deliveries(self, tenant_id: int, endpoint_id: int, state: str, before: tuple[int, ...] = ()) -> DeliveriesFound:
        if state in _STATES:
            return self._by_customer(tenant_id, endpoint_id, state, before)
        span: list[ColumnElement[bool]] = [deliveries.c.tenant_id == tenant_id]
        if before:
            span.append(tuple_(*_PLACE) < tuple_(*before))
        order = [column.desc() for column in _PLACE]
        query = select(*_DELIVERY).where(*span, deliveries.c.endpoint_id == endpoint_id)
        if state == DELIVERED:
            query = query.where(deliveries.c.state == DELIVERED)
        with self._store.reading_rows() as connection:
            look = select(*_PLACE).where(*span).order_by(*order).offset(LOOKED_AT - 1).limit(1)
            row = connection.execute(look).first()
            end = () if row is None else tuple(map(int, row))
            if end:
                query = query.where(tuple_(*_PLACE) >= tuple_(*end))
            found = _deliveries(connection, query.order_by(*order).limit(ROWS + 1))
            rows = _rows(connection, tenant_id, found[:ROWS])
        if len(found) > ROWS:
            last = found[ROWS - 1]
            return DeliveriesFound(rows, (last.created_at, last.endpoint_id, last.customer_number, last.customer_seq))
        return DeliveriesFound(rows, end, is_looked_at=bool(end))

    def _by_customer(self, tenant_id: int, endpoint_id: int, state: str, before: tuple[int, ...]) -> DeliveriesFound:
        customer, seq = before[-2:] or (0, 0)
        values = {"tenant": tenant_id, "endpoint": endpoint_id, "customer": customer, "seq": seq, "count": ROWS + 1}
        with self._store.reading_rows() as connection:
            listed = connection.execute(_listed(self._store.is_sqlite, state), values)
            found = [DeliveryFact(*row) for row in map(tuple, listed)]
            rows = _rows(connection, tenant_id, found[:ROWS])
        last = found[ROWS - 1] if len(found) > ROWS else None
        return DeliveriesFound(rows, () if last is None else (last.customer_number, last.customer_seq))

    def attempts(self, endpoint_uid: str, delivery: DeliveryFact) -> list[DeliveryAttemptFact]:
        attempt = delivery_attempts.c
        query = (
            select(*_ATTEMPT)
            .where(attempt.tenant_id == delivery.tenant_id, attempt.event_uid == delivery.event_uid)
            .where(attempt.endpoint_uid == endpoint_uid)
            .order_by(attempt.started_at.desc())
            .limit(ATTEMPTS_MAX)
        )
        with self._store.reading_rows() as connection:
            found = [DeliveryAttemptFact(*row) for row in connection.execute(query)]
        return sorted(found, key=lambda row: (row.started_at, row.attempt_no))


@cache
def _count(is_sqlite: bool, state: str) -> TextClause:
    index = by_index(is_sqlite, f"ix_deliveries_{state}")
    return text(
        f"SELECT count(*) FROM (SELECT 1 FROM deliveries {index} WHERE tenant_id = :tenant"  # noqa: S608 - names of ours alone
        f" AND endpoint_id = :endpoint AND {_STATES[state]} LIMIT :count) counted"
    )


@cache
def _failing_since(is_sqlite: bool) -> TextClause:
    """Of the first that are due, the oldest that has failed."""
    index = by_index(is_sqlite, "ix_deliveries_pending")
    return text(
        f"SELECT min(created_at) FROM (SELECT created_at, attempts FROM deliveries {index}"  # noqa: S608 - names of ours alone
        " WHERE tenant_id = :tenant AND endpoint_id = :endpoint AND state = 'pending'"
        " ORDER BY due_at LIMIT :count) due WHERE attempts > 0"
    )


@cache
def _listed(is_sqlite: bool, state: str) -> TextClause:
    index = by_index(is_sqlite, f"ix_deliveries_{state}")
    return text(
        f"SELECT {', '.join(columns_of(DeliveryFact))} FROM deliveries {index}"  # noqa: S608 - names of ours alone
        f" WHERE tenant_id = :tenant AND endpoint_id = :endpoint AND {_STATES[state]}"
        " AND (customer_number, customer_seq) > (:customer, :seq)"
        " ORDER BY customer_number, customer_seq LIMIT :count"
    )


def _deliveries(connection: Connection, query: Select[Any]) -> list[DeliveryFact]:
    return [DeliveryFact(*row) for row in map(tuple, connection.execute(query))]


def _rows(connection: Connection, tenant_id: int, found: Sequence[DeliveryFact]) -> list[DeliveryRow]:
    """One look a table for all of them."""
    if not found:
        return []
    uids = sorted({delivery.event_uid for delivery in found})
    of_events = select(events.c.uid, events.c.event_type).where(events.c.tenant_id == tenant_id, events.c.uid.in_(uids))
    types = {str(row[0]): str(row[1]) for row in connection.execute(of_events)}
    numbers = sorted({delivery.customer_number for delivery in found})
    of_customers = select(*_CUSTOMER).where(customers.c.tenant_id == tenant_id, customers.c.number.in_(numbers))
    owners = {row.number: row for row in (CustomerFact(*row) for row in connection.execute(of_customers))}
    return [
        DeliveryRow(delivery, types.get(delivery.event_uid, ""), owners.get(delivery.customer_number))
        for delivery in found
    ]

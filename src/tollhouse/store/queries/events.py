"""The ledger's queries about events and their deliveries, as statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, func, select, text

from tollhouse.domain.identity import is_storable
from tollhouse.ledger.facts import DeliveryAttemptFact, DeliveryFact
from tollhouse.ledger.queries import DeliveriesWanted, DueEndpoint, Found, ListedAttempt, ListedDelivery, Page
from tollhouse.store.deliveries import by_index
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import customers, deliveries, delivery_attempts, events, webhook_endpoints
from tollhouse.store.store import SqlStore

_DELIVERY = [deliveries.c[name] for name in columns_of(DeliveryFact)]
_ATTEMPT = [delivery_attempts.c[name] for name in columns_of(DeliveryAttemptFact)]

#: Endpoints that one statement looks at, each by a look of its own into an index, however much waits for it.
ENDPOINTS_AT_ONCE = 100

#: Among so many attempts those to one endpoint are looked for: there is no index of each endpoint's.
ATTEMPTS_LOOKED_AT = 10_000

_ANY_DUE = (
    "SELECT * FROM (SELECT tenant_id, endpoint_id FROM deliveries {pending} WHERE tenant_id = :tenant{0}"
    " AND endpoint_id = :endpoint{0} AND state = 'pending' AND due_at <= :now LIMIT 1) d{0}"
)
_ANY_OPEN = (
    "SELECT * FROM (SELECT tenant_id, endpoint_id FROM deliveries {open} WHERE tenant_id = :tenant{0}"
    " AND endpoint_id = :endpoint{0} AND state IN ('pending', 'waiting') LIMIT 1) d{0}"
)
_OLDEST = (
    "SELECT min(created_at) FROM deliveries {pending} WHERE tenant_id = :tenant{0}"
    " AND endpoint_id = :endpoint{0} AND state = 'pending'"
)

_Endpoint = tuple[int, int]


class SqlEventQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def due_endpoints(self, now: int, removing_since: int) -> list[DueEndpoint]:
        with self._store.reading_rows() as connection:
            enabled = _endpoints(connection, webhook_endpoints.c.state == "enabled")
            removing = _endpoints(connection, webhook_endpoints.c.state == "removing")
            is_long = and_(webhook_endpoints.c.state == "removing", webhook_endpoints.c.modified_at <= removing_since)
            to_clear = set(_endpoints(connection, is_long)) if removing else set()
            to_clear.update((row[0], row[1]) for row in _looked_at(connection, _ANY_OPEN, removing))
            due = [(row[0], row[1]) for row in _looked_at(connection, _ANY_DUE, enabled, now=now)]
        return [DueEndpoint(*where, is_removing=False) for where in due] + [
            DueEndpoint(*where, is_removing=True) for where in sorted(to_clear)
        ]

    def oldest_open_at(self) -> int | None:
        with self._store.reading_rows() as connection:
            enabled = _endpoints(connection, webhook_endpoints.c.state == "enabled")
            oldest = [row[0] for row in _looked_at(connection, _OLDEST, enabled) if row[0] is not None]
        return min(oldest, default=None)

    def deliveries(self, tenant_id: int, wanted: DeliveriesWanted, page: Page) -> Found[ListedDelivery]:
        with self._store.reading_rows() as connection:
            number = _customer_number(connection, tenant_id, wanted.customer) if wanted.customer else None
            if wanted.customer and number is None:
                return Found([], 0)
            found = deliveries.join(events, _of_delivery(tenant_id))
            is_wanted = _wanted(tenant_id, wanted, number)
            total = connection.execute(_count(found, is_wanted)).scalar_one()
            query = (
                select(*_DELIVERY, events.c.event_type)
                .select_from(found)
                .where(is_wanted)
                .order_by(
                    deliveries.c.created_at.desc(),
                    deliveries.c.customer_number.desc(),
                    deliveries.c.customer_seq.desc(),
                    deliveries.c.endpoint_id.desc(),
                )
                .limit(page.size)
                .offset(page.offset)
            )
            rows = [ListedDelivery(DeliveryFact(*row[:-1]), row[-1]) for row in connection.execute(query)]
        return Found(rows, total)

    def attempts(self, tenant_id: int, start_at: int, end_at: int | None, page: Page) -> Found[ListedAttempt]:
        attempts = delivery_attempts.c
        is_wanted = (attempts.tenant_id == tenant_id) & (attempts.started_at >= start_at)
        if end_at is not None:
            is_wanted = is_wanted & (attempts.started_at < end_at)
        query = (
            select(*_ATTEMPT)
            .where(is_wanted)
            .order_by(attempts.started_at.desc(), attempts.uid.desc())
            .limit(page.size)
            .offset(page.offset)
        )
        with self._store.reading_rows() as connection:
            total = connection.execute(_count(delivery_attempts, is_wanted)).scalar_one()
            rows = [DeliveryAttemptFact(*row) for row in connection.execute(query)]
            bodies = _bodies(connection, tenant_id, sorted({row.event_uid for row in rows}))
        return Found([ListedAttempt(row, bodies[row.event_uid]) for row in rows], total)

    def newest_attempts(self, tenant_id: int, endpoint_uid: str, count: int) -> list[DeliveryAttemptFact]:
        """The newest attempts to send to one endpoint, of the tenant's newest ATTEMPTS_LOOKED_AT to any."""
        newest = (
            select(*_ATTEMPT)
            .where(delivery_attempts.c.tenant_id == tenant_id)
            .order_by(delivery_attempts.c.started_at.desc())
            .limit(ATTEMPTS_LOOKED_AT)
            .subquery()
        )
        query = select(newest).where(newest.c.endpoint_uid == endpoint_uid)
        query = query.order_by(newest.c.started_at.desc(), newest.c.uid.desc()).limit(count)
        with self._store.reading_rows() as connection:
            return [DeliveryAttemptFact(*row) for row in connection.execute(query)]


def _endpoints(connection: Connection, condition: ColumnElement[bool]) -> list[_Endpoint]:
    query = select(webhook_endpoints.c.tenant_id, webhook_endpoints.c.endpoint_id).where(condition)
    return [(row[0], row[1]) for row in connection.execute(query)]


def _looked_at(connection: Connection, look: str, endpoints: Sequence[_Endpoint], **values: int) -> list[Any]:
    """The rows of one look for each endpoint."""
    is_sqlite = connection.dialect.name == "sqlite"
    by_name = {name: by_index(is_sqlite, f"ix_deliveries_{name}") for name in ("pending", "open")}
    rows: list[Any] = []
    for start in range(0, len(endpoints), ENDPOINTS_AT_ONCE):
        some = endpoints[start : start + ENDPOINTS_AT_ONCE]
        statement = text(" UNION ALL ".join(look.format(index, **by_name) for index in range(len(some))))
        names = {f"tenant{index}": tenant_id for index, (tenant_id, _) in enumerate(some)}
        names |= {f"endpoint{index}": endpoint_id for index, (_, endpoint_id) in enumerate(some)}
        rows += connection.execute(statement, {**names, **values})
    return rows


def _count(rows: FromClause, condition: ColumnElement[bool]) -> Select[Any]:
    return select(func.count()).select_from(rows).where(condition)


def _wanted(tenant_id: int, wanted: DeliveriesWanted, customer_number: int | None) -> ColumnElement[bool]:
    conditions = [deliveries.c.tenant_id == tenant_id]
    if wanted.endpoint_id is not None:
        conditions.append(deliveries.c.endpoint_id == wanted.endpoint_id)
    if wanted.state:
        conditions.append(deliveries.c.state == wanted.state)
    if customer_number is not None:
        conditions.append(deliveries.c.customer_number == customer_number)
    if wanted.event_type:
        conditions.append(events.c.event_type == wanted.event_type)
    return and_(*conditions)


def _of_delivery(tenant_id: int) -> ColumnElement[bool]:
    return and_(
        events.c.tenant_id == tenant_id,
        events.c.customer_number == deliveries.c.customer_number,
        events.c.customer_seq == deliveries.c.customer_seq,
    )


def _customer_number(connection: Connection, tenant_id: int, reference: str) -> int | None:
    if not is_storable(reference):
        return None
    query = select(customers.c.number).where(
        customers.c.tenant_id == tenant_id, customers.c.reference == reference, customers.c.deleted_at.is_(None)
    )
    return connection.execute(query).scalar_one_or_none()


def _bodies(connection: Connection, tenant_id: int, uids: Sequence[str]) -> dict[str, str]:
    query = select(events.c.uid, events.c.body).where(events.c.tenant_id == tenant_id, events.c.uid.in_(uids))
    return {row[0]: row[1] for row in connection.execute(query)} if uids else {}

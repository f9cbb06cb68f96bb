"""A customer's timeline: from each source the next entries by its own index, merged by time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, Select, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from tollhouse.ledger.facts import (
    DeliveryFact,
    EventFact,
    PaymentAttemptFact,
    PaymentFact,
    RefundFact,
    TrackedEventFact,
    TransactionFact,
)
from tollhouse.ledger.queries.timelines import (
    EVENTS,
    LOOKED_AT,
    PAYMENTS,
    REFUNDS,
    TAGS,
    TRANSACTIONS,
    WEBHOOKS,
    Entry,
    EventEntry,
    PaymentEntry,
    Place,
    RefundEntry,
    TagEntry,
    Timeline,
    TimelineWanted,
    TransactionEntry,
    WebhookEntry,
)
from tollhouse.store.rows import TABLES, columns_of
from tollhouse.store.schema import (
    customer_tags,
    deliveries,
    event_definitions,
    events,
    payment_attempts,
    payments,
    refunds,
    tags,
    tracked_events,
    transactions,
    webhook_endpoints,
)
from tollhouse.store.store import SqlStore


class _Found(NamedTuple):
    """Entries of one source in their order, and where looking ended before there were enough, if it did."""

    entries: list[Entry]
    stopped: Place | None = None


class _Look(NamedTuple):
    """Where to look, from which place on (None is the newest), and how many are enough."""

    connection: Connection
    tenant_id: int
    customer_number: int
    place: Place | None
    kinds: tuple[str, ...]
    enough: int


class SqlTimelineQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def timeline(self, tenant_id: int, customer_number: int, wanted: TimelineWanted) -> Timeline:
        places = wanted.places
        # One more than the page shows: the next page begins with it.
        enough = wanted.count + 1
        with self._store.reading_rows() as connection:
            found = {
                source: _SOURCES[source](
                    _Look(
                        connection, tenant_id, customer_number, places[source] if places else None, wanted.kinds, enough
                    )
                )
                for source in wanted.sources
                if places is None or source in places
            }
            entries, rest = _merged(found, wanted.count)
            return Timeline(_completed(connection, tenant_id, entries), rest)


def _merged(found: dict[str, _Found], count: int) -> tuple[list[Entry], dict[str, Place]]:
    """The newest of all, as far as it is known what comes next; and where each source goes on."""
    horizon = max((each.stopped.at for each in found.values() if each.stopped is not None), default=0)
    shown: list[Entry] = []
    heads = dict.fromkeys(found, 0)
    while len(shown) < count:
        next_ones = [(each.entries[heads[s]].place.at, s) for s, each in found.items() if heads[s] < len(each.entries)]
        if not next_ones:
            break
        at, source = max(next_ones, key=lambda one: one[0])
        if at < horizon:
            break
        shown.append(found[source].entries[heads[source]])
        heads[source] += 1
    rest = {source: _next_place(each, heads[source]) for source, each in found.items()}
    return shown, {source: place for source, place in rest.items() if place is not None}


def _next_place(found: _Found, head: int) -> Place | None:
    return found.entries[head].place if head < len(found.entries) else found.stopped


# The sources.


def _transactions(look: _Look) -> _Found:
    at, number = transactions.c.effective_at, transactions.c.transaction_id
    if not look.kinds:
        rows = look.connection.execute(_newest(look, TransactionFact, at, number).limit(look.enough))
        return _Found([TransactionEntry(TransactionFact(*row)) for row in rows])
    index = _newest(look, TransactionFact, at, number, at, number, transactions.c.kind).limit(LOOKED_AT + 1)
    looked_at = look.connection.execute(index).all()
    ids = [row[1] for row in looked_at[:LOOKED_AT] if row[2] in look.kinds][: look.enough]
    stopped = (
        Place(looked_at[-1][0], looked_at[-1][1]) if len(looked_at) > LOOKED_AT and len(ids) < look.enough else None
    )
    by_id = _rows_by(look.connection, look.tenant_id, TransactionFact, "transaction_id", ids)
    return _Found([TransactionEntry(by_id[number]) for number in ids], stopped)


def _payments(look: _Look) -> _Found:
    query = _newest(look, PaymentFact, payments.c.created_at, payments.c.payment_id).limit(look.enough)
    return _Found([PaymentEntry(PaymentFact(*row)) for row in look.connection.execute(query)])


def _refunds(look: _Look) -> _Found:
    query = _newest(look, RefundFact, refunds.c.created_at, refunds.c.refund_id).limit(look.enough)
    return _Found([RefundEntry(RefundFact(*row)) for row in look.connection.execute(query)])


def _events(look: _Look) -> _Found:
    query = _newest(look, TrackedEventFact, tracked_events.c.effective_at, tracked_events.c.tracked_event_id)
    rows = [TrackedEventFact(*row) for row in look.connection.execute(query.limit(look.enough))]
    ids = sorted({row.event_id for row in rows})
    named = select(event_definitions.c.event_id, event_definitions.c.action).where(
        event_definitions.c.tenant_id == look.tenant_id, event_definitions.c.event_id.in_(ids)
    )
    actions = dict(map(tuple, look.connection.execute(named))) if ids else {}
    return _Found([EventEntry(actions.get(row.event_id, ""), row) for row in rows])


def _tags(look: _Look) -> _Found:
    """All that the customer has: of these there are never many."""
    query = (
        select(tags.c.name, customer_tags.c.tag_id, customer_tags.c.created_at)
        .join(tags, (tags.c.tenant_id == look.tenant_id) & (tags.c.tag_id == customer_tags.c.tag_id))
        .where(customer_tags.c.tenant_id == look.tenant_id, customer_tags.c.customer_number == look.customer_number)
    )
    entries: list[Entry] = [TagEntry(*row) for row in look.connection.execute(query)]
    entries.sort(key=lambda entry: entry.place, reverse=True)
    return _Found([entry for entry in entries if look.place is None or entry.place <= look.place][: look.enough])


def _webhooks(look: _Look) -> _Found:
    """By their place among the customer's events: these are in the order in which they were committed."""
    query = select(*(events.c[name] for name in columns_of(EventFact))).where(
        events.c.tenant_id == look.tenant_id, events.c.customer_number == look.customer_number
    )
    if look.place is not None:
        query = query.where(events.c.customer_seq <= look.place.number)
    rows = look.connection.execute(query.order_by(events.c.customer_seq.desc()).limit(look.enough))
    return _Found([WebhookEntry(EventFact(*row)) for row in rows])


_SOURCES: dict[str, Callable[[_Look], _Found]] = {
    TRANSACTIONS: _transactions,
    PAYMENTS: _payments,
    REFUNDS: _refunds,
    EVENTS: _events,
    TAGS: _tags,
    WEBHOOKS: _webhooks,
}


def _newest(
    look: _Look, kind: Any, at: ColumnElement[int], number: ColumnElement[int], *columns: ColumnElement[Any]
) -> Select[Any]:
    """The customer's rows from a place on, the newest first; with all columns or these."""
    table = TABLES[kind]
    query = select(*(columns or [table.c[name] for name in columns_of(kind)])).where(
        table.c.tenant_id == look.tenant_id, table.c.customer_number == look.customer_number
    )
    if look.place is not None:
        query = query.where(tuple_(at, number) <= tuple_(look.place.at, look.place.number))
    return query.order_by(at.desc(), number.desc())


# What is shown besides.


def _completed(connection: Connection, tenant_id: int, entries: list[Entry]) -> list[Entry]:
    """Payments with their attempts, events with how they were told."""
    attempts = _attempts(connection, tenant_id, [e.payment.payment_id for e in entries if isinstance(e, PaymentEntry)])
    told = _deliveries(connection, tenant_id, [e.event for e in entries if isinstance(e, WebhookEntry)])
    completed: list[Entry] = []
    for entry in entries:
        if isinstance(entry, PaymentEntry):
            completed.append(PaymentEntry(entry.payment, tuple(attempts.get(entry.payment.payment_id, ()))))
        elif isinstance(entry, WebhookEntry):
            completed.append(WebhookEntry(entry.event, tuple(told.get(entry.event.customer_seq, ()))))
        else:
            completed.append(entry)
    return completed


def _attempts(connection: Connection, tenant_id: int, payment_ids: list[int]) -> dict[int, list[PaymentAttemptFact]]:
    found: dict[int, list[PaymentAttemptFact]] = {}
    if payment_ids:
        query = (
            select(*(payment_attempts.c[name] for name in columns_of(PaymentAttemptFact)))
            .where(payment_attempts.c.tenant_id == tenant_id, payment_attempts.c.payment_id.in_(payment_ids))
            .order_by(payment_attempts.c.payment_id, payment_attempts.c.attempt_no)
        )
        for row in connection.execute(query):
            attempt = PaymentAttemptFact(*row)
            found.setdefault(attempt.payment_id, []).append(attempt)
    return found


def _deliveries(
    connection: Connection, tenant_id: int, told: list[EventFact]
) -> dict[int, list[tuple[str, DeliveryFact]]]:
    """By the event's place; each with the host of its endpoint, whose address may hold a secret."""
    if not told:
        return {}
    of_tenant = select(webhook_endpoints.c.endpoint_id, webhook_endpoints.c.url).where(
        webhook_endpoints.c.tenant_id == tenant_id
    )
    hosts = {endpoint_id: urlsplit(url).hostname or "" for endpoint_id, url in connection.execute(of_tenant)}
    if not hosts:
        return {}
    query = (
        select(*(deliveries.c[name] for name in columns_of(DeliveryFact)))
        .where(deliveries.c.tenant_id == tenant_id, deliveries.c.endpoint_id.in_(sorted(hosts)))
        .where(deliveries.c.customer_number == told[0].customer_number)
        .where(deliveries.c.customer_seq.in_([event.customer_seq for event in told]))
        .order_by(deliveries.c.endpoint_id)
    )
    found: dict[int, list[tuple[str, DeliveryFact]]] = {}
    for row in connection.execute(query):
        delivery = DeliveryFact(*row)
        found.setdefault(delivery.customer_seq, []).append((hosts[delivery.endpoint_id], delivery))
    return found


def _rows_by(connection: Connection, tenant_id: int, kind: Any, column: str, ids: list[int]) -> dict[int, Any]:
    if not ids:
        return {}
    table = TABLES[kind]
    query = select(*(table.c[name] for name in columns_of(kind))).where(
        table.c.tenant_id == tenant_id, table.c[column].in_(ids)
    )
    rows = [kind(*row) for row in connection.execute(query)]
    return {getattr(row, column): row for row in rows}

"""The ledger's queries about segments, as statements."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, func, select

from tollhouse.domain.identity import is_storable
from tollhouse.domain.segment_rules import group_from_value
from tollhouse.domain.segments import SECOND, Figures, Group, holds
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, SegmentFact, SummaryFact
from tollhouse.ledger.queries import Found, Page
from tollhouse.ledger.queries.segments import CountedSegment
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import (
    charge_summaries,
    customer_tags,
    customer_traits,
    customers,
    segments,
    tags,
    tenants,
    tracked_customers,
)
from tollhouse.store.segment_sets import members
from tollhouse.store.store import SqlStore

_SEGMENT = [segments.c[name] for name in columns_of(SegmentFact)]
_CUSTOMER = [customers.c[name] for name in columns_of(CustomerFact)]
_SUMMARY = [charge_summaries.c[name] for name in columns_of(SummaryFact)]

#: Numbers of traits are exact.
_RULES = msgspec.json.Decoder(list[dict[str, Any]], float_hook=Decimal)


class SqlSegmentQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def segments(self, tenant_id: int, search: str, now: int, page: Page) -> Found[CountedSegment]:
        with self._store.reading_rows() as connection:
            reading = _Reading(connection, tenant_id, now)
            wanted = search.casefold()
            found = [s for s in reading.segments() if wanted in s.name.casefold() or wanted in s.slug]
            shown = found[page.offset : page.offset + page.size]
            return Found([reading.counted(segment) for segment in shown], len(found))

    def segment_with_id(self, tenant_id: int, segment_id: int, now: int) -> CountedSegment | None:
        with self._store.reading_rows() as connection:
            reading = _Reading(connection, tenant_id, now)
            return next((reading.counted(found) for found in reading.segments(segment_id=segment_id)), None)

    def segment_called(self, tenant_id: int, slug: str, now: int) -> CountedSegment | None:
        with self._store.reading_rows() as connection:
            reading = _Reading(connection, tenant_id, now)
            return next((reading.counted(found) for found in reading.called(slug)), None)

    def customers_in(
        self, tenant_id: int, slug: str, now: int, *, after: int, count: int
    ) -> list[tuple[CustomerFact, list[SummaryFact]]] | None:
        with self._store.reading_rows() as connection:
            reading = _Reading(connection, tenant_id, now)
            for segment in reading.called(slug):
                rows = reading.members(segment, after, count)
                summaries = reading.summaries([customer.number for customer in rows])
                return [(c, [row for row in summaries if row.customer_number == c.number]) for c in rows]
        return None

    def segments_of(self, tenant_id: int, customer_number: int, now: int) -> list[SegmentFact]:
        with self._store.reading_rows() as connection:
            reading = _Reading(connection, tenant_id, now)
            known = reading.segments()
            figures = reading.figures(customer_number) if known else None
            if figures is None:
                return []
            return [segment for segment in known if holds(reading.group(segment), figures, reading.now_second)]


class _Reading:
    """One snapshot of a tenant at one moment."""

    def __init__(self, connection: Connection, tenant_id: int, now: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self.now_second = now // SECOND
        currency = select(tenants.c.currency).where(tenants.c.tenant_id == tenant_id)
        self._currency: str = connection.execute(currency).scalar_one()

    def segments(self, **equals: Any) -> list[SegmentFact]:
        query = select(*_SEGMENT).where(segments.c.tenant_id == self._tenant_id)
        for name, value in equals.items():
            query = query.where(segments.c[name] == value)
        found = [SegmentFact(*row) for row in self._connection.execute(query)]
        return sorted(found, key=lambda segment: (segment.name.casefold(), segment.segment_id))

    def called(self, slug: str) -> list[SegmentFact]:
        return self.segments(slug=slug) if is_storable(slug) else []

    def group(self, segment: SegmentFact) -> Group:
        return group_from_value(segment.op, _RULES.decode(segment.rules), self._currency)

    def counted(self, segment: SegmentFact) -> CountedSegment:
        numbers = members(self._tenant_id, self.group(segment), self.now_second).subquery()
        count = select(func.count()).select_from(numbers)
        return CountedSegment(segment, self._connection.execute(count).scalar_one())

    def members(self, segment: SegmentFact, after: int, count: int) -> list[CustomerFact]:
        found = members(self._tenant_id, self.group(segment), self.now_second, after).subquery()
        page = select(found.c.number).order_by(found.c.number).limit(count)
        numbers = self._connection.execute(page).scalars().all()
        query = select(*_CUSTOMER).where(customers.c.tenant_id == self._tenant_id, customers.c.number.in_(numbers))
        return [CustomerFact(*row) for row in self._connection.execute(query.order_by(customers.c.number))]

    def summaries(self, customer_numbers: list[int]) -> list[SummaryFact]:
        query = select(*_SUMMARY).where(
            charge_summaries.c.tenant_id == self._tenant_id, charge_summaries.c.customer_number.in_(customer_numbers)
        )
        return [SummaryFact(*row) for row in self._connection.execute(query.order_by(charge_summaries.c.currency))]

    def figures(self, number: int) -> Figures | None:
        """What rules look at of a customer; None of one who is in no segment whatever its rules."""
        for own in self._own(number):
            return Figures(
                {row.currency: _summary(row) for row in self.summaries([number])},
                dict(self._traits(number)),
                frozenset(self._tags(number)),
                own,
            )
        return None

    def _own(self, number: int) -> Iterator[dict[str, Any]]:
        customer, tracked = customers.c, tracked_customers.c
        is_same = and_(tracked.tenant_id == self._tenant_id, tracked.customer_number == customer.number)
        columns = (
            customer.email_folded,
            customer.reference,
            customer.sessions,
            customer.created_at,
            customer.last_seen_at,
            tracked.signed_up_at,
        )
        query = select(*columns).select_from(customers.outerjoin(tracked_customers, is_same))
        query = query.where(customer.tenant_id == self._tenant_id, customer.number == number)
        query = query.where(customer.deleted_at.is_(None), customer.number != ROOT_NUMBER)
        for email, user_id, sessions, *instants in self._connection.execute(query):
            seconds = [None if instant is None else instant // SECOND for instant in instants]
            names = ("created_at", "last_seen_at", "signed_up_at")
            own = dict(zip(names, seconds, strict=True))
            yield {"email": email, "user_id": user_id, "sessions": sessions, **own}

    def _traits(self, number: int) -> list[tuple[str, str]]:
        query = select(customer_traits.c.field, customer_traits.c.sort_key).where(
            customer_traits.c.tenant_id == self._tenant_id, customer_traits.c.customer_number == number
        )
        return [(field, key) for field, key in self._connection.execute(query)]

    def _tags(self, number: int) -> list[str]:
        is_same = and_(tags.c.tenant_id == self._tenant_id, tags.c.tag_id == customer_tags.c.tag_id)
        query = select(tags.c.name).select_from(customer_tags.join(tags, is_same))
        query = query.where(customer_tags.c.tenant_id == self._tenant_id, customer_tags.c.customer_number == number)
        return [name for (name,) in self._connection.execute(query)]


def _summary(row: SummaryFact) -> ChargeSummary:
    return ChargeSummary(
        row.charge_count, row.sum_minor, row.refunded_minor, row.first_at, row.last_at, row.last_amount_minor
    )

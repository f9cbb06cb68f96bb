"""What Beacon's callers told, as statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, select

from tollhouse.domain.identity import is_storable
from tollhouse.ledger.facts import (
    CustomerFact,
    CustomerTraitFact,
    EventDefinitionFact,
    EventSummaryFact,
    Fact,
    PageVisitsFact,
    TagFact,
    TrackedCustomerFact,
    TrackedEventFact,
    TraitFact,
)
from tollhouse.ledger.queries import Found, Page
from tollhouse.ledger.queries.tracking import Activity, Besides, D
from tollhouse.store.rows import TABLES, columns_of
from tollhouse.store.schema import (
    customer_tags,
    customer_traits,
    customers,
    event_definitions,
    event_summaries,
    page_visits,
    project_details,
    tags,
    tracked_customers,
    tracked_events,
    traits,
)
from tollhouse.store.store import SqlStore

_ID_AND_NAME: Final[dict[type[Fact], tuple[str, str]]] = {
    TraitFact: ("trait_id", "field"),
    EventDefinitionFact: ("event_id", "action"),
    TagFact: ("tag_id", "name"),
}


def _columns(kind: type[Fact]) -> list[Any]:
    return [TABLES[kind].c[name] for name in columns_of(kind)]


class SqlTrackingQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def besides(self, tenant_id: int, customer_numbers: Sequence[int]) -> dict[int, Besides]:
        profiles = select(*_columns(TrackedCustomerFact)).where(
            tracked_customers.c.tenant_id == tenant_id, tracked_customers.c.customer_number.in_(customer_numbers)
        )
        values = (
            select(*_columns(TraitFact), *_columns(CustomerTraitFact))
            .join(traits, (traits.c.tenant_id == tenant_id) & (traits.c.field == customer_traits.c.field))
            .where(customer_traits.c.tenant_id == tenant_id, customer_traits.c.customer_number.in_(customer_numbers))
            .order_by(customer_traits.c.customer_number, customer_traits.c.field)
        )
        with self._store.reading_rows() as connection:
            tracked = {fact.customer_number: fact for fact in _facts(connection, TrackedCustomerFact, profiles)}
            theirs: dict[int, list[tuple[TraitFact, CustomerTraitFact]]] = {}
            for trait, value in _pairs(connection, TraitFact, CustomerTraitFact, values):
                theirs.setdefault(value.customer_number, []).append((trait, value))
        return {n: Besides(tracked.get(n), tuple(theirs.get(n, ()))) for n in tracked.keys() | theirs.keys()}

    def activity(self, tenant_id: int, customer_number: int, most: int) -> Activity:
        theirs = (customer_tags.c.tenant_id == tenant_id) & (customer_tags.c.customer_number == customer_number)
        tagged = (
            select(*_columns(TagFact))
            .join(customer_tags, theirs & (customer_tags.c.tag_id == tags.c.tag_id))
            .where(tags.c.tenant_id == tenant_id)
            .order_by(tags.c.name)
            .limit(most)
        )
        done = (
            select(*_columns(EventDefinitionFact), *_columns(EventSummaryFact))
            .join(event_definitions, event_definitions.c.event_id == event_summaries.c.event_id)
            .where(event_summaries.c.tenant_id == tenant_id, event_summaries.c.customer_number == customer_number)
            .where(event_definitions.c.tenant_id == tenant_id)
            .order_by(event_summaries.c.last_at.desc(), event_summaries.c.event_id)
            .limit(most)
        )
        seen = _visits(tenant_id, customer_number).limit(most)
        with self._store.reading_rows() as connection:
            return Activity(
                tags=_facts(connection, TagFact, tagged),
                events=_pairs(connection, EventDefinitionFact, EventSummaryFact, done),
                pages=_facts(connection, PageVisitsFact, seen),
            )

    def events(
        self, tenant_id: int, uid: str, page: Page
    ) -> Found[tuple[EventDefinitionFact, TrackedEventFact]] | None:
        with self._store.reading_rows() as connection:
            customer = _customer(connection, tenant_id, uid)
            if customer is None:
                return None
            number = customer.number
            of_one = (event_summaries.c.tenant_id == tenant_id) & (event_summaries.c.customer_number == number)
            total = connection.execute(select(func.sum(event_summaries.c.event_count)).where(of_one)).scalar_one()
            newest = (tracked_events.c.effective_at.desc(), tracked_events.c.tracked_event_id.desc())
            wanted = (
                select(tracked_events.c.tracked_event_id)
                .where(tracked_events.c.tenant_id == tenant_id, tracked_events.c.customer_number == number)
                .order_by(*newest)
                .limit(page.size)
                .offset(page.offset)
                .subquery()
            )
            rows = (
                select(*_columns(EventDefinitionFact), *_columns(TrackedEventFact))
                .join(wanted, wanted.c.tracked_event_id == tracked_events.c.tracked_event_id)
                .join(event_definitions, event_definitions.c.event_id == tracked_events.c.event_id)
                .where(tracked_events.c.tenant_id == tenant_id, event_definitions.c.tenant_id == tenant_id)
                .order_by(*newest)
            )
            return Found(_pairs(connection, EventDefinitionFact, TrackedEventFact, rows), int(total or 0))

    def pages(self, tenant_id: int, uid: str, page: Page) -> Found[PageVisitsFact] | None:
        with self._store.reading_rows() as connection:
            customer = _customer(connection, tenant_id, uid)
            if customer is None:
                return None
            theirs = _visits(tenant_id, customer.number)
            total = connection.execute(select(func.count()).select_from(theirs.order_by(None).subquery())).scalar_one()
            rows = _facts(connection, PageVisitsFact, theirs.limit(page.size).offset(page.offset))
            return Found(rows, int(total))

    def definitions(self, tenant_id: int, kind: type[D], search: str, page: Page, trait_kind: str) -> Found[D]:
        table, name = TABLES[kind], _ID_AND_NAME[kind][1]
        if not (is_storable(search) and is_storable(trait_kind)):
            return Found([], 0)
        wanted = table.c.tenant_id == tenant_id
        if trait_kind and kind is TraitFact:
            wanted &= table.c.kind == trait_kind
        if search:
            # SQLite knows the small letters of English alone: what is spelled as it is kept is found all the same.
            folded = func.lower(table.c[name]).contains(search.lower(), autoescape=True)
            wanted &= folded | table.c[name].contains(search, autoescape=True)
        rows = select(*_columns(kind)).where(wanted).order_by(table.c[name]).limit(page.size).offset(page.offset)
        with self._store.reading_rows() as connection:
            total = connection.execute(select(func.count()).select_from(table).where(wanted)).scalar_one()
            return Found(_facts(connection, kind, rows), int(total))

    def definition(self, tenant_id: int, kind: type[D], number: int) -> D | None:
        table, name = TABLES[kind], _ID_AND_NAME[kind][0]
        query = select(*_columns(kind)).where(table.c.tenant_id == tenant_id, table.c[name] == number)
        with self._store.reading_rows() as connection:
            return next(iter(_facts(connection, kind, query)), None)

    def website(self, tenant_id: int) -> str:
        query = select(project_details.c.value).where(
            project_details.c.tenant_id == tenant_id, project_details.c.name == "website"
        )
        with self._store.reading_rows() as connection:
            return connection.execute(query).scalar() or ""


def _customer(connection: Connection, tenant_id: int, uid: str) -> CustomerFact | None:
    query = select(*_columns(CustomerFact)).where(
        customers.c.tenant_id == tenant_id, customers.c.uid == uid, customers.c.deleted_at.is_(None)
    )
    return next(iter(_facts(connection, CustomerFact, query)), None)


def _visits(tenant_id: int, customer_number: int) -> Any:
    return (
        select(*_columns(PageVisitsFact))
        .where(page_visits.c.tenant_id == tenant_id, page_visits.c.customer_number == customer_number)
        .order_by(page_visits.c.last_at.desc(), page_visits.c.page_hash.desc())
    )


def _facts(connection: Connection, kind: Any, query: Any) -> list[Any]:
    return [kind(*row) for row in connection.execute(query)]


def _pairs(connection: Connection, first: Any, second: Any, query: Any) -> list[tuple[Any, Any]]:
    """Rows with the columns of one class and then those of another."""
    width = len(columns_of(first))
    return [(first(*row[:width]), second(*row[width:])) for row in connection.execute(query)]

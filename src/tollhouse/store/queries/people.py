"""The ledger's queries about people, as statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select

from tollhouse.ledger.facts import PersonFact
from tollhouse.ledger.queries import ListedPerson, PeopleWanted
from tollhouse.ledger.refusals import ListTooLong
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import people, person_profiles
from tollhouse.store.store import SqlStore

#: A list is one reply; what is longer is refused rather than built in memory.
ROWS_MAX = 20_000

_PERSON = [people.c[name] for name in columns_of(PersonFact)]
_SORTS = {
    "forename": ("forename",),
    "fullname": ("forename", "surname"),
    "surname": ("surname",),
    "username": ("username",),
}


class SqlPeopleQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def people(self, tenant_id: int, wanted: PeopleWanted) -> list[ListedPerson]:
        theirs = (person_profiles.c.tenant_id == tenant_id) & (person_profiles.c.person_id == people.c.person_id)
        query = (
            select(*_PERSON, person_profiles.c.details)
            .select_from(people.outerjoin(person_profiles, theirs))
            .where(_listed(tenant_id, wanted))
            .order_by(*self._order(wanted))
            .limit(min(wanted.limit, ROWS_MAX + 1) if wanted.limit else ROWS_MAX + 1)
            .offset(wanted.offset)
        )
        with self._store.reading_rows() as connection:
            rows = connection.execute(query).all()
        if len(rows) > ROWS_MAX:
            raise ListTooLong(ROWS_MAX)
        return [ListedPerson(PersonFact(*row[:-1]), row[-1]) for row in rows]

    def people_count(self, tenant_id: int, wanted: PeopleWanted) -> int:
        with self._store.reading_rows() as connection:
            query = select(func.count()).select_from(people).where(_listed(tenant_id, wanted))
            return int(connection.execute(query).scalar_one())

    def people_pages(self, tenant_id: int, wanted: PeopleWanted) -> list[tuple[int, str]]:
        position = func.row_number().over(order_by=self._order(wanted)) - 1
        numbered = select(people.c.username, position.label("position")).where(_listed(tenant_id, wanted)).subquery()
        starts = numbered.c.position % wanted.limit == 0 if wanted.limit else numbered.c.position == 0
        query = select(numbered.c.position, numbered.c.username).where(starts).order_by(numbered.c.position)
        with self._store.reading_rows() as connection:
            rows = connection.execute(query.limit(ROWS_MAX + 1)).all()
        if len(rows) > ROWS_MAX:
            raise ListTooLong(ROWS_MAX)
        return [(int(position), str(username)) for position, username in rows]

    def _order(self, wanted: PeopleWanted) -> list[ColumnElement[Any]]:
        """Texts by their code points, alike on both engines."""
        plain = "BINARY" if self._store.is_sqlite else "C"
        columns: list[ColumnElement[Any]] = [people.c[name].collate(plain) for name in _SORTS[wanted.sort]]
        order = [*columns, people.c.person_id]
        return [column.desc() for column in order] if wanted.descending else order


def _listed(tenant_id: int, wanted: PeopleWanted) -> ColumnElement[bool]:
    return (
        (people.c.tenant_id == tenant_id)
        & (people.c.customer_number == wanted.customer_number)
        & people.c.deleted_at.is_(None)
    )

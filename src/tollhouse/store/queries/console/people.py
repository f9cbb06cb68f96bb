"""People as lists for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, exists, or_, select, tuple_

from tollhouse.domain.identity import folded_email
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.queries.people_lists import ROWS, PeopleFound, PeopleWanted, PersonPlace, PersonRow
from tollhouse.ledger.queries.transaction_lists import LOOKED_AT, sees_all
from tollhouse.store.queries.console.walks import is_reached
from tollhouse.store.schema import customers, login_addresses, people, roles
from tollhouse.store.store import SqlStore

_PLACE: Final = (people.c.username, people.c.person_id)
_ROW: Final = (
    people.c.person_id,
    people.c.username,
    people.c.forename,
    people.c.surname,
    people.c.email,
    people.c.customer_number,
    people.c.role_id,
    people.c.locked,
    people.c.totp_secret != "",
)


class SqlPeopleLists:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def people(self, tenant_id: int, wanted: PeopleWanted, now: int) -> PeopleFound:
        span = _span(tenant_id, wanted)
        query = select(*_ROW).where(*span, people.c.deleted_at.is_(None))
        with self._store.reading_rows() as connection:
            end: PersonPlace | None = None
            if not (sees_all(wanted.caller) or wanted.customer_number or wanted.called):
                look = select(*_PLACE).where(*span).order_by(*_PLACE).offset(LOOKED_AT - 1).limit(1)
                row = connection.execute(look).first()
                end = None if row is None else PersonPlace(str(row[0]), int(row[1]))
            if end is not None:
                query = query.where(tuple_(*_PLACE) <= tuple_(*end))
            query = query.where(*_reached(tenant_id, wanted.caller))
            found = [tuple(row) for row in connection.execute(query.order_by(*_PLACE).limit(ROWS + 1))]
            rows = _rows(connection, tenant_id, found[:ROWS], now)
        if len(found) > ROWS:
            return PeopleFound(rows, PersonPlace(rows[-1].username, rows[-1].person_id))
        return PeopleFound(rows, end, is_looked_at=end is not None)


def _span(tenant_id: int, wanted: PeopleWanted) -> list[ColumnElement[bool]]:
    """What an index serves."""
    span = [people.c.tenant_id == tenant_id]
    if wanted.after is not None:
        span.append(tuple_(*_PLACE) > tuple_(*wanted.after))
    if wanted.customer_number:
        span.append(people.c.customer_number == wanted.customer_number)
    elif not wanted.caller.may_reach_below:
        span.append(people.c.customer_number == wanted.caller.customer_number)
    if wanted.called:
        is_called = (people.c.username == wanted.called, people.c.email_folded == folded_email(wanted.called))
        span.append(or_(*is_called))
    return span


def _reached(tenant_id: int, caller: Caller) -> list[ColumnElement[bool]]:
    """Whether a person's customer is one whom the caller reaches; the root's people see all of them."""
    if sees_all(caller):
        return []
    theirs = (customers.c.tenant_id == tenant_id) & (customers.c.number == people.c.customer_number)
    return [exists().where(theirs, is_reached(caller, customers.c.path))]


def _rows(connection: Connection, tenant_id: int, found: Sequence[tuple[Any, ...]], now: int) -> list[PersonRow]:
    """One look a table for all of them."""
    owners = _names(connection, tenant_id, customers.c.number, customers.c.name, {row[5] for row in found})
    given = _names(connection, tenant_id, roles.c.role_id, roles.c.name, {row[6] for row in found})
    refused = select(login_addresses.c.person_id).where(
        login_addresses.c.tenant_id == tenant_id,
        login_addresses.c.person_id.in_([row[0] for row in found]),
        login_addresses.c.refused_until > now,
    )
    is_refused = {int(row[0]) for row in connection.execute(refused)} if found else set()
    return [
        PersonRow(
            person_id=person_id,
            username=username,
            forename=forename,
            surname=surname,
            email=email,
            customer_number=customer,
            customer_name=owners.get(customer, ""),
            role_id=role,
            role_name=given.get(role, ""),
            is_locked=bool(is_locked),
            is_refused=person_id in is_refused,
            has_codes=bool(has_codes),
        )
        for person_id, username, forename, surname, email, customer, role, is_locked, has_codes in found
    ]


def _names(
    connection: Connection, tenant_id: int, number: Column[Any], name: Column[Any], numbers: set[int]
) -> dict[int, str]:
    if not numbers:
        return {}
    query = select(number, name).where(number.table.c.tenant_id == tenant_id, number.in_(sorted(numbers)))
    return {int(row[0]): str(row[1] or "") for row in connection.execute(query)}

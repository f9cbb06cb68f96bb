"""People, as a port. A query never changes anything."""

from __future__ import annotations

from typing import Protocol

import msgspec

from tollhouse.ledger.facts import PersonFact


class PeopleWanted(msgspec.Struct, frozen=True):
    """Which people: the live ones of one customer.

    `sort` is forename, fullname, surname or username; rows that are equal in it come by id. A `limit` of 0 is none.
    """

    customer_number: int
    sort: str
    descending: bool
    limit: int
    offset: int


class ListedPerson(msgspec.Struct, frozen=True):
    """A person, and the details of its profile where there is one."""

    person: PersonFact
    details: str | None


class PeopleQueries(Protocol):
    """What lists a customer's people."""

    def people(self, tenant_id: int, wanted: PeopleWanted) -> list[ListedPerson]:
        """Raises ListTooLong where there are more than one reply can hold."""
        ...

    def people_count(self, tenant_id: int, wanted: PeopleWanted) -> int:
        """How many people there are, on all pages."""
        ...

    def people_pages(self, tenant_id: int, wanted: PeopleWanted) -> list[tuple[int, str]]:
        """Of each page of `limit` people, where it starts and the username of its first. Raises ListTooLong."""
        ...

"""Lists of people who log in, as a port: with nothing of what they log in by."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

import msgspec

from tollhouse.ledger.commands import Caller

ROWS: Final = 50


class PersonPlace(NamedTuple):
    """Where a page ends: at this username; a deleted person may have had the same."""

    username: str
    person_id: int


class PersonRow(msgspec.Struct, frozen=True):
    """`is_refused`: too many failures, from some address at least. `has_codes`: one-time codes are asked for."""

    person_id: int
    username: str
    forename: str
    surname: str
    email: str
    customer_number: int
    customer_name: str
    role_id: int
    role_name: str
    is_locked: bool
    is_refused: bool
    has_codes: bool


class PeopleWanted(msgspec.Struct, frozen=True):
    """Live people whom the caller sees, by username: of one customer, or with exactly this username or e-mail; 0 and
    an empty text ask for nothing."""

    caller: Caller
    customer_number: int = 0
    called: str = ""
    after: PersonPlace | None = None


class PeopleFound(msgspec.Struct, frozen=True):
    """`is_looked_at`: there may be more behind `next`, as far as was looked."""

    rows: list[PersonRow]
    next: PersonPlace | None = None
    is_looked_at: bool = False


class PeopleLists(Protocol):
    def people(self, tenant_id: int, wanted: PeopleWanted, now: int) -> PeopleFound:
        """Up to ROWS people; `now` is by the system's clock."""
        ...

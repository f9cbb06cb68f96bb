"""Somebody who has logged in, as they are at this moment."""

from __future__ import annotations

from typing import Protocol

import msgspec

from tollhouse.ledger.commands import TENANT_SCOPE, Caller, customer_scope
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, PersonFact, RoleFact
from tollhouse.ledger.people import privileges_of
from tollhouse.ledger.ports import Reader

_YES = 1
_READ_ONLY = 2


class NotAllowed(Exception):
    """The caller's role has none of the privileges that are wanted."""


class Wanted(Protocol):
    """What something wants of whoever does it: `privileges` are those of which one is needed, `below` those that open
    the customers under one's own. A change needs full access, a read is content with read-only."""

    @property
    def privileges(self) -> tuple[str, ...]: ...

    @property
    def below(self) -> tuple[str, ...]: ...

    @property
    def is_change(self) -> bool: ...


class Access(msgspec.Struct, frozen=True):
    """What is Wanted, and no more."""

    privileges: tuple[str, ...]
    below: tuple[str, ...] = ()
    is_change: bool = False


#: What somebody needs to act as somebody else.
SWITCHING = Access(("administrator",), below=("commerce", "wholesale"), is_change=True)


class Person(msgspec.Struct, frozen=True):
    """Somebody who has logged in. With a token: when it ends, and who switched to this person, with their stamp."""

    tenant_id: int
    person_id: int
    customer_number: int
    path: str
    privileges: dict[str, int]
    fact: PersonFact
    token_ends: int | None = None
    switched_by: tuple[int, str] | None = None

    def caller_of(self, wanted: Wanted, privileges: tuple[str, ...] | None = None) -> Caller:
        """The person as the caller of what wants one of these privileges, if any; else of its own. Raises
        NotAllowed."""
        needed = wanted.privileges if privileges is None else privileges
        if needed and not self.may(needed, wanted):
            raise NotAllowed
        return Caller(self.person_id, self.customer_number, self.path, self.may(wanted.below, wanted))

    @property
    def key_scope(self) -> str:
        """The key space of the person's idempotency keys."""
        return TENANT_SCOPE if self.customer_number == ROOT_NUMBER else customer_scope(self.customer_number)

    def may(self, privileges: tuple[str, ...], wanted: Wanted) -> bool:
        """Whether the role has one of these privileges, as far as a change or a read needs it."""
        enough = (_YES,) if wanted.is_change else (_YES, _READ_ONLY)
        return any(self.privileges.get(privilege) in enough for privilege in privileges)

    def may_switch_to(self, other: Person) -> bool:
        """Whether the person may act as another: one of its own customer, or below that where it reaches them."""
        try:
            return self.caller_of(SWITCHING).reaches(other.path)
        except NotAllowed:
            return False


def person_loaded(reader: Reader, person_id: int) -> Person | None:
    """Person, role and customer as they are now; None where nobody may log in as this person from anywhere."""
    for fact in reader.find(PersonFact, person_id=person_id, deleted_at=None, locked=0):
        (role,) = reader.find(RoleFact, role_id=fact.role_id)
        for customer in reader.find(CustomerFact, number=fact.customer_number, deleted_at=None):
            return Person(fact.tenant_id, fact.person_id, customer.number, customer.path, privileges_of(role), fact)
    return None

"""Somebody who has logged in, as they are at this moment."""

from __future__ import annotations

import msgspec

from tollhouse.apis.enswitch.functions.parameters import Function
from tollhouse.apis.enswitch.functions.user import SWITCH_USER
from tollhouse.ledger.commands import TENANT_SCOPE, Caller, customer_scope
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, PersonFact, RoleFact
from tollhouse.ledger.people import privileges_of
from tollhouse.ledger.ports import Reader

_YES = 1
_READ_ONLY = 2


class NotAllowed(Exception):
    """The caller's role has none of the privileges that the function wants."""


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

    def caller_of(self, function: Function, privileges: tuple[str, ...]) -> Caller:
        """The person as the caller of a function that wants one of these privileges, if any. Raises NotAllowed."""
        if privileges and not self.may(privileges, function):
            raise NotAllowed
        return Caller(self.person_id, self.customer_number, self.path, self.may(function.below, function))

    @property
    def key_scope(self) -> str:
        """The key space of the person's idempotency keys."""
        return TENANT_SCOPE if self.customer_number == ROOT_NUMBER else customer_scope(self.customer_number)

    def may(self, privileges: tuple[str, ...], function: Function) -> bool:
        """Whether the role has one of these privileges, as far as the function needs it."""
        wanted = (_YES,) if function.is_change else (_YES, _READ_ONLY)
        return any(self.privileges.get(privilege) in wanted for privilege in privileges)

    def may_switch_to(self, other: Person) -> bool:
        """Whether the person may act as another: one of its own customer, or below that where it reaches them."""
        try:
            return self.caller_of(SWITCH_USER, SWITCH_USER.privileges).reaches(other.path)
        except NotAllowed:
            return False


def person_loaded(reader: Reader, person_id: int) -> Person | None:
    """Person, role and customer as they are now; None where nobody may log in as this person from anywhere."""
    for fact in reader.find(PersonFact, person_id=person_id, deleted_at=None, locked=0):
        (role,) = reader.find(RoleFact, role_id=fact.role_id)
        for customer in reader.find(CustomerFact, number=fact.customer_number, deleted_at=None):
            return Person(fact.tenant_id, fact.person_id, customer.number, customer.path, privileges_of(role), fact)
    return None

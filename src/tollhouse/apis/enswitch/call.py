"""One call of one function, by somebody who may make it."""

from __future__ import annotations

from typing import TypeVar

from tollhouse.apis.actors import actor_of_person, signed
from tollhouse.apis.enswitch.functions.parameters import Function
from tollhouse.apis.enswitch.sent import Given, idempotency_from_wire
from tollhouse.apis.people.person import Person
from tollhouse.ledger.addresses import Address
from tollhouse.ledger.commands import Caller, Command, Idempotency

C = TypeVar("C", bound=Command)


class Call:
    """`given` are the parameters; `caller` is the person as far as the function lets it reach."""

    def __init__(
        self, function: Function, person: Person, given: Given, key_header: str | None, address: Address | None
    ) -> None:
        self.function = function
        self.person = person
        self.tenant_id = person.tenant_id
        self.caller: Caller = person.caller_of(function, _privileges(function, given))
        self.given = given
        self._key_header = key_header
        self._address = address

    def signed(self, command: C) -> C:
        """The command on this person's word."""
        return signed(command, actor_of_person(self.person, "enswitch", self._address))

    def may(self, *privileges: str) -> bool:
        """Whether the person's role has one of these privileges."""
        return self.person.may(privileges, self.function)

    def idempotency(self) -> Idempotency | None:
        """The caller's token; one that cannot be kept is noted as a fault."""
        return idempotency_from_wire(self.given, self._key_header, self.person.key_scope)


def _privileges(function: Function, given: Given) -> tuple[str, ...]:
    """The privileges of which this call needs one: a flag may ask for others than the function does."""
    for flag, privileges in function.modes.items():
        if given.get(flag) == 1:
            return privileges
    return function.privileges

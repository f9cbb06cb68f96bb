"""One call of one function, by somebody who may make it."""

from __future__ import annotations

from tollhouse.apis.enswitch.functions.parameters import Function
from tollhouse.apis.enswitch.login import Person
from tollhouse.apis.enswitch.sent import Given, idempotency_from_wire
from tollhouse.ledger.commands import Caller, Idempotency


class Call:
    """`given` are the parameters; `caller` is the person as far as the function lets it reach."""

    def __init__(self, function: Function, person: Person, given: Given, key_header: str | None) -> None:
        self.function = function
        self.person = person
        self.tenant_id = person.tenant_id
        self.caller: Caller = person.caller_of(function)
        self.given = given
        self._key_header = key_header

    def idempotency(self) -> Idempotency | None:
        """The caller's token; one that cannot be kept is noted as a fault."""
        return idempotency_from_wire(self.given, self._key_header, self.person.key_scope)

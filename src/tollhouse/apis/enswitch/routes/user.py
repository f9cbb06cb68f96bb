"""Logging in, and acting as somebody else."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions import user as functions
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.reply import people as reply
from tollhouse.apis.enswitch.request import people as request
from tollhouse.apis.enswitch.routes.answers import Answers, answered_by
from tollhouse.apis.enswitch.routes.people import person_wanted
from tollhouse.apis.people.login import Login
from tollhouse.apis.people.person import Person, person_loaded
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.people import is_no_higher, profile_of
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.refusals import PersonUnknown, PrivilegeLacking
from tollhouse.web import Reply


class UserAnswers(Answers):
    def __init__(self, desk: Desk, login: Login) -> None:
        super().__init__(desk)
        self._login = login
        self.by_path = answered_by((functions.LOG_IN, self._log_in), (functions.SWITCH_USER, self._switch))

    async def _log_in(self, call: Call) -> Reply:
        """Whoever comes with a token is answered the same one: it is not made to last longer."""
        given = call.given
        given.check()
        fields = await self._fields(call.person)
        if given.get("token") == 1:
            sent = given.get("auth_token")
            token, ends = (sent, call.person.token_ends) if sent else await self._login.token_for(call.person)
            fields |= reply.token_to_wire(token, ends, self._login.tokens.now())
        return envelope.data_to_wire(fields)

    async def _switch(self, call: Call) -> Reply:
        wanted = request.person_to_switch_to(call.given)
        person = await self._read(call.tenant_id, _to_act_as, call.caller, wanted)
        if not is_no_higher(person.privileges, call.person.privileges):
            raise PrivilegeLacking
        fields = await self._fields(person)
        if call.given.get("token") == 1:
            token, ends = await self._login.token_for(person, switched_by=call.person)
            fields |= reply.token_to_wire(token, ends, self._login.tokens.now())
        return envelope.data_to_wire(fields)

    async def _fields(self, person: Person) -> dict[str, Any]:
        profile = await self._read(person.tenant_id, profile_of, person.person_id)
        return reply.person_to_wire(person.fact, profile)


def _to_act_as(reader: Reader, caller: Caller, wanted: dict[str, Any]) -> Person:
    """Somebody whom the caller sees and who may log in. Raises PersonUnknown."""
    person = person_loaded(reader, person_wanted(reader, caller, wanted).person_id)
    if person is None:
        raise PersonUnknown
    return person

"""People."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec.structs import replace

from tollhouse.apis.desk import Desk
from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions import people as functions
from tollhouse.apis.enswitch.reply import envelope
from tollhouse.apis.enswitch.reply import people as reply
from tollhouse.apis.enswitch.request import people as request
from tollhouse.apis.enswitch.routes.answers import Answers, answered_by
from tollhouse.apis.enswitch.routes.customers import ANYBODY
from tollhouse.apis.enswitch.sent import Given
from tollhouse.apis.people.login import Login
from tollhouse.ledger import seeing
from tollhouse.ledger.commands import Caller, CreatePerson, UpdatePerson
from tollhouse.ledger.facts import PersonFact, Profile
from tollhouse.ledger.one_time_codes import provisioning_uri
from tollhouse.ledger.people import profile_from_details, profile_of
from tollhouse.ledger.queries import PeopleQueries, PeopleWanted
from tollhouse.ledger.refusals import PersonUnknown
from tollhouse.ledger.sight import Finds
from tollhouse.passwords import hash_password
from tollhouse.web import Reply

C = TypeVar("C", CreatePerson, UpdatePerson)


class PeopleAnswers(Answers):
    def __init__(self, desk: Desk, login: Login, queries: PeopleQueries) -> None:
        super().__init__(desk)
        self._login = login
        self._queries = queries
        self.by_path = answered_by(
            (functions.CREATE_PERSON, self._create),
            (functions.GET_PERSON, self._get),
            (functions.LIST_PEOPLE, self._list),
            (functions.UPDATE_PERSON, self._update),
            (functions.DELETE_PERSON, self._delete),
            (functions.UNLOCK_PERSON, self._unlock),
        )
        self.for_strangers = {functions.GET_PERSON.path: self._check}

    async def _create(self, call: Call) -> Reply:
        command = await self._with_password(request.person_to_create(call), call.given)
        return await self._created(call, command, lambda result: int(result.person_id))

    async def _update(self, call: Call) -> Reply:
        command = await self._with_password(request.person_to_update(call), call.given)
        if command.totp is None:
            return await self._done(call, command)
        await self._login.execute_with_code(call.person, command)
        if not command.writes:
            return envelope.validated_to_wire()
        if not command.totp.fresh_secret:
            return envelope.done_to_wire()
        return await self._totp_offered(call, command.username, command.totp.fresh_secret)

    async def _totp_offered(self, call: Call, username: str | None, secret: str) -> Reply:
        """The secret, told this once."""
        tenant = await self._look(call.tenant_id, lambda snapshot: snapshot.tenant)
        uri = provisioning_uri(secret, username=username or call.person.fact.username, issuer=tenant.name)
        return envelope.data_to_wire(reply.totp_to_wire(secret, uri))

    async def _delete(self, call: Call) -> Reply:
        return await self._done(call, request.person_to_delete(call))

    async def _unlock(self, call: Call) -> Reply:
        return await self._done(call, request.person_to_unlock(call))

    async def _get(self, call: Call) -> Reply:
        wanted = request.person_wanted(call.given)
        person, profile = await self._read(call.tenant_id, person_and_profile, call.caller, wanted)
        return envelope.data_to_wire(reply.person_to_wire(person, profile))

    async def _check(self, given: Given, tenant_id: int | None) -> Reply:
        """Whether there is such a person, told to anybody."""
        wanted = request.person_wanted(given)
        if tenant_id is None:
            raise PersonUnknown
        await self._look_for_stranger(tenant_id, person_wanted, ANYBODY, wanted)
        return envelope.data_to_wire({})

    async def _list(self, call: Call) -> Reply:
        wanted = request.people_wanted(call)
        await self._read(call.tenant_id, seeing.customer_seen, call.caller, wanted.customer_number)
        return await self._desk.reads.run(self._listed, call, wanted)

    def _listed(self, call: Call, wanted: PeopleWanted) -> Reply:
        if call.given.get("count"):
            return envelope.data_to_wire({"count": self._queries.people_count(call.tenant_id, wanted)})
        if call.given.get("pages"):
            pages = self._queries.people_pages(call.tenant_id, wanted)
            return envelope.data_to_wire([{"offset": offset, "name": name} for offset, name in pages])
        found = self._queries.people(call.tenant_id, wanted)
        rows = (reply.person_to_wire(each.person, profile_from_details(each.details)) for each in found)
        return envelope.data_to_wire(list(rows))

    async def _with_password(self, command: C, given: Given) -> C:
        """The command with the hash of the password that was given; none is made where nothing is to be done."""
        password = given.get("password")
        if password is None or not command.writes:
            return command
        return replace(command, password_hash=await self._desk.passwords.run(hash_password, password))


def person_and_profile(facts: Finds, caller: Caller, wanted: dict[str, Any]) -> tuple[PersonFact, Profile]:
    person = person_wanted(facts, caller, wanted)
    return person, profile_of(facts, person.person_id)


def person_wanted(facts: Finds, caller: Caller, wanted: dict[str, Any]) -> PersonFact:
    """The person that is asked for by one of id, username and email. Raises PersonUnknown, SeveralPeople."""
    if "id" in wanted:
        return seeing.person_seen(facts, caller, wanted["id"])
    return seeing.person_called(facts, caller, **wanted)

"""What is done to somebody's way in: another password, a lock, their sign-ins ended, codes off, removed.

One's own password and codes are changed on one's own page, where the old one is asked for.
"""

from __future__ import annotations

from tollhouse.apis.people.tokens import Tokens
from tollhouse.console import access
from tollhouse.console.forms import Faults, NotThere, number_in_path, password_of
from tollhouse.console.pages.people import PEOPLE, person_page
from tollhouse.console.pages.person_seen import PersonSeen, may_be_changed, person_shown
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.commands import Command, DeletePerson, UnlockPerson, UpdatePerson
from tollhouse.ledger.commands.people import EndSignIns, LockPerson, TotpChange
from tollhouse.ledger.refusals import PersonUnknown, PrivilegeLacking, Refusal
from tollhouse.passwords import hash_password
from tollhouse.web import Reply


class PersonChanges:
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def routes(self) -> Routes:
        change = access.PEOPLE_CHANGE
        return {
            "/people/{person}/password": {"GET": On(change, self._which), "POST": On(change, self._set_password)},
            "/people/{person}/lock": {"POST": On(change, self._lock)},
            "/people/{person}/unlock": {"POST": On(change, self._unlock)},
            "/people/{person}/sign-out": {"POST": On(change, self._sign_out)},
            "/people/{person}/codes-off": {"POST": On(change, self._codes_off)},
            "/people/{person}/remove": {"GET": On(change, self._ask), "POST": On(change, self._remove)},
        }

    async def _which(self, visit: Visit) -> Reply:
        return _password_form(visit, await self._other(visit), {})

    async def _set_password(self, visit: Visit) -> Reply:
        seen = await self._other(visit)
        faults: Faults = {}
        password = password_of(visit.form, faults)
        if faults:
            return _password_form(visit, seen, faults)
        password_hash = await visit.desk.passwords.run(hash_password, password)
        command = _update(visit, seen, password_hash=password_hash)
        return await self._done(visit, seen, command, "password-set")

    async def _lock(self, visit: Visit) -> Reply:
        seen = await self._seen(visit)
        return await self._done(visit, seen, _of(LockPerson, visit, seen), "person-locked")

    async def _unlock(self, visit: Visit) -> Reply:
        seen = await self._seen(visit)
        return await self._done(visit, seen, _of(UnlockPerson, visit, seen), "person-unlocked")

    async def _sign_out(self, visit: Visit) -> Reply:
        seen = await self._seen(visit)
        return await self._done(visit, seen, _of(EndSignIns, visit, seen), "person-signed-out")

    async def _codes_off(self, visit: Visit) -> Reply:
        seen = await self._other(visit)
        return await self._done(visit, seen, _update(visit, seen, totp=TotpChange(is_wanted=False)), "codes-off")

    async def _ask(self, visit: Visit) -> Reply:
        seen = await self._seen(visit)
        if not may_be_changed(visit, seen):
            return person_page(visit, seen, problem=str(PrivilegeLacking()), status=403)
        return page(visit, "person-remove.html", seen=seen, person=seen.person)

    async def _remove(self, visit: Visit) -> Reply:
        seen = await self._seen(visit)
        return await self._done(visit, seen, _of(DeletePerson, visit, seen), "person-removed", PEOPLE)

    # How.

    async def _seen(self, visit: Visit) -> PersonSeen:
        return await visit.read(person_shown, visit, self._tokens, number_in_path(visit.params["person"]))

    async def _other(self, visit: Visit) -> PersonSeen:
        """Anybody but oneself: who has found a browser open must not get at what lets its owner in."""
        seen = await self._seen(visit)
        if seen.person.person_id == visit.guest.person.person_id:
            raise NotThere
        return seen

    async def _done(self, visit: Visit, seen: PersonSeen, command: Command, told: str, where: str = "") -> Reply:
        try:
            await visit.execute(command)
        except PersonUnknown:
            raise NotThere from None
        except Refusal as refusal:
            status = 403 if isinstance(refusal, PrivilegeLacking) else 422
            return person_page(visit, seen, problem=str(refusal), status=status)
        return see_other(where or f"{PATH}/people/{seen.person.person_id}", {"told": told})


def _of(
    kind: type[LockPerson] | type[UnlockPerson] | type[EndSignIns] | type[DeletePerson], visit: Visit, seen: PersonSeen
) -> Command:
    return kind(
        tenant_id=visit.tenant_id,
        caller=visit.caller,
        privileges=visit.guest.person.privileges,
        person_id=seen.person.person_id,
    )


def _update(
    visit: Visit, seen: PersonSeen, password_hash: str | None = None, totp: TotpChange | None = None
) -> UpdatePerson:
    return UpdatePerson(
        tenant_id=visit.tenant_id,
        caller=visit.caller,
        privileges=visit.guest.person.privileges,
        may_manage=True,
        person_id=seen.person.person_id,
        password_hash=password_hash,
        totp=totp,
    )


def _password_form(visit: Visit, seen: PersonSeen, faults: Faults) -> Reply:
    status = 422 if faults else 200
    return page(visit, "person-password.html", status, seen=seen, person=seen.person, faults=faults)

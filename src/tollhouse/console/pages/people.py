"""People who sign in: listed, made and changed by those who may do no less than they."""

from __future__ import annotations

from typing import Final

import msgspec

from tollhouse.apis.people.tokens import Tokens
from tollhouse.console import access
from tollhouse.console.forms import (
    NOTE_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    Faults,
    Filled,
    NotThere,
    number_in_path,
    number_of,
    password_of,
    text_of,
)
from tollhouse.console.pages.person_seen import PersonSeen, may_be_changed, person_shown
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.domain.identity import EMAIL_LENGTH_MAX, is_email
from tollhouse.ledger.addresses import is_source, may_call_from
from tollhouse.ledger.commands import CreatePerson, UpdatePerson
from tollhouse.ledger.facts import PersonFact
from tollhouse.ledger.queries.people_lists import PeopleLists, PeopleWanted, PersonPlace
from tollhouse.ledger.refusals import (
    CustomerUnknown,
    OwnSystemAccessRefused,
    PersonUnknown,
    PrivilegeLacking,
    Refusal,
    RoleUnknown,
    UsernameTaken,
)
from tollhouse.ledger.roles import roles_to_give
from tollhouse.ledger.sight import Snapshot
from tollhouse.passwords import hash_password
from tollhouse.web import Reply

PEOPLE: Final = f"{PATH}/people"

#: At which field a refusal is told; any other stands above the form.
_FIELDS: Final[dict[type[Refusal], str]] = {
    UsernameTaken: "username",
    RoleUnknown: "role",
    PrivilegeLacking: "role",
    OwnSystemAccessRefused: "role",
    CustomerUnknown: "customer",
}


class People:
    def __init__(self, lists: PeopleLists, tokens: Tokens) -> None:
        self._lists = lists
        self._tokens = tokens

    def routes(self) -> Routes:
        return {
            "/people": {"GET": On(access.PEOPLE, self._list)},
            "/people/new": {"GET": On(access.PEOPLE_CHANGE, self._new), "POST": On(access.PEOPLE_CHANGE, self._create)},
            "/people/{person}": {
                "GET": On(access.PEOPLE, self._show),
                "POST": On(access.PEOPLE_CHANGE, self._save),
            },
        }

    async def _list(self, visit: Visit) -> Reply:
        faults: Faults = {}
        called = text_of(visit.query, "q", faults, length_max=EMAIL_LENGTH_MAX)
        customer = number_of(visit.query, "customer", faults)
        wanted = PeopleWanted(visit.caller, customer or 0, called, _place(visit.query.get("after", "")))
        system_now = visit.desk.clock.now()
        found = None if faults else await visit.ask(self._lists.people, visit.tenant_id, wanted, system_now)
        return page(
            visit,
            "people.html",
            422 if faults else 200,
            found=found,
            filled=Filled(visit.query),
            faults=faults,
            is_filtered=bool(called or customer),
            query={"q": called, "customer": customer or ""},
            next="" if found is None or found.next is None else f"{found.next.person_id}-{found.next.username}",
            is_first=wanted.after is None,
            may_change=visit.may(access.PEOPLE_CHANGE),
        )

    # New.

    async def _new(self, visit: Visit) -> Reply:
        filled = Filled(customer=visit.query.get("customer", ""))
        return await self._new_form(visit, filled, {})

    async def _create(self, visit: Visit) -> Reply:
        faults: Faults = {}
        given = _given(visit.form, faults, is_email_needed=True)
        customer = number_of(visit.form, "customer", faults)
        password = password_of(visit.form, faults)
        if faults:
            return await self._new_form(visit, Filled(visit.form), faults)
        command = CreatePerson(
            tenant_id=visit.tenant_id,
            caller=visit.caller,
            privileges=visit.guest.person.privileges,
            customer_number=customer or None,
            username=given.username,
            email=given.email,
            role_id=given.role_id,
            forename=given.forename,
            surname=given.surname,
            source=given.source,
            password_hash=await visit.desk.passwords.run(hash_password, password),
        )
        try:
            person_id = (await visit.execute(command)).result.person_id
        except Refusal as refusal:
            return await self._new_form(visit, Filled(visit.form), *_told(refusal))
        return see_other(f"{PEOPLE}/{person_id}", {"told": "person-made"})

    async def _new_form(self, visit: Visit, filled: Filled, faults: Faults, problem: str = "") -> Reply:
        given = await visit.read(_roles, visit)
        status = 422 if faults or problem else 200
        return page(
            visit, "person-new.html", status, filled=filled, faults=faults, problem=problem, roles=given, person=None
        )

    # One.

    async def _show(self, visit: Visit) -> Reply:
        seen = await visit.read(person_shown, visit, self._tokens, number_in_path(visit.params["person"]))
        return person_page(visit, seen)

    async def _save(self, visit: Visit) -> Reply:
        seen = await visit.read(person_shown, visit, self._tokens, number_in_path(visit.params["person"]))
        if not may_be_changed(visit, seen):
            return person_page(visit, seen, problem=str(PrivilegeLacking()), status=403)
        faults: Faults = {}
        given = _given(visit.form, faults, is_email_needed=bool(seen.person.email))
        is_self = seen.person.person_id == visit.guest.person.person_id
        if is_self and "source" not in faults and not may_call_from(given.source, visit.guest.network_address):
            faults["source"] = "You would lock yourself out: the address that you have now is not among these."
        if faults:
            return person_page(visit, seen, filled=Filled(visit.form), faults=faults, status=422)
        command = UpdatePerson(
            tenant_id=visit.tenant_id,
            caller=visit.caller,
            privileges=visit.guest.person.privileges,
            may_manage=True,
            person_id=seen.person.person_id,
            username=given.username,
            email=given.email,
            role_id=given.role_id,
            forename=given.forename,
            surname=given.surname,
            source=given.source,
        )
        try:
            await visit.execute(command)
        except PersonUnknown:
            raise NotThere from None
        except Refusal as refusal:
            found, problem = _told(refusal)
            return person_page(visit, seen, filled=Filled(visit.form), faults=found, problem=problem, status=422)
        return see_other(f"{PEOPLE}/{seen.person.person_id}", {"told": "saved"})


def person_page(
    visit: Visit,
    seen: PersonSeen,
    *,
    filled: Filled | None = None,
    faults: Faults | None = None,
    problem: str = "",
    status: int = 200,
) -> Reply:
    return page(
        visit,
        "person.html",
        status,
        seen=seen,
        person=seen.person,
        roles={str(role.role_id): role.name for role in seen.roles},
        filled=_standing(seen.person) if filled is None else filled,
        faults=faults or {},
        problem=problem,
        is_self=seen.person.person_id == visit.guest.person.person_id,
        may_change=may_be_changed(visit, seen),
    )


class _Given(msgspec.Struct, frozen=True):
    username: str
    email: str
    role_id: int
    forename: str
    surname: str
    source: str


def _given(form: dict[str, str], faults: Faults, *, is_email_needed: bool) -> _Given:
    email = text_of(form, "email", faults, is_needed=is_email_needed, length_max=EMAIL_LENGTH_MAX)
    if email and "email" not in faults and not is_email(email):
        faults["email"] = "Enter an e-mail address such as ada@example.com."
    source = text_of(form, "source", faults, length_max=NOTE_LENGTH_MAX).strip(" ,\t\r\n")
    if not is_source(source):
        faults["source"] = "Enter addresses and ranges such as 192.0.2.7 or 198.51.100.0/24, with spaces between them."
    role_id = number_of(form, "role", faults)
    if not role_id:
        faults["role"] = "Choose a role."
    username = text_of(form, "username", faults, is_needed=True, length_max=TEXT_LENGTH_MAX)
    forename, surname = text_of(form, "forename", faults), text_of(form, "surname", faults)
    return _Given(username, email, role_id or 0, forename, surname, source)


def _told(refusal: Refusal) -> tuple[Faults, str]:
    """At its field, else above the form."""
    name = _FIELDS.get(type(refusal))
    return ({name: str(refusal)}, "") if name else ({}, str(refusal))


def _standing(person: PersonFact) -> Filled:
    names = ("username", "email", "forename", "surname", "source")
    return Filled({name: getattr(person, name) for name in names} | {"role": str(person.role_id)})


def _place(text: str) -> PersonPlace | None:
    if not text:
        return None
    number, _, username = text.partition("-")
    return PersonPlace(username, number_in_path(number))


def _roles(snapshot: Snapshot, visit: Visit) -> dict[str, str]:
    """Those that the person may give."""
    found = roles_to_give(snapshot, visit.guest.person.privileges)
    return {str(role.role_id): role.name for role in found}

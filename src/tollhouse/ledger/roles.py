"""Roles of a tenant, and what each allows."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import CreateRole, SetAccess
from tollhouse.ledger.facts import PersonFact, RoleFact
from tollhouse.ledger.people import is_no_higher, privileges_of
from tollhouse.ledger.refusals import OwnSystemAccessRefused, RoleNameTaken, RoleUnknown
from tollhouse.ledger.sight import Finds


class RoleCreated(msgspec.Struct, frozen=True, gc=False):
    """`role_id` is 0 where the command was only to be decided."""

    role_id: int


class AccessSet(msgspec.Struct, frozen=True, gc=False):
    role_id: int


def create(book: Book, command: CreateRole) -> RoleCreated:
    if book.find(RoleFact, name=command.name):
        raise RoleNameTaken
    if command.validation:
        return RoleCreated(0)
    role_id = book.next_number("role")
    book.add(RoleFact(book.tenant_id, role_id, command.name, "{}", command.description))
    return RoleCreated(role_id)


def set_access(book: Book, command: SetAccess) -> AccessSet:
    """Say what a role allows. Nobody takes their own `system` away: there might be nobody left to give it back."""
    for role in book.find(RoleFact, lock=True, role_id=command.role_id):
        if command.privilege == "system" and command.access != 1 and _is_own(book, command):
            raise OwnSystemAccessRefused
        privileges = {**privileges_of(role), command.privilege: command.access}
        if not command.validation:
            book.put(replace(role, privileges=msgspec.json.encode(privileges).decode()))
        return AccessSet(role.role_id)
    raise RoleUnknown


def roles_to_give(facts: Finds, privileges: dict[str, int]) -> list[RoleFact]:
    """The roles of the tenant that somebody with these privileges may give, by their ids."""
    found = [role for role in facts.find(RoleFact) if is_no_higher(privileges_of(role), privileges)]
    return sorted(found, key=lambda role: role.role_id)


def _is_own(book: Book, command: SetAccess) -> bool:
    return bool(book.find(PersonFact, person_id=command.caller.person_id, role_id=command.role_id))

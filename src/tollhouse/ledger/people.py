"""People: made, changed, deleted, unlocked.

Nobody gives what they do not have: neither a role with a privilege that the caller lacks, nor power over a person who
has one.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from tollhouse.domain.identity import folded_email
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import CreatePerson, DeletePerson, UnlockPerson, UpdatePerson
from tollhouse.ledger.commands.people import LockPerson, TotpChange
from tollhouse.ledger.facts import (
    CustomerFact,
    LoginAddressFact,
    LoginNameFact,
    PersonFact,
    Profile,
    ProfileFact,
    RoleFact,
)
from tollhouse.ledger.logins import forget_failures
from tollhouse.ledger.one_time_codes import matching_step
from tollhouse.ledger.refusals import (
    CodeRefused,
    OwnDeletionRefused,
    OwnLockRefused,
    OwnSystemAccessRefused,
    PasswordNotCopied,
    PrivilegeLacking,
    RoleUnknown,
    UsernameTaken,
)
from tollhouse.ledger.seeing import customer_seen, person_seen
from tollhouse.ledger.sight import Finds
from tollhouse.shapes import Shape

_PLAIN = ("password_hash", "forename", "surname", "source", "username", "role_id")
#: What one changes of oneself only as somebody who may manage people.
_MANAGED = ("username", "role_id", "source")

#: Access that is higher allows more: none, read-only, full.
_HEIGHTS = {0: 0, 2: 1, 1: 2}


_PROFILE = Shape(Profile)


class PersonCreated(msgspec.Struct, frozen=True, gc=False):
    """`person_id` is 0 where the command was only to be decided."""

    person_id: int


class PersonChanged(msgspec.Struct, frozen=True, gc=False):
    person_id: int


def create(book: Book, command: CreatePerson) -> PersonCreated:
    number = command.caller.customer_number if command.customer_number is None else command.customer_number
    customer = customer_seen(book, command.caller, number)
    _check_may_give(book, command.role_id, command.privileges)
    _check_free(book, command.username)
    password_hash = _copied(book, command, customer) if command.copy_password else command.password_hash
    if command.validation:
        return PersonCreated(0)
    person_id = book.next_number("person")
    book.add(LoginNameFact(command.username, book.tenant_id, person_id))
    book.add(_new_person(book, command, customer, person_id, password_hash))
    places = {"country": customer.country, "timezone": customer.timezone}
    book.add(_profile_fact(book, person_id, Profile(**{**places, **dict(command.profile)})))
    return PersonCreated(person_id)


def update(book: Book, command: UpdatePerson) -> PersonChanged:
    person = person_seen(book, command.caller, command.person_id, lock=True)
    changes = _changes(command, person)
    _check_may_change(book, command, person, changes)
    if "role_id" in changes:
        _check_new_role(book, command, person)
    if "username" in changes:
        _check_free(book, command.username or "")
    if command.totp is not None:
        changes |= _totp_changes(book, command, command.totp, person)
    if not command.validation:
        _change(book, person, changes)
        _change_profile(book, person, command.profile)
    return PersonChanged(person.person_id)


def delete(book: Book, command: DeletePerson) -> PersonChanged:
    person = person_seen(book, command.caller, command.person_id, lock=True)
    if person.person_id == command.caller.person_id:
        raise OwnDeletionRefused
    check_no_higher(book, person.role_id, command.privileges)
    book.remove(LoginNameFact(person.username, person.tenant_id, person.person_id), "username")
    for address in book.find(LoginAddressFact, person_id=person.person_id):
        book.remove(address, "person_id", "address")
    book.put(replace(person, deleted_at=book.system_now, totp_secret="", totp_pending=""))
    return PersonChanged(person.person_id)


def lock(book: Book, command: LockPerson) -> PersonChanged:
    person = person_seen(book, command.caller, command.person_id, lock=True)
    if person.person_id == command.caller.person_id:
        raise OwnLockRefused
    check_no_higher(book, person.role_id, command.privileges)
    if not person.locked:
        book.put(replace(person, locked=1, token_epoch=person.token_epoch + 1))
    return PersonChanged(person.person_id)


def unlock(book: Book, command: UnlockPerson) -> PersonChanged:
    person = person_seen(book, command.caller, command.person_id, lock=True)
    check_no_higher(book, person.role_id, command.privileges)
    forget_failures(book, person.person_id)
    if person.locked:
        book.put(replace(person, locked=0))
    return PersonChanged(person.person_id)


def profile_of(facts: Finds, person_id: int) -> Profile:
    rows = facts.find(ProfileFact, person_id=person_id)
    return profile_from_details(rows[0].details if rows else None)


def profile_from_details(details: str | None) -> Profile:
    """The profile that a row holds; of somebody without one, the defaults."""
    return Profile() if details is None else _PROFILE.from_json(details)


def privileges_of(role: RoleFact) -> dict[str, int]:
    return msgspec.json.decode(role.privileges, type=dict[str, int])


def is_no_higher(privileges: dict[str, int], than: dict[str, int]) -> bool:
    """Whether nothing is allowed by the first that is not by the second."""
    return all(_height(access) <= _height(than.get(privilege, 0)) for privilege, access in privileges.items())


def lower_of(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    """What both allow."""
    return {name: min(access, other.get(name, 0), key=_height) for name, access in one.items()}


def _height(access: int) -> int:
    return _HEIGHTS.get(access, 0)


# Who may.


def _check_may_change(book: Book, command: UpdatePerson, person: PersonFact, changes: dict[str, Any]) -> None:
    is_self = person.person_id == command.caller.person_id
    if not command.may_manage and (not is_self or any(name in changes for name in _MANAGED)):
        raise PrivilegeLacking
    if not is_self:
        check_no_higher(book, person.role_id, command.privileges)


def _check_new_role(book: Book, command: UpdatePerson, person: PersonFact) -> None:
    role = _check_may_give(book, command.role_id or 0, command.privileges)
    is_self = person.person_id == command.caller.person_id
    if is_self and _has_system(command.privileges) and not _has_system(privileges_of(role)):
        raise OwnSystemAccessRefused


def _has_system(privileges: dict[str, int]) -> bool:
    return privileges.get("system") == 1


def _check_may_give(book: Book, role_id: int, privileges: dict[str, int]) -> RoleFact:
    """The role, which a caller with these privileges may give. Raises RoleUnknown, PrivilegeLacking."""
    for role in book.find(RoleFact, role_id=role_id):
        if not is_no_higher(privileges_of(role), privileges):
            raise PrivilegeLacking
        return role
    raise RoleUnknown


def check_no_higher(book: Book, role_id: int, privileges: dict[str, int]) -> None:
    """Raises PrivilegeLacking where somebody with this role may do what one with these privileges may not."""
    if not all(is_no_higher(privileges_of(role), privileges) for role in book.find(RoleFact, role_id=role_id)):
        raise PrivilegeLacking


def _check_free(book: Book, username: str) -> None:
    if book.login_name(username) is not None:
        raise UsernameTaken


def _copied(book: Book, command: CreatePerson, customer: CustomerFact) -> str:
    """The hash of another person of the same customer, who may do no more than the caller: it can be tried out."""
    for person in book.find(PersonFact, person_id=command.copy_password, deleted_at=None):
        if person.customer_number == customer.number:
            check_no_higher(book, person.role_id, command.privileges)
            return person.password_hash
    raise PasswordNotCopied


# What is kept.


def _new_person(
    book: Book, command: CreatePerson, customer: CustomerFact, person_id: int, password_hash: str
) -> PersonFact:
    return PersonFact(
        tenant_id=book.tenant_id,
        person_id=person_id,
        username=command.username,
        password_hash=password_hash,
        role_id=command.role_id,
        customer_number=customer.number,
        locked=0,
        created_at=book.now,
        email=command.email,
        email_folded=folded_email(command.email),
        forename=command.forename,
        surname=command.surname,
        source=command.source,
    )


def _changes(command: UpdatePerson, person: PersonFact) -> dict[str, Any]:
    """The columns that become others. What ends the tokens of a person is counted besides."""
    given = {name: getattr(command, name) for name in _PLAIN}
    if command.email is not None:
        given |= {"email": command.email, "email_folded": folded_email(command.email)}
    return {name: value for name, value in given.items() if value is not None and value != getattr(person, name)}


def _totp_changes(book: Book, command: UpdatePerson, change: TotpChange, person: PersonFact) -> dict[str, Any]:
    """One-time codes are set up by the person, in two steps; whoever may manage the person can take them off."""
    is_self = person.person_id == command.caller.person_id
    if change.fresh_secret or change.is_wanted:
        if not is_self:
            raise PrivilegeLacking
        if change.fresh_secret:
            return {"totp_pending": change.fresh_secret}
        return {"totp_secret": person.totp_pending, "totp_pending": "", **_used_code(book, person.totp_pending, change)}
    if not person.totp_secret:
        return {"totp_pending": ""}
    off: dict[str, Any] = {"totp_secret": "", "totp_pending": ""}
    if is_self:
        step = _used_code(book, person.totp_secret, change)
        if step["totp_step"] <= person.totp_step:
            raise CodeRefused
        off |= step
    return off


def _used_code(book: Book, secret: str, change: TotpChange) -> dict[str, int]:
    step = matching_step(secret, change.code, book.system_now) if secret else None
    if step is None:
        raise CodeRefused
    return {"totp_step": step}


def _change(book: Book, person: PersonFact, changes: dict[str, Any]) -> None:
    if "username" in changes:
        book.remove(LoginNameFact(person.username, person.tenant_id, person.person_id), "username")
        book.add(LoginNameFact(changes["username"], person.tenant_id, person.person_id))
    if "role_id" in changes or "totp_secret" in changes:
        changes["token_epoch"] = person.token_epoch + 1
    if changes:
        book.put(replace(person, **changes))


def _change_profile(book: Book, person: PersonFact, given: tuple[tuple[str, str], ...]) -> None:
    if given:
        rows = book.find(ProfileFact, person_id=person.person_id)
        known = asdict(profile_from_details(rows[0].details if rows else None))
        book.put(_profile_fact(book, person.person_id, Profile(**{**known, **dict(given)})))


def _profile_fact(book: Book, person_id: int, profile: Profile) -> ProfileFact:
    return ProfileFact(book.tenant_id, person_id, msgspec.json.encode(profile).decode())

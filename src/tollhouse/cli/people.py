"""People who log in: `people list`, `roles`, `create`, `lock`, `unlock`, `password`, `totp-off`.

Passwords are asked for on a terminal or read from standard input: everybody on the machine sees a command's arguments.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer
from msgspec.structs import replace as with_values

from tollhouse.cli.books import (
    LIMIT,
    LIMIT_MAX,
    NUMBER_MAX,
    OPERATOR,
    AfterOption,
    Books,
    JsonOption,
    LimitOption,
    TenantOption,
    books_of,
    page_of,
)
from tollhouse.cli.frame import cli, fail
from tollhouse.cli.menu import COMMANDS
from tollhouse.cli.showing import Instant, Rows, Value
from tollhouse.domain.identity import is_email, is_storable
from tollhouse.ledger.commands import PRIVILEGES, CreatePerson, UnlockPerson, UpdatePerson
from tollhouse.ledger.commands.people import LockPerson, TotpChange
from tollhouse.ledger.facts import ROOT_NUMBER, LoginAddressFact, PersonFact, RoleFact
from tollhouse.ledger.logins import STRANGERS
from tollhouse.ledger.people import privileges_of
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.refusals import PersonUnknown, RoleUnknown
from tollhouse.ledger.seeing import person_called
from tollhouse.passwords import hash_password

NAME_LENGTH_MAX: Final = 255
PASSWORD_LENGTH_MAX: Final = 4000

PEOPLE: Final = ("person", "username", "customer", "role", "email", "locked", "totp", "refused_until", "created_at")
ROLES: Final = ("role", "name", "privileges", "description")

#: An operator may all that there is.
ALL_PRIVILEGES: Final = dict.fromkeys(PRIVILEGES, 1)

people = typer.Typer(help=COMMANDS["people"].about, no_args_is_help=True)
cli.add_typer(people, name="people")

UsernameArgument = Annotated[str, typer.Argument(metavar="USERNAME", help="Who.")]


@people.command("list")
def list_people(
    limit: LimitOption = LIMIT, after: AfterOption = 0, tenant: TenantOption = "", as_json: JsonOption = False
) -> None:
    """Everybody by number. `refused_until`: too many failures to log in, from addresses that never succeeded."""
    with books_of(tenant, as_json=as_json) as books, books.back.store.reading(books.tenant_id) as reader:
        found = reader.page(PersonFact, "person_id", after + 1, limit + 1, deleted_at=None)
        shown, next_after = page_of(found, limit, lambda person: person.person_id)
        books.showing.page(Rows("people", PEOPLE, _rows(reader, shown, books.back.clock.now()), next_after))


@people.command("roles")
def list_roles(tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """The roles that people can have, and what each allows (`read` is read-only)."""
    with books_of(tenant, as_json=as_json) as books, books.back.store.reading(books.tenant_id) as reader:
        found = reader.first(RoleFact, LIMIT_MAX, order=("role_id",))
        rows = [(role.role_id, role.name, _allowed(role), role.description) for role in found]
        books.showing.page(Rows("roles", ROLES, rows))


@people.command("create")
def create(
    username: Annotated[str, typer.Argument(metavar="USERNAME", help="Unique in the installation.")],
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="A role's name or number.")],
    *,
    email: Annotated[str, typer.Option("--email", metavar="E-MAIL", help="The e-mail address.")] = "",
    customer: Annotated[
        int, typer.Option("--customer", metavar="NUMBER", min=1, max=NUMBER_MAX, help="Whose person.")
    ] = ROOT_NUMBER,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make a person; the password is asked for, or is the first line of standard input."""
    if not username.strip() or len(username) > NAME_LENGTH_MAX or not is_storable(username):
        fail(f"USERNAME: must have 1 to {NAME_LENGTH_MAX} characters.")
    if email and not is_email(email):
        fail("--email: must be an e-mail address.")
    with books_of(tenant, as_json=as_json) as books:
        with books.back.store.reading(books.tenant_id) as reader:
            role_id = _role_id(reader, role)
        command = CreatePerson(
            tenant_id=books.tenant_id,
            caller=OPERATOR,
            privileges=ALL_PRIVILEGES,
            customer_number=customer,
            username=username,
            email=email,
            role_id=role_id,
        )
        books.back.rehearse(command)
        created = books.back.do(with_values(command, password_hash=hash_password(new_password()))).result
        books.showing.one(_fields(books, created.person_id))


@people.command("lock")
def lock(username: UsernameArgument, tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """Let somebody in no more, anywhere, until they are unlocked."""
    with books_of(tenant, as_json=as_json) as books:
        person_id = _person_id(books, username)
        command = LockPerson(tenant_id=books.tenant_id, caller=OPERATOR, privileges=ALL_PRIVILEGES, person_id=person_id)
        books.back.do(command)
        books.showing.one(_fields(books, person_id))


@people.command("unlock")
def unlock(username: UsernameArgument, tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """Let somebody in again who was locked, or who failed to log in too often."""
    with books_of(tenant, as_json=as_json) as books:
        person_id = _person_id(books, username)
        command = UnlockPerson(
            tenant_id=books.tenant_id, caller=OPERATOR, privileges=ALL_PRIVILEGES, person_id=person_id
        )
        books.back.do(command)
        books.showing.one(_fields(books, person_id))


@people.command("password")
def password(username: UsernameArgument, tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """Give somebody another password: it is asked for, or is the first line of standard input."""
    with books_of(tenant, as_json=as_json) as books:
        person_id = _person_id(books, username)
        books.back.do(_update(books, person_id, password_hash=hash_password(new_password())))
        books.showing.one(_fields(books, person_id))


@people.command("totp-off")
def totp_off(username: UsernameArgument, tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """Ask somebody for no one-time code any more, who has lost what made them."""
    with books_of(tenant, as_json=as_json) as books:
        person_id = _person_id(books, username)
        books.back.do(_update(books, person_id, totp=TotpChange(is_wanted=False)))
        books.showing.one(_fields(books, person_id))


# Passwords.


def new_password() -> str:
    """Asked for twice on a terminal, else the first line of standard input; ends the command where it cannot be one."""
    if sys.stdin.isatty():
        text: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        text = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    if not text or len(text) > PASSWORD_LENGTH_MAX or not is_storable(text):
        fail(f"The password must have 1 to {PASSWORD_LENGTH_MAX} characters: the first line of standard input.")
    return text


# Who.


def _person_id(books: Books, username: str) -> int:
    if not is_storable(username):
        raise PersonUnknown
    with books.back.store.reading(books.tenant_id) as reader:
        return person_called(reader, OPERATOR, username=username).person_id


def _role_id(reader: Reader, named: str) -> int:
    """The role with this name, else with this number. Raises RoleUnknown; ends the command where several have it."""
    roles = reader.first(RoleFact, LIMIT_MAX, order=("role_id",))
    found = [role for role in roles if role.name == named] or [role for role in roles if str(role.role_id) == named]
    if len(found) > 1:
        fail(f"Several roles have this name: give a number. {', '.join(str(role.role_id) for role in found)}.")
    if not found:
        raise RoleUnknown
    return found[0].role_id


def _update(books: Books, person_id: int, **changes: Any) -> UpdatePerson:
    return UpdatePerson(
        tenant_id=books.tenant_id,
        caller=OPERATOR,
        privileges=ALL_PRIVILEGES,
        may_manage=True,
        person_id=person_id,
        **changes,
    )


# Rows.


def _fields(books: Books, person_id: int) -> dict[str, Value]:
    with books.back.store.reading(books.tenant_id) as reader:
        found = reader.find(PersonFact, person_id=person_id)
        (row,) = _rows(reader, found, books.back.clock.now())
    return dict(zip(PEOPLE, row, strict=True))


def _rows(reader: Reader, people: Sequence[PersonFact], now: int) -> list[Sequence[Value]]:
    """Without hashes and secrets."""
    roles = {role.role_id: role.name for role in reader.find(RoleFact)}
    ids = [person.person_id for person in people]
    refused = {
        row.person_id: Instant(row.refused_until)
        for row in reader.find(LoginAddressFact, person_id=ids, address=STRANGERS)
        if row.refused_until > now
    }
    return [
        (
            person.person_id,
            person.username,
            person.customer_number,
            roles.get(person.role_id),
            person.email or None,
            bool(person.locked),
            bool(person.totp_secret),
            refused.get(person.person_id),
            Instant(person.created_at),
        )
        for person in people
    ]


def _allowed(role: RoleFact) -> list[str]:
    named = {1: "{}", 2: "{} (read)"}
    return [named[access].format(name) for name, access in sorted(privileges_of(role).items()) if access in named]

"""People, their roles, and how they log in."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from tollhouse.ledger.commands.command import Caller, CheckableCommand, Command

#: What a role's privileges are about.
PRIVILEGES = (
    "administrator",
    "callshop",
    "commerce",
    "payment",
    "reports",
    "settings",
    "system",
    "user",
    "user_reports",
    "wholesale",
)


class CreatePerson(CheckableCommand, frozen=True, kw_only=True):
    """Make a person of a customer; without a number of the caller's.

    `privileges` are what the caller's role allows. The password comes as its hash, or `copy_password` names another
    person of the same customer whose password it shall be. A country or time zone that is not given is the customer's.
    """

    caller: Caller
    privileges: dict[str, int]
    customer_number: int | None
    username: str
    email: str
    role_id: int
    password_hash: str = ""
    copy_password: int = 0
    forename: str = ""
    surname: str = ""
    source: str = ""
    profile: tuple[tuple[str, str], ...] = ()

    numbers: ClassVar[tuple[str, ...]] = ("person",)


class TotpChange(msgspec.Struct, frozen=True):
    """What becomes of a person's one-time codes.

    With a fresh secret that one is offered; with `is_wanted` and a code the offered one is confirmed; else codes are no
    longer asked for.
    """

    is_wanted: bool
    fresh_secret: str = ""
    code: str = ""


class UpdatePerson(CheckableCommand, frozen=True, kw_only=True):
    """Change a person; None leaves a field as it is, and so does what `profile` does not name.

    Who may not manage people changes of themselves what is not their username, role or allowed addresses.
    """

    caller: Caller
    privileges: dict[str, int]
    may_manage: bool
    person_id: int
    username: str | None = None
    email: str | None = None
    role_id: int | None = None
    password_hash: str | None = None
    forename: str | None = None
    surname: str | None = None
    source: str | None = None
    profile: tuple[tuple[str, str], ...] = ()
    totp: TotpChange | None = None


class DeletePerson(Command, frozen=True, kw_only=True):
    """End a person for good; the username becomes free."""

    caller: Caller
    privileges: dict[str, int]
    person_id: int


class UnlockPerson(Command, frozen=True, kw_only=True):
    """Let somebody log in again after too many failures."""

    caller: Caller
    privileges: dict[str, int]
    person_id: int


class LockPerson(Command, frozen=True, kw_only=True):
    """Let a person in no more, and end their tokens, until somebody unlocks them."""

    caller: Caller
    privileges: dict[str, int]
    person_id: int


class EndSignIns(Command, frozen=True, kw_only=True):
    """End a person's sign-ins and tokens; the password stays as it is."""

    caller: Caller
    privileges: dict[str, int]
    person_id: int


class CreateRole(CheckableCommand, frozen=True, kw_only=True):
    """Make a role that allows nothing yet."""

    name: str
    description: str = ""

    numbers: ClassVar[tuple[str, ...]] = ("role",)


class SetAccess(CheckableCommand, frozen=True, kw_only=True):
    """Say whether a role has one of the PRIVILEGES: 1 yes, 2 read-only, 0 no."""

    caller: Caller
    role_id: int
    privilege: str
    access: int


class LoginLimits(msgspec.Struct, frozen=True):
    """How many failures one address may have in a quarter of an hour, and how long it is then refused."""

    failures_max: int
    refused_seconds: int


class RecordLogin(Command, frozen=True, kw_only=True):
    """Somebody logged in as a person from an address, or failed to."""

    person_id: int
    address: str
    succeeded: bool
    limits: LoginLimits


class UseCode(Command, frozen=True, kw_only=True):
    """Use up the one-time code of one time step: it counts once."""

    person_id: int
    step: int


class SignIn(Command, frozen=True, kw_only=True):
    """Somebody who has logged in goes on at the console: by a secret with this SHA-256, for so long."""

    person_id: int
    sign_in_hash: str
    stamp: str
    address: str
    seconds: int


class SignOut(Command, frozen=True, kw_only=True):
    """End a sign-in, or with `everywhere` all of the same person."""

    person_id: int
    sign_in_hash: str
    everywhere: bool = False

"""Who logs in, what they may, and from where they tried."""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse.ledger.facts.fact import ChangingFact


class RoleFact(ChangingFact):
    """`privileges` is a JSON object: 1 may, 2 may read, 0 or absent may not."""

    tenant_id: int
    role_id: int
    name: str
    privileges: str
    description: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.role_id,)


class PersonFact(ChangingFact):
    """`source` are the addresses from which the person may call; empty is any.

    `token_epoch` counts what ends the person's tokens besides a new password. `totp_secret` is empty for who needs no
    one-time codes, `totp_pending` is one that waits to be confirmed, `totp_step` the last time step whose code was
    used.
    """

    tenant_id: int
    person_id: int
    username: str
    password_hash: str
    role_id: int
    customer_number: int
    locked: int
    created_at: int
    email: str = ""
    email_folded: str = ""
    forename: str = ""
    surname: str = ""
    source: str = ""
    token_epoch: int = 0
    totp_secret: str = ""
    totp_pending: str = ""
    totp_step: int = 0
    deleted_at: int | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.person_id,)


class Profile(msgspec.Struct, frozen=True):
    """What is only told about a person and decides nothing."""

    company: str = ""
    country: str = ""
    date_format: str = "YYYY-MM-DD"
    description: str = ""
    extension: str = ""
    fax: str = ""
    language: str = ""
    mobile: str = ""
    public_key: str = ""
    telephone: str = ""
    time_format: str = "24"
    timezone: str = ""
    title: str = ""


class ProfileFact(ChangingFact):
    """A person's Profile as JSON, apart from what each call reads. Who has none has the defaults."""

    tenant_id: int
    person_id: int
    details: str

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.person_id,)


class LoginNameFact(ChangingFact):
    """Where a username lives; usernames are unique in an installation."""

    username: str
    tenant_id: int
    person_id: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.username,)


class LoginAddressFact(ChangingFact):
    """How often somebody failed to log in as a person from one address, since when, and until when that is refused.

    The address "" stands for all from which nobody ever logged in as this person. `good_at` is when somebody last did,
    or 0.
    """

    tenant_id: int
    person_id: int
    address: str
    failures: int
    since_at: int
    refused_until: int
    good_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.person_id, self.address)


class SignInFact(ChangingFact):
    """Somebody signed in at the console, until they sign out or it ends. What their browser keeps is a secret of which
    this has the SHA-256. `stamp` fits the person as long as their tokens do."""

    tenant_id: int
    sign_in_hash: str
    person_id: int
    stamp: str
    address: str
    began_at: int
    ends_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.sign_in_hash,)

"""From people, their tokens and roles to the wire. Never with a password's hash or the secret of one-time codes."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import PRIVILEGES
from tollhouse.ledger.facts import PersonFact, Profile, RoleFact
from tollhouse.ledger.people import privileges_of


def person_to_wire(person: PersonFact, profile: Profile) -> dict[str, Any]:
    return {
        "id": person.person_id,
        "username": person.username,
        "customer": person.customer_number,
        "role": person.role_id,
        "email": person.email,
        "forename": person.forename,
        "surname": person.surname,
        "source": person.source,
        "locked": person.locked,
        "totp": int(bool(person.totp_secret)),
        "created": person.created_at // SECOND,
        **asdict(profile),
    }


def token_to_wire(token: str, ends: int | None, now: int) -> dict[str, Any]:
    """`ends` and `now` are UNIX seconds; without an end there is none to tell."""
    if ends is None:
        return {"auth_token": token, "auth_token_expiry": 0}
    return {"auth_token": token, "auth_token_expiry": max(ends - now, 0), "auth_token_expires": ends}


def code_wanted_to_wire(token: str, username: str) -> dict[str, Any]:
    return {"totp_required": True, "totp_token": token, "username": username}


def totp_to_wire(secret: str, uri: str) -> dict[str, Any]:
    return {"totp_secret": secret, "totp_uri": uri}


def role_to_wire(role: RoleFact) -> dict[str, Any]:
    privileges = privileges_of(role)
    return {
        "id": role.role_id,
        "name": role.name,
        "description": role.description,
        "access": {privilege: privileges.get(privilege, 0) for privilege in PRIVILEGES},
    }

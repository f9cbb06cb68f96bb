"""Who logs in."""

from __future__ import annotations

from tollhouse.ledger.facts.fact import Fact


class RoleFact(Fact):
    """`privileges` is a JSON object: 1 may, 2 may read, 0 or absent may not."""

    tenant_id: int
    role_id: int
    name: str
    privileges: str


class PersonFact(Fact):
    tenant_id: int
    person_id: int
    username: str
    password_hash: str
    role_id: int
    customer_number: int
    locked: int
    created_at: int


class LoginNameFact(Fact):
    """Where a username lives; usernames are unique in an installation."""

    username: str
    tenant_id: int
    person_id: int

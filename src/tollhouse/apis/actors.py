"""On whose word a change is done, as the audit log names them."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from tollhouse.apis.desk import Credential
from tollhouse.apis.peers import address_of
from tollhouse.apis.people.person import Person
from tollhouse.ledger.addresses import Address, Networks
from tollhouse.ledger.auditing.subjects import TRAFFIC
from tollhouse.ledger.commands import Actor, Command
from tollhouse.ledger.facts import ROOT_NUMBER, ROOT_PATH
from tollhouse.web import Request

C = TypeVar("C", bound=Command)

PERSON = "person"
KEY = "key"


def actor_of_person(person: Person, door: str, address: Address | None) -> Actor:
    """Somebody who acts as somebody else is both."""
    username = person.fact.username
    return Actor(
        kind=PERSON,
        person_id=person.person_id,
        name=username if person.switched_by is None else f"{username} (by person {person.switched_by[0]})",
        customer_number=person.customer_number,
        path=person.path,
        door=door,
        address=str(address or ""),
    )


def actor_of_key(credential: Credential, door: str, request: Request, trusted_proxies: Networks) -> Actor:
    return Actor(
        kind=KEY,
        person_id=0,
        name=credential.name,
        customer_number=ROOT_NUMBER,
        path=ROOT_PATH,
        door=door,
        address=str(address_of(request, trusted_proxies) or ""),
    )


def signed(command: C, by: Actor | None) -> C:
    """The command on somebody's word; not what a key gives with every request of a product, which is its own record."""
    if by is None or (by.kind == KEY and type(command) in TRAFFIC):
        return command
    return replace(command, by=by)

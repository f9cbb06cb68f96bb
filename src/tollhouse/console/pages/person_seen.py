"""A person as somebody else sees them."""

from __future__ import annotations

import msgspec

from tollhouse.apis.people.tokens import Tokens
from tollhouse.console import access
from tollhouse.console.forms import NotThere
from tollhouse.console.visits import Visit
from tollhouse.ledger.facts import CustomerFact, LoginAddressFact, PersonFact, RoleFact, SignInFact
from tollhouse.ledger.logins import STRANGERS
from tollhouse.ledger.people import is_no_higher, privileges_of
from tollhouse.ledger.refusals import PersonUnknown
from tollhouse.ledger.roles import roles_to_give
from tollhouse.ledger.seeing import person_seen
from tollhouse.ledger.sight import Snapshot


class PersonSeen(msgspec.Struct, frozen=True):
    """`roles` are those that whoever looks may give. `refused` are addresses from which too many logins failed, empty
    for all from which nobody ever succeeded, and until when."""

    person: PersonFact
    customer: CustomerFact
    role: RoleFact
    roles: list[RoleFact]
    sign_ins: list[SignInFact]
    refused: list[tuple[str, int]]


def person_shown(snapshot: Snapshot, visit: Visit, tokens: Tokens, person_id: int) -> PersonSeen:
    """Raises NotThere."""
    try:
        person = person_seen(snapshot, visit.caller, person_id)
    except PersonUnknown:
        raise NotThere from None
    (customer,) = snapshot.find(CustomerFact, number=person.customer_number)
    (role,) = snapshot.find(RoleFact, role_id=person.role_id)
    now = visit.desk.clock.now()
    failed = snapshot.find(LoginAddressFact, person_id=person_id)
    refused = sorted((row.address, row.refused_until) for row in failed if row.refused_until > now)
    return PersonSeen(
        person=person,
        customer=customer,
        role=role,
        roles=roles_to_give(snapshot, visit.guest.person.privileges),
        sign_ins=sign_ins_of(snapshot, person, now, tokens),
        refused=[("" if address == STRANGERS else address, until) for address, until in refused],
    )


def sign_ins_of(snapshot: Snapshot, person: PersonFact, now: int, tokens: Tokens) -> list[SignInFact]:
    """Where a person is signed in, the last first: not what a new password or another role has ended."""
    rows = snapshot.find(SignInFact, person_id=person.person_id)
    lasting = [row for row in rows if row.ends_at > now and tokens.is_stamp_of(person, row.stamp)]
    return sorted(lasting, key=lambda row: -row.began_at)


def may_be_changed(visit: Visit, seen: PersonSeen) -> bool:
    """Whether whoever looks may change the person: reached by a change, and allowed no more than they themselves."""
    is_reached = visit.guest.reaches(access.PEOPLE_CHANGE, seen.customer.path)
    return is_reached and is_no_higher(privileges_of(seen.role), visit.guest.person.privileges)

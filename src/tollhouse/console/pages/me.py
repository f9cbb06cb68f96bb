"""The person who has signed in: who they are, what they may, and where else they are signed in."""

from __future__ import annotations

import msgspec

from tollhouse.apis.people.tokens import Tokens
from tollhouse.console import access
from tollhouse.console.pages.person_seen import sign_ins_of
from tollhouse.console.rendering import page
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import Visit
from tollhouse.ledger.facts import CustomerFact, RoleFact, SignInFact
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply


class _Seen(msgspec.Struct, frozen=True):
    role: RoleFact
    customer: CustomerFact
    sign_ins: list[SignInFact]


class Me:
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def routes(self) -> Routes:
        return {"/me": {"GET": On(access.SELF, self._show)}}

    async def _show(self, visit: Visit) -> Reply:
        seen = await visit.read(_seen, visit, self._tokens)
        may_change = visit.may(access.SELF_CHANGE)
        return page(visit, "me.html", seen=seen, person=visit.guest.person, may_change=may_change)


def _seen(snapshot: Snapshot, visit: Visit, tokens: Tokens) -> _Seen:
    person = visit.guest.person
    (role,) = snapshot.find(RoleFact, role_id=person.fact.role_id)
    (customer,) = snapshot.find(CustomerFact, number=person.customer_number)
    return _Seen(role, customer, sign_ins_of(snapshot, person.fact, visit.desk.clock.now(), tokens))

"""The person who has signed in: who they are, what they may, and where else they are signed in."""

from __future__ import annotations

import msgspec

from tollhouse.console import access
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
    def routes(self) -> Routes:
        return {"/me": {"GET": On(access.SELF, self._show)}}

    async def _show(self, visit: Visit) -> Reply:
        seen = await visit.read(_seen, visit)
        return page(visit, "me.html", seen=seen, person=visit.guest.person)


def _seen(snapshot: Snapshot, visit: Visit) -> _Seen:
    person = visit.guest.person
    (role,) = snapshot.find(RoleFact, role_id=person.fact.role_id)
    (customer,) = snapshot.find(CustomerFact, number=person.customer_number)
    now = visit.desk.clock.now()
    sign_ins = [row for row in snapshot.find(SignInFact, person_id=person.person_id) if row.ends_at > now]
    return _Seen(role, customer, sorted(sign_ins, key=lambda row: -row.began_at))

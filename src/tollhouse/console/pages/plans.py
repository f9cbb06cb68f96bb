"""Plans: what customers are on, what is charged to everybody on one, and what that came to."""

from __future__ import annotations

from typing import Final

import msgspec

from tollhouse.console import access
from tollhouse.console.forms import NotThere, number_in_path
from tollhouse.console.rendering import page
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import Visit
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ChargeFact, CustomerFact, PlanFact, PlanFeeFact, PlanRunFact
from tollhouse.ledger.queries.plans import PlanQueries
from tollhouse.ledger.refusals import PlanUnknown
from tollhouse.ledger.seeing import plan_seen, sees_owner
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

ROWS: Final = 50
#: Of a plan: the newest of its runs that are shown.
RUNS: Final = 10
#: On a page of the list so many plans are looked at, of which those of others are left out.
_LOOKED_AT: Final = 500


class PlanSeen(msgspec.Struct, frozen=True):
    plan: PlanFact
    owner: CustomerFact
    fees: list[PlanFeeFact]
    charges: list[ChargeFact]
    runs: list[PlanRunFact]


class Plans:
    def __init__(self, queries: PlanQueries) -> None:
        self._queries = queries

    def routes(self) -> Routes:
        return {
            "/plans": {"GET": On(access.PLANS, self._list)},
            "/plans/{number}": {"GET": On(access.PLANS, self._show)},
        }

    async def _list(self, visit: Visit) -> Reply:
        after = visit.query.get("after", "0")
        least = number_in_path(after) + 1
        plans, older = await visit.read(_plans, visit.caller, least)
        return page(visit, "plans.html", plans=plans, older=older, is_first=least == 1)

    async def _show(self, visit: Visit) -> Reply:
        number = number_in_path(visit.params["number"])
        seen = await plan_seen_by(visit, self._queries, number)
        found = await visit.ask(self._queries.on_plan, visit.tenant_id, number, ROWS + 1)
        customers = [customer for customer in found[:ROWS] if visit.caller.reaches(customer.path)]
        return page(
            visit,
            "plan.html",
            seen=seen,
            plan=seen.plan,
            customers=customers,
            has_more=len(found) > ROWS,
            may_charge=visit.may(access.MONEY),
        )


def _plans(snapshot: Snapshot, caller: Caller, least: int) -> tuple[list[PlanFact], str]:
    """Plans from a number on that the caller sees, and where to go on."""
    found = snapshot.reader.page(PlanFact, "number", least, _LOOKED_AT)
    owners = {number: sees_owner(snapshot, caller, number) for number in {plan.owner_number for plan in found}}
    seen = [plan for plan in found if owners[plan.owner_number]]
    shown = seen[:ROWS]
    if len(seen) > ROWS:
        return shown, f"?after={shown[-1].number}"
    return shown, f"?after={found[-1].number}" if len(found) == _LOOKED_AT else ""


async def plan_seen_by(visit: Visit, queries: PlanQueries, number: int) -> PlanSeen:
    """A plan with its newest charges and runs. Raises NotThere."""
    charges = await visit.ask(queries.charges_of_plan, visit.tenant_id, number, ROWS)
    return await visit.read(_plan_shown, visit.caller, number, charges)


def _plan_shown(snapshot: Snapshot, caller: Caller, number: int, found: list[ChargeFact]) -> PlanSeen:
    try:
        plan = plan_seen(snapshot, caller, number)
    except PlanUnknown:
        raise NotThere from None
    (owner,) = snapshot.find(CustomerFact, number=plan.owner_number)
    owners = {owner: sees_owner(snapshot, caller, owner) for owner in {charge.owner_number for charge in found}}
    charges = [charge for charge in found if owners[charge.owner_number]]
    reader = snapshot.reader
    ids = [charge.charge_id for charge in charges]
    runs = reader.first(PlanRunFact, RUNS, order=("-plan_run_id",), charge_id=ids)
    fees = sorted(snapshot.find(PlanFeeFact, plan_number=number), key=lambda fee: fee.key)
    return PlanSeen(plan, owner, fees, charges, runs)

"""Charging everybody on a plan, as a guided way: choose, rehearse, sign with the digest, watch, see what it came to.

The run goes on in the server, whoever watches. What was rehearsed is what is charged, or nothing is.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec

from tollhouse.apis.desk import Desk
from tollhouse.console import access
from tollhouse.console.forms import (
    Faults,
    Filled,
    NotThere,
    currency_of,
    decimal_of,
    is_ticked,
    minor_of,
    number_in_path,
    text_of,
)
from tollhouse.console.pages.plans import plan_seen_by
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.charging.plan_runs import PlanRunStarted
from tollhouse.ledger.charging.rehearsing import Line, Rehearsal, sums_from_kept
from tollhouse.ledger.commands import Caller, ChargeNow, CreateCharge
from tollhouse.ledger.commands.plan_runs import StartPlanRun
from tollhouse.ledger.facts import ChargeFact, PlanFact, PlanRunFact
from tollhouse.ledger.facts.schedules import DECIDED, STAGING
from tollhouse.ledger.ledger import fingerprint_of
from tollhouse.ledger.queries.plans import PlanQueries
from tollhouse.ledger.refusals import ChargeUnknown, Refusal, StoreUnavailable
from tollhouse.ledger.seeing import charge_ever_seen, charge_seen, plan_seen
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

#: Of a rehearsal so many lines are shown, and so many refused ones; the sums are over all.
LINES_SHOWN: Final = 100
#: How often a run that goes on is shown anew.
REFRESH_MILLISECONDS: Final = 1000


class Rehearsed(msgspec.Struct, frozen=True):
    """What charging now would come to; `problem` is what stops it before anybody is looked at."""

    charge: ChargeFact
    rehearsal: Rehearsal
    lines: list[Line]
    refused: list[Line]
    problem: str = ""


class _Rehearsing(NamedTuple):
    """A rehearsal that goes on, of a charge as it was then."""

    charge: ChargeFact
    work: asyncio.Future[Rehearsed]


class RunSeen(msgspec.Struct, frozen=True):
    run: PlanRunFact
    charge: ChargeFact
    plan: PlanFact


class PlanCharging:
    def __init__(self, desk: Desk, queries: PlanQueries) -> None:
        self._desk = desk
        self._queries = queries
        self._going_on: set[asyncio.Task[None]] = set()
        self._rehearsing: dict[tuple[int, int], _Rehearsing] = {}

    def routes(self) -> Routes:
        return {
            "/plans/{number}/charge": {
                "GET": On(access.MONEY, self._choose),
                "POST": On(access.CHARGES_CHANGE, self._create),
            },
            "/plans/{number}/charge/{charge}": {
                "GET": On(access.MONEY, self._rehearse),
                "POST": On(access.MONEY, self._start),
            },
            "/runs/{run}": {"GET": On(access.CHARGES, self._watch)},
        }

    async def _choose(self, visit: Visit) -> Reply:
        return await self._choices(visit, {})

    async def _choices(self, visit: Visit, faults: Faults, problem: str = "", status: int = 200) -> Reply:
        seen = await plan_seen_by(visit, self._queries, number_in_path(visit.params["number"]))
        return page(
            visit,
            "plan-choose.html",
            status,
            seen=seen,
            plan=seen.plan,
            faults=faults,
            problem=problem,
            filled=Filled({"currency": visit.tenant.currency, **visit.form}),
            may_create=visit.may(access.CHARGES_CHANGE),
        )

    async def _create(self, visit: Visit) -> Reply:
        """Make a charge of this plan that is charged by hand, once; then rehearse it."""
        number = number_in_path(visit.params["number"])
        faults: Faults = {}
        name = text_of(visit.form, "name", faults, is_needed=True)
        amount = decimal_of(visit.form, "amount", faults)
        currency = currency_of(visit.form, "currency", faults, default=visit.tenant.currency)
        description = text_of(visit.form, "description", faults)
        if not faults:
            minor_of(visit.form, "amount", currency, faults)
        if faults:
            return await self._choices(visit, faults, status=422)
        command = CreateCharge(
            tenant_id=visit.tenant_id,
            idempotency=visit.idempotency,
            caller=visit.caller,
            customer_number=0,
            plan_number=number,
            name=name,
            amount=amount,
            currency=currency,
            description=description,
        )
        try:
            receipt = await visit.execute(command)
        except Refusal as refusal:
            return await self._choices(visit, {}, str(refusal), status=422)
        return see_other(f"{PATH}/plans/{number}/charge/{receipt.result.charge_id}")

    async def _rehearse(self, visit: Visit) -> Reply:
        return await self._rehearsal(visit)

    async def _rehearsal(self, visit: Visit, problem: str = "", status: int = 200) -> Reply:
        plan, charge = await visit.read(_charge_of_plan, visit.caller, visit.params)
        if charge.plan_run_id:
            return see_other(f"{PATH}/runs/{charge.plan_run_id}")
        rehearsed = await self._rehearsed_with_others(charge)
        return page(
            visit, "plan-rehearsal.html", status, plan=plan, charge=charge, rehearsed=rehearsed, problem=problem
        )

    async def _rehearsed_with_others(self, charge: ChargeFact) -> Rehearsed:
        """Whoever asks while the same is rehearsed gets that: it goes through everybody on the plan, and however often
        somebody reloads the page, others' work finds its place. Should it be over by then, its digest is."""
        key = (charge.tenant_id, charge.charge_id)
        under_way = self._rehearsing.get(key)
        if under_way is None or under_way.charge != charge:
            work = asyncio.ensure_future(self._desk.long_work.run(self._rehearsed, charge))
            under_way = self._rehearsing[key] = _Rehearsing(charge, work)
            work.add_done_callback(lambda _: self._forget(key, work))
        return await asyncio.shield(under_way.work)

    def _forget(self, key: tuple[int, int], work: asyncio.Future[Rehearsed]) -> None:
        known = self._rehearsing.get(key)
        if known is not None and known.work is work:
            del self._rehearsing[key]

    def _rehearsed(self, charge: ChargeFact) -> Rehearsed:
        rehearsal = Rehearsal(charge)
        found = Rehearsed(charge, rehearsal, [], [])
        try:
            for line in self._desk.everybody.rehearsed(charge, rehearsal):
                those = found.refused if line.refusal is not None else found.lines
                if len(those) < LINES_SHOWN and (line.refusal is not None or line.tariff is not None):
                    those.append(line)
        except Refusal as refusal:
            return Rehearsed(charge, rehearsal, [], [], str(refusal))
        return found

    async def _start(self, visit: Visit) -> Reply:
        """Charge exactly what was rehearsed, in the server's own time; the answer leads to where it is watched."""
        _, charge = await visit.read(_charge_of_plan, visit.caller, visit.params)
        digest = visit.form.get("digest", "")
        if not digest or not is_ticked(visit.form, "sure"):
            return await self._rehearsal(visit, "Tick the box to say that you mean it. Nothing was charged.", 422)
        wanted = ChargeNow(
            tenant_id=visit.tenant_id,
            idempotency=visit.idempotency,
            caller=visit.caller,
            charge_id=charge.charge_id,
            digest=digest,
        )
        command = StartPlanRun(
            tenant_id=visit.tenant_id,
            charge_id=charge.charge_id,
            caller=visit.caller,
            token=visit.idempotency,
            fingerprint=fingerprint_of(wanted),
            by=visit.guest.actor,
        )
        try:
            run = await self._begun(command, digest)
        except Refusal as refusal:
            return await self._rehearsal(visit, f"{refusal} Nothing was charged.", 409)
        return see_other(f"{PATH}/runs/{run.plan_run_id}")

    async def _begun(self, command: StartPlanRun, digest: str) -> PlanRunFact:
        """The run, as soon as there is one: it goes on whether or not anybody waits. Raises the refusal."""
        loop = asyncio.get_running_loop()
        begun: asyncio.Future[PlanRunFact] = loop.create_future()

        def carry_out() -> None:
            started: PlanRunStarted = self._desk.execute_here(command).result
            loop.call_soon_threadsafe(_tell, begun, started.run)
            if started.is_ours:
                # What stops it is kept with the run, and the page of the run says it.
                with suppress(Refusal, StoreUnavailable):
                    self._desk.everybody.carry_out(started.run, command.token, digest)

        going_on = asyncio.ensure_future(self._desk.long_work.run(carry_out))
        self._going_on.add(going_on)
        going_on.add_done_callback(self._going_on.discard)
        waited: set[asyncio.Future[Any]] = {going_on, begun}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if begun.done():
            return begun.result()
        begun.cancel()
        await going_on
        raise StoreUnavailable("The run did not begin.")

    async def _watch(self, visit: Visit) -> Reply:
        seen = await visit.read(_run_seen, visit.caller, number_in_path(visit.params["run"]))
        return page(
            visit,
            "run.html",
            seen=seen,
            run=seen.run,
            charge=seen.charge,
            sums=sums_from_kept(seen.run.sums),
            goes_on=seen.run.state in (STAGING, DECIDED),
            refresh=REFRESH_MILLISECONDS,
        )


def _tell(begun: asyncio.Future[PlanRunFact], run: PlanRunFact) -> None:
    if not begun.done():
        begun.set_result(run)


def _charge_of_plan(snapshot: Snapshot, caller: Caller, params: dict[str, str]) -> tuple[PlanFact, ChargeFact]:
    """Raises NotThere."""
    try:
        charge = charge_seen(snapshot, caller, number_in_path(params["charge"]))
    except ChargeUnknown:
        raise NotThere from None
    if charge.plan_number != number_in_path(params["number"]) or not charge.plan_number:
        raise NotThere
    return plan_seen(snapshot, caller, charge.plan_number), charge


def _run_seen(snapshot: Snapshot, caller: Caller, plan_run_id: int) -> RunSeen:
    """Raises NotThere."""
    for run in snapshot.find(PlanRunFact, plan_run_id=plan_run_id):
        try:
            charge = charge_ever_seen(snapshot, caller, run.charge_id)
        except ChargeUnknown:
            raise NotThere from None
        return RunSeen(run, charge, plan_seen(snapshot, caller, charge.plan_number))
    raise NotThere

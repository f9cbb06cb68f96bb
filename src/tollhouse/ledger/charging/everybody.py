"""Carrying out the charging of everybody on a plan: the commands of plan_runs.py, in their order, one after another.

It runs in whatever thread calls it and holds no unit of work between the parts, so that others are served meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import islice

from tollhouse import crash_points
from tollhouse.ledger.charging.occurring import settlement_of
from tollhouse.ledger.charging.plan_runs import PlanRunApplied, PlanRunStarted, tariff_to_fact
from tollhouse.ledger.charging.rehearsing import Line, Rehearsal, lines_of
from tollhouse.ledger.charging.tariffs import Tariff
from tollhouse.ledger.clock import Clock
from tollhouse.ledger.commands import Command, Idempotency, Receipt
from tollhouse.ledger.commands.plan_runs import (
    ApplyPlanRun,
    DecidePlanRun,
    RefusePlanRun,
    StagePlanRun,
    StartPlanRun,
    SweepPlanRun,
)
from tollhouse.ledger.facts import ChargeFact, PlanRunFact, PlanRunLineFact, PlanRunTariffFact
from tollhouse.ledger.facts.schedules import DECIDED, DONE, REFUSED, STAGING
from tollhouse.ledger.ports import Store
from tollhouse.ledger.refusals import DigestStale, Overloaded, PlanRunLost, PlanRunRefused, Refusal, StoreUnavailable
from tollhouse.ledger.sight import Snapshot

#: Lines that are staged, and charged, in one commit: what waits meanwhile waits for so many.
PART = 200
#: How often a part is tried again when the store or its queue has no room for it, and how long after.
TRIES = 40
PAUSE_SECONDS = 0.25
#: How often one looks whether somebody else's run has ended, and for how long.
LOOK_SECONDS = 0.1
LOOKS_MAX = 6000

Execute = Callable[[Command], Receipt]


class Everybody:
    """Safe for threads: runs of different charges may be carried out at the same time."""

    def __init__(self, store: Store, execute: Execute, clock: Clock) -> None:
        self._store = store
        self._execute = execute
        self._clock = clock
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let runs under way end after their part; what is decided is finished later, by whoever finds it."""
        self._stopping.set()

    def charge(self, command: StartPlanRun, digest: str = "") -> bool:
        """Charge everybody on the plan, all or none; whether an earlier call with the same key had done it.

        With a `digest` only if it comes to exactly what was rehearsed. Raises the refusal that stopped it, in which
        case nothing was charged; StoreUnavailable when it is not known yet.
        """
        started: PlanRunStarted = self._execute(command).result
        if not started.is_ours:
            self._wait_for(started.run)
            return True
        self.carry_out(started.run, command.token, digest)
        return False

    def carry_out(self, run: PlanRunFact, token: Idempotency | None = None, digest: str = "") -> None:
        """Stage, decide, roll forward."""
        try:
            rehearsal = self._stage(run)
            found = rehearsal.digest
            if digest and digest != found:
                raise DigestStale
            crash_points.reach(crash_points.PLAN_STAGED)
            self._persistently(
                DecidePlanRun(
                    tenant_id=run.tenant_id,
                    plan_run_id=run.plan_run_id,
                    digest=found,
                    lines=rehearsal.charged,
                    token=token,
                    sums=rehearsal.sums_kept,
                )
            )
        except Refusal as refusal:
            self.refuse(run, str(refusal))
            raise
        crash_points.reach(crash_points.PLAN_DECIDED)
        self.roll_forward(run)

    def roll_forward(self, run: PlanRunFact) -> None:
        """Charge what is left of a decided run."""
        command = ApplyPlanRun(tenant_id=run.tenant_id, plan_run_id=run.plan_run_id, count=PART)
        while True:
            applied: PlanRunApplied = self._persistently(command).result
            if applied.is_done:
                return
            crash_points.reach(crash_points.PLAN_HALF_CHARGED)

    def refuse(self, run: PlanRunFact, reason: str) -> None:
        """Give a staged run up: nothing of it is charged."""
        command = RefusePlanRun(tenant_id=run.tenant_id, plan_run_id=run.plan_run_id, reason=reason)
        try:
            self._persistently(command)
        except PlanRunLost:
            return
        self._sweep(run)

    def resume(self, run: PlanRunFact) -> None:
        """Go on with a run whose maker has gone: give it up before the decision, finish it after."""
        if run.state == DECIDED:
            self.roll_forward(run)
        elif run.state == STAGING:
            self.refuse(run, "Nothing was charged: whoever was charging the plan has gone.")

    def rehearsed(self, charge: ChargeFact, rehearsal: Rehearsal) -> Iterator[Line]:
        """What charging now would come to, for one customer or everybody on the plan; adds each line to the sums."""
        with self._store.reading(charge.tenant_id) as reader:
            for line in lines_of(Snapshot(reader, self._clock.now()), charge):
                rehearsal.add(line)
                yield line

    def _stage(self, run: PlanRunFact) -> Rehearsal:
        """What the staged lines come to. Raises the first refusal."""
        with self._store.reading(run.tenant_id) as reader:
            snapshot = Snapshot(reader, self._clock.now())
            (charge,) = snapshot.find(ChargeFact, charge_id=run.charge_id)
            rehearsal = Rehearsal(charge)
            staging = _Staging(run)
            lines = lines_of(snapshot, charge, is_scheduled=bool(run.is_scheduled))
            while part := list(islice(lines, PART)):
                for line in part:
                    if line.refusal is not None:
                        raise line.refusal
                    rehearsal.add(line)
                command = staging.command(part)
                if command is not None:
                    self._persistently(command)
        return rehearsal

    def _sweep(self, run: PlanRunFact) -> None:
        command = SweepPlanRun(tenant_id=run.tenant_id, plan_run_id=run.plan_run_id, count=PART)
        while self._persistently(command).result:
            pass

    def _wait_for(self, run: PlanRunFact) -> None:
        """Until a run has ended that somebody else carries out, or that they left behind."""
        for _ in range(LOOKS_MAX):
            if self._stopping.is_set():
                break
            run = self._newest(run)
            if run.state == DONE:
                return
            if run.state == REFUSED:
                raise PlanRunRefused(run.reason)
            if run.lease_until < self._clock.now():
                self.resume(run)
            else:
                self._stopping.wait(LOOK_SECONDS)
        raise StoreUnavailable("The plan is still being charged.")

    def _newest(self, run: PlanRunFact) -> PlanRunFact:
        with self._store.reading(run.tenant_id) as reader:
            (newest,) = reader.find(PlanRunFact, plan_run_id=run.plan_run_id)
            return newest

    def _persistently(self, command: Command) -> Receipt:
        """A part of a run is not given up for want of room in the queue or the store."""
        for _ in range(TRIES):
            if self._stopping.is_set():
                raise StoreUnavailable("The server is stopping.")
            try:
                return self._execute(command)
            except (Overloaded, StoreUnavailable):
                self._stopping.wait(PAUSE_SECONDS)
        return self._execute(command)


class _Staging:
    """Lines on their way into the store: each different tariff goes there once."""

    def __init__(self, run: PlanRunFact) -> None:
        self._run = run
        self._numbers: dict[int, int] = {}
        self._tariffs: list[Tariff] = []

    def command(self, part: list[Line]) -> StagePlanRun | None:
        run = self._run
        new: list[PlanRunTariffFact] = []
        lines = []
        for line in part:
            if line.piece is None or line.tariff is None:
                continue
            lines.append(
                PlanRunLineFact(
                    tenant_id=run.tenant_id,
                    plan_run_id=run.plan_run_id,
                    customer_number=line.customer.number,
                    tariff_no=self._number(line.tariff, new),
                    settlement=settlement_of(line.customer),
                    occurrence_key=line.piece.key,
                    covered_until=line.piece.covered_until,
                )
            )
        if not lines:
            return None
        return StagePlanRun(
            tenant_id=run.tenant_id, plan_run_id=run.plan_run_id, tariffs=tuple(new), lines=tuple(lines)
        )

    def _number(self, tariff: Tariff, new: list[PlanRunTariffFact]) -> int:
        """Equal tariffs are one object, which is kept here so that no other takes its place."""
        number = self._numbers.get(id(tariff))
        if number is None:
            number = self._numbers[id(tariff)] = len(self._tariffs)
            self._tariffs.append(tariff)
            new.append(tariff_to_fact(self._run.tenant_id, self._run.plan_run_id, number, tariff))
        return number

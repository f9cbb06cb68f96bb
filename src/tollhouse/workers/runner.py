"""Charges what falls due: finds it, tenant by tenant, and has it charged in parts until nothing is left.

Any number of runners may work on one store; a unique key sees to it that each occurrence is charged once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import structlog
from msgspec.structs import replace

from tollhouse.ledger.charging.everybody import Everybody, Execute
from tollhouse.ledger.charging.plan_runs import PlanRunStarted
from tollhouse.ledger.charging.running import Ran
from tollhouse.ledger.clock import Clock
from tollhouse.ledger.commands import Actor
from tollhouse.ledger.commands.plan_runs import StartPlanRun
from tollhouse.ledger.commands.schedules import Enrol, MoveClock, RunDue
from tollhouse.ledger.facts import PlanRunFact, ScheduleFact
from tollhouse.ledger.refusals import ChargeUnderWay, ChargeUnknown, Overloaded, Refusal, StoreUnavailable

PAUSE_SECONDS = 1.0
#: Schedules that are dealt with in one commit: what waits meanwhile waits for so many.
PART = 200
#: How often, and how long after, one looks whether somebody else has charged what holds up a clock.
LOOKS_MAX = 600
LOOK_SECONDS = 0.1

log = structlog.get_logger("tollhouse.runner")


class DueQueries(Protocol):
    """Where there is something to do. Instants are the system's; a test tenant's own clock counts for its schedules."""

    def tenants_with_work(self, now: int) -> list[int]: ...

    def charges_to_enrol(self, tenant_id: int, count: int) -> list[int]: ...

    def due_plan_charges(self, tenant_id: int, now: int, count: int) -> list[ScheduleFact]: ...

    def abandoned_plan_runs(self, tenant_id: int, now: int, count: int) -> list[PlanRunFact]: ...

    def first_due(self, tenant_id: int, now: int) -> ScheduleFact | None:
        """Of a tenant's schedules of customers that are due, and that may be charged, the one that comes first."""
        ...

    def next_due_at(self, tenant_id: int, until: int) -> int | None:
        """When the first of a tenant's schedules falls due, if by `until`."""
        ...


class Totals:
    """What one round did."""

    def __init__(self) -> None:
        self.charged = 0
        self.parked = 0
        self.plans = 0

    def add(self, ran: Ran) -> None:
        self.charged += ran.charged
        self.parked += ran.parked


class Runner:
    def __init__(self, queries: DueQueries, execute: Execute, everybody: Everybody, clock: Clock) -> None:
        self._queries = queries
        self._execute = execute
        self._everybody = everybody
        self._clock = clock
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End after the part under way; what is left is charged in the next round of any runner."""
        self._stopping.set()

    def run(self, totals: Totals | None = None) -> Totals:
        """Charge all that is due now, of every tenant. One tenant's trouble is not the others'."""
        totals = totals or Totals()
        for tenant_id in self._queries.tenants_with_work(self._clock.now()):
            if self._stopping.is_set():
                break
            try:
                self.run_tenant(tenant_id, totals)
            except (Overloaded, StoreUnavailable) as error:
                log.warning("running is put off", tenant_id=tenant_id, reason=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - tried again in the next round, whatever it was
                log.error("running failed", tenant_id=tenant_id, reason=type(error).__name__)
        return totals

    def run_tenant(self, tenant_id: int, totals: Totals | None = None) -> Totals:
        """Charge all that is due now of one tenant, in order."""
        totals = totals or Totals()
        self._resume(tenant_id)
        self.put_in_step(tenant_id)
        self._charge_plans(tenant_id, totals)
        self._charge_customers(tenant_id, totals)
        return totals

    def put_in_step(self, tenant_id: int) -> None:
        """Have all schedules made and mended; those of a charge that cannot be are left for the next round."""
        while charge_ids := self._queries.charges_to_enrol(tenant_id, PART):
            done = sum(self._enrol_charge(tenant_id, charge_id) for charge_id in charge_ids)
            if not done:
                return

    def move_clock(self, tenant_id: int, to: int, by: Actor | None = None) -> Totals:
        """Move a test tenant's clock on; what falls due on the way is charged in order, each at its own time. Its last
        step is on the word of `by`.

        Raises ClockNotOurs or ClockBackwards; StoreUnavailable when something on the way cannot be got past.
        """
        totals = self.run_tenant(tenant_id)
        looks = 0
        while (due_at := self._queries.next_due_at(tenant_id, to)) is not None:
            self._execute(MoveClock(tenant_id=tenant_id, to=due_at, or_later=True))
            self.run_tenant(tenant_id, totals)
            looks = looks + 1 if self._queries.next_due_at(tenant_id, due_at) == due_at else 0
            self._get_past(looks)
        self._execute(MoveClock(tenant_id=tenant_id, by=by, to=to))
        self.run_tenant(tenant_id, totals)
        return totals

    def _get_past(self, looks: int) -> None:
        """Wait a moment where something is still due: somebody else is charging it, or it cannot be charged at all."""
        if looks > LOOKS_MAX or self._stopping.wait(LOOK_SECONDS if looks else 0):
            raise StoreUnavailable("What falls due on the way is not charged yet.")

    def _resume(self, tenant_id: int) -> None:
        for run in self._queries.abandoned_plan_runs(tenant_id, self._clock.now(), PART):
            log.info("going on with the charging of a plan", tenant_id=tenant_id, plan_run_id=run.plan_run_id)
            with _apart("going on with the charging of a plan failed", tenant_id, run.charge_id):
                self._everybody.resume(run)

    def _enrol_charge(self, tenant_id: int, charge_id: int) -> bool:
        """Whether they are in step now."""
        command = Enrol(tenant_id=tenant_id, charge_id=charge_id, count=PART)
        with _apart("putting schedules in step failed", tenant_id, charge_id):
            while not self._stopping.is_set():
                if self._execute(command).result.is_complete:
                    return True
        return False

    def _charge_plans(self, tenant_id: int, totals: Totals) -> None:
        for row in self._queries.due_plan_charges(tenant_id, self._clock.now(), PART):
            if self._stopping.is_set():
                return
            with _apart("charging a plan failed", tenant_id, row.charge_id):
                self._charge_plan(row, totals)

    def _charge_plan(self, row: ScheduleFact, totals: Totals) -> None:
        command = StartPlanRun(tenant_id=row.tenant_id, charge_id=row.charge_id, caller=None, due_at=row.due_at)
        try:
            started: PlanRunStarted = self._execute(command).result
            self._everybody.carry_out(started.run)
            totals.plans += 1
        except (ChargeUnderWay, ChargeUnknown):
            return
        except Refusal as refusal:
            totals.parked += 1
            log.warning("a plan's charge is parked", charge_id=row.charge_id, reason=str(refusal))

    def _charge_customers(self, tenant_id: int, totals: Totals) -> None:
        while True:
            ran = self._part(tenant_id)
            totals.add(ran)
            if ran.count == 0 or self._stopping.is_set():
                return

    def _part(self, tenant_id: int) -> Ran:
        """Some of what is due. What the store itself refuses is found by trying one at a time, and parked."""
        try:
            ran: Ran = self._execute(RunDue(tenant_id=tenant_id, count=PART)).result
            return ran
        except (Overloaded, StoreUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - one charge's trouble is not the others'
            log.error("charging what is due failed", tenant_id=tenant_id, reason=type(error).__name__)
            return self._first_alone(tenant_id)

    def _first_alone(self, tenant_id: int) -> Ran:
        """What is due first, named: whatever another runner holds meanwhile, no other is parked in its place."""
        row = self._queries.first_due(tenant_id, self._clock.now())
        if row is None:
            return Ran()
        which = RunDue(tenant_id=tenant_id, count=1, charge_id=row.charge_id, customer_number=row.customer_number)
        try:
            ran: Ran = self._execute(which).result
        except (Overloaded, StoreUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - one charge's trouble is not the others'
            log.error("a charge is parked", charge_id=row.charge_id, reason=type(error).__name__)
            ran = self._execute(replace(which, park_reason=f"A fault of ours: {type(error).__name__}.")).result
        return ran


@contextmanager
def _apart(failed: str, tenant_id: int, charge_id: int) -> Iterator[None]:
    """One charge's trouble is not the others': it is told, and tried again in the next round."""
    try:
        yield
    except (Overloaded, StoreUnavailable):
        raise
    except Exception as error:  # noqa: BLE001 - tried again in the next round, whatever it was
        log.error(failed, tenant_id=tenant_id, charge_id=charge_id, reason=type(error).__name__)


class RunnerThread:
    """Runs again and again, with a pause where nothing was due, until it is stopped."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="runner", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._runner.stop()
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self._runner.run()
            except Exception as error:  # noqa: BLE001 - tried again after the pause, whatever it was
                log.error("looking for what is due failed", reason=type(error).__name__)
            self._stopping.wait(PAUSE_SECONDS)

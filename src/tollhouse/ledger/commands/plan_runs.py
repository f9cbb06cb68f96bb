"""Charging everybody on a plan: started, staged in parts, decided at once, rolled forward in parts."""

from __future__ import annotations

from typing import ClassVar

from tollhouse.ledger.commands.command import Caller, Command, Idempotency
from tollhouse.ledger.facts import PlanRunLineFact, PlanRunTariffFact


class StartPlanRun(Command, frozen=True, kw_only=True):
    """Take a plan's charge for oneself, so that nobody else charges it meanwhile.

    Without a `caller` it fell due by itself, at `due_at`. `token` is the caller's idempotency key and `fingerprint`
    what it stands for.
    """

    charge_id: int
    caller: Caller | None
    token: Idempotency | None = None
    fingerprint: str = ""
    due_at: int = 0

    numbers: ClassVar[tuple[str, ...]] = ("plan_run",)


class StagePlanRun(Command, frozen=True, kw_only=True):
    """Keep some lines of what is going to be charged, and the tariffs that they name first."""

    plan_run_id: int
    tariffs: tuple[PlanRunTariffFact, ...]
    lines: tuple[PlanRunLineFact, ...]

    @property
    def weight(self) -> int:
        return len(self.lines) or 1


class DecidePlanRun(Command, frozen=True, kw_only=True):
    """Decide that all staged lines are charged. From then on nothing is refused."""

    plan_run_id: int
    digest: str
    lines: int
    token: Idempotency | None = None
    sums: str = "[]"


class RefusePlanRun(Command, frozen=True, kw_only=True):
    """Decide that nothing is charged."""

    plan_run_id: int
    reason: str


class ApplyPlanRun(Command, frozen=True, kw_only=True):
    """Charge up to `count` of the lines of a decided run."""

    plan_run_id: int
    count: int

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)

    @property
    def weight(self) -> int:
        return self.count


class SweepPlanRun(Command, frozen=True, kw_only=True):
    """Remove up to `count` staged lines of a run that was refused."""

    plan_run_id: int
    count: int

    @property
    def weight(self) -> int:
        return self.count

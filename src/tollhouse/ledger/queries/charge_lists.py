"""Charges and what falls due of them as lists for people, as ports: a page at a time by the place where the last one
ended."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

import msgspec

from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ChargeFact, CustomerFact, PlanFact, ScheduleFact
from tollhouse.ledger.facts.schedules import DONE, PARKED
from tollhouse.ledger.queries.transaction_lists import LOOKED_AT

ACTIVE: Final = "active"
ENDED: Final = "ended"
DELETED: Final = "deleted"
#: How a charge may stand; besides, what fell due of it may be parked.
STATES: Final = (ACTIVE, ENDED, DELETED)


class ChargesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which charges of those that the caller sees: 0 and "" are any. With `before` those with a lower id."""

    caller: Caller
    now: int
    customer_number: int = 0
    plan_number: int = 0
    state: str = ""
    before: int = 0


class ChargeRow(msgspec.Struct, frozen=True):
    """A charge with its customer or its plan. `schedule` is the customer's; of a plan's charge the one for everybody,
    where there is one."""

    charge: ChargeFact
    customer: CustomerFact | None
    plan: PlanFact | None
    schedule: ScheduleFact | None

    def state(self, now: int) -> str:
        if self.charge.deleted_at is not None:
            return DELETED
        if self.schedule is not None and self.schedule.state == PARKED:
            return PARKED
        is_done = self.schedule is not None and self.schedule.state == DONE
        return ENDED if is_done or 0 < self.charge.end_at <= now else ACTIVE


class ChargesFound(msgspec.Struct, frozen=True):
    """A page of charges: `older` is the id below which it goes on, 0 at the end. Where not all could be looked at,
    `is_looked_at` is true."""

    rows: list[ChargeRow]
    older: int = 0
    is_looked_at: bool = False


class SchedulePlace(NamedTuple):
    due_at: int
    charge_id: int
    customer_number: int


class ScheduleRow(msgspec.Struct, frozen=True):
    """`customer` is None where it is everybody on a plan."""

    schedule: ScheduleFact
    charge: ChargeFact
    customer: CustomerFact | None


class SchedulesFound(msgspec.Struct, frozen=True):
    """A page of schedules: `later` is the place behind which it goes on, None at the end."""

    rows: list[ScheduleRow]
    later: SchedulePlace | None = None
    is_looked_at: bool = False


class ChargeLists(Protocol):
    def charges(self, tenant_id: int, wanted: ChargesWanted) -> ChargesFound:
        """Charges, deleted ones too, the last made first."""
        ...

    def schedules(
        self,
        tenant_id: int,
        caller: Caller,
        state: str,
        *,
        charge_id: int = 0,
        before: SchedulePlace | None = None,
        looked_at: int = LOOKED_AT,
    ) -> SchedulesFound:
        """Schedules in a state (active or parked), of any charge that the caller sees or of one, the earliest due
        first."""
        ...

"""What the page of one charge shows: what it is, when it falls due, and what it would come to then."""

from __future__ import annotations

from itertools import islice
from typing import Final

import msgspec

from tollhouse.console.forms import NotThere
from tollhouse.console.pages.charge_words import dates_ahead, schedule_in_words
from tollhouse.ledger.charging.foreseeing import Foreseen, foreseen_of
from tollhouse.ledger.clock import DAY
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ChargeFact, CustomerFact, PlanFact, ScheduleFact
from tollhouse.ledger.facts.schedules import ACTIVE, PARKED
from tollhouse.ledger.queries.charge_lists import ChargeRow
from tollhouse.ledger.refusals import ChargeUnknown
from tollhouse.ledger.scheduling import Due, is_recurring, zone_of
from tollhouse.ledger.seeing import charge_ever_seen
from tollhouse.ledger.sight import Snapshot

#: Dates that are foreseen, and how far ahead one looks for them.
FORESEEN: Final = 5
_AHEAD: Final = 366 * 10 * DAY


class ChargeShown(msgspec.Struct, frozen=True):
    """`foreseen` is what a customer's charge will come to, by the taxes and rates of today; `dates` is when a charge on
    everybody on a plan falls due."""

    row: ChargeRow
    state: str
    words: str
    zone: str
    foreseen: list[Foreseen]
    dates: list[Due]

    @property
    def charge(self) -> ChargeFact:
        return self.row.charge

    @property
    def is_live(self) -> bool:
        return self.charge.deleted_at is None

    def may_be_changed_by(self, caller: Caller) -> bool:
        """Whether the caller could have made it: whoever owns it need not reach its customer."""
        return caller.may_reach_below if self.row.customer is None else caller.reaches(self.row.customer.path)

    @property
    def name(self) -> str:
        return self.charge.name or f"Charge {self.charge.charge_id}"


def charge_shown(snapshot: Snapshot, caller: Caller, charge_id: int) -> ChargeShown:
    """Raises NotThere."""
    try:
        charge = charge_ever_seen(snapshot, caller, charge_id)
    except ChargeUnknown:
        raise NotThere from None
    customers = snapshot.find(CustomerFact, number=charge.customer_number) if charge.customer_number else []
    plans = snapshot.find(PlanFact, number=charge.plan_number) if charge.plan_number else []
    rows = snapshot.find(ScheduleFact, charge_id=charge_id, customer_number=charge.customer_number)
    customer, schedule = (customers[0] if customers else None), (rows[0] if rows else None)
    row = ChargeRow(charge, customer, plans[0] if plans else None, schedule)
    zone = zone_of(snapshot.tenant, customer)
    return ChargeShown(
        row=row,
        state=row.state(snapshot.now),
        words=schedule_in_words(charge, snapshot.tenant, zone),
        zone=zone,
        foreseen=_foreseen(snapshot, charge, schedule),
        dates=_dates(snapshot, charge, schedule, zone),
    )


def occurrence_waiting(snapshot: Snapshot, schedule: ScheduleFact) -> Foreseen | None:
    """What charging the occurrence that is parked would come to now."""
    return next(foreseen_of(snapshot, schedule, schedule.due_at), None)


def _foreseen(snapshot: Snapshot, charge: ChargeFact, schedule: ScheduleFact | None) -> list[Foreseen]:
    if schedule is None or not charge.customer_number or schedule.state not in (ACTIVE, PARKED):
        return []
    return list(islice(foreseen_of(snapshot, schedule, snapshot.now + _AHEAD), FORESEEN))


def _dates(snapshot: Snapshot, charge: ChargeFact, schedule: ScheduleFact | None, zone: str) -> list[Due]:
    if not charge.plan_number:
        return []
    if is_recurring(charge):
        return dates_ahead(charge, snapshot.tenant, zone, snapshot.now, FORESEEN)
    is_waiting = schedule is not None and schedule.state == ACTIVE
    return [Due(schedule.next_key, schedule.due_at)] if is_waiting and schedule is not None else []

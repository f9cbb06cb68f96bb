"""Charges: what is owed once or on a schedule, what falls due next, and what could not be charged."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from tollhouse.console import access
from tollhouse.console.forms import NUMBER_MAX, Faults, Filled, NotThere, choice_of, number_in_path
from tollhouse.console.pages.charge_seen import charge_shown
from tollhouse.console.pages.charge_words import dates_ahead, schedule_in_words
from tollhouse.console.pages.transaction_filter import customer_named, plan_named
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts.schedules import ACTIVE, PARKED
from tollhouse.ledger.queries.charge_lists import (
    STATES,
    ChargeLists,
    ChargeRow,
    ChargesFound,
    ChargesWanted,
    SchedulePlace,
    SchedulesFound,
)
from tollhouse.ledger.queries.transaction_lists import (
    LOOKED_AT,
    TransactionLists,
    TransactionRow,
    TransactionsWanted,
    sees_all,
)
from tollhouse.ledger.scheduling import zone_of
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

CHARGES: Final = f"{PATH}/charges"
#: Transactions of a charge that its page shows, and among how many they are looked for.
NEWEST: Final = 10
_NEWEST_LOOKED_AT: Final = 500
#: The lists of what falls due, by the state of its schedule.
_DUE_LISTS: Final = {ACTIVE: "due", PARKED: "parked"}


class Charges:
    def __init__(self, lists: ChargeLists, transactions: TransactionLists) -> None:
        self._lists = lists
        self._transactions = transactions

    def routes(self) -> Routes:
        return {
            "/charges": {"GET": On(access.CHARGES, self._list)},
            "/charges/due": {"GET": On(access.CHARGES, self._due)},
            "/charges/parked": {"GET": On(access.CHARGES, self._parked)},
            "/charges/{charge}": {"GET": On(access.CHARGES, self._show)},
        }

    async def _list(self, visit: Visit) -> Reply:
        if visit.query.get("state") == PARKED:
            return see_other(f"{CHARGES}/parked")
        faults: Faults = {}
        filled = Filled({name: visit.query.get(name, "").strip() for name in ("customer", "plan", "state")})
        wanted = await visit.read(_wanted, visit.caller, visit.query, filled, faults)
        found = ChargesFound([]) if faults else await visit.ask(self._lists.charges, visit.tenant_id, wanted)
        query = {name: text for name, text in filled.items() if text}
        return page(
            visit,
            "charges.html",
            422 if faults else 200,
            found=found,
            filled=filled,
            faults=faults,
            is_filtered=bool(query),
            states={state: state for state in (*STATES, PARKED)},
            words=lambda row: schedule_in_words(row.charge, visit.tenant, zone_of(visit.tenant, row.customer)),
            next_due=lambda row: _next_due(visit, row),
            now=visit.now,
            older=f"?{urlencode({**query, 'before': found.older})}" if found.older else "",
            newest=f"?{urlencode(query)}" if visit.query.get("before") else "",
            looked_at=LOOKED_AT if sees_all(visit.caller) else 0,
        )

    async def _due(self, visit: Visit) -> Reply:
        return await self._schedules(visit, ACTIVE)

    async def _parked(self, visit: Visit) -> Reply:
        return await self._schedules(visit, PARKED)

    async def _schedules(self, visit: Visit, state: str) -> Reply:
        before = _schedule_place(visit.query.get("before", ""))
        found = await visit.ask(self._schedules_found, visit.tenant_id, visit.caller, state, before)
        later = "-".join(map(str, found.later)) if found.later else ""
        return page(
            visit,
            "charges-due.html",
            state=state,
            listed=_DUE_LISTS[state],
            found=found,
            later=f"?before={later}" if later else "",
            is_first=before is None,
            now=visit.now,
            looked_at=LOOKED_AT if sees_all(visit.caller) else 0,
        )

    def _schedules_found(
        self, tenant_id: int, caller: Caller, state: str, before: SchedulePlace | None
    ) -> SchedulesFound:
        return self._lists.schedules(tenant_id, caller, state, before=before)

    async def _show(self, visit: Visit) -> Reply:
        charge_id = number_in_path(visit.params["charge"])
        shown = await visit.read(charge_shown, visit.caller, charge_id)
        parked = await visit.ask(self._parked_of, visit.tenant_id, visit.caller, charge_id)
        return page(
            visit,
            "charge.html",
            shown=shown,
            charge=shown.charge,
            parked=parked,
            may_change=visit.may(access.CHARGES_CHANGE)
            and shown.may_be_changed_by(visit.guest.caller(access.CHARGES_CHANGE)),
            transactions=await self._newest(visit, charge_id, shown.charge.customer_number),
        )

    def _parked_of(self, tenant_id: int, caller: Caller, charge_id: int) -> SchedulesFound:
        return self._lists.schedules(tenant_id, caller, PARKED, charge_id=charge_id, looked_at=_NEWEST_LOOKED_AT)

    async def _newest(self, visit: Visit, charge_id: int, customer_number: int) -> list[TransactionRow]:
        """The newest of its transactions, as far as the person may see transactions at all."""
        if not visit.may(access.TRANSACTIONS):
            return []
        wanted = TransactionsWanted(
            caller=visit.guest.caller(access.TRANSACTIONS),
            charge_id=charge_id,
            customer_number=customer_number,
            looked_at=_NEWEST_LOOKED_AT,
        )
        found = await visit.ask(self._transactions.transactions, visit.tenant_id, wanted)
        return found.rows[:NEWEST]


def _wanted(snapshot: Snapshot, caller: Caller, query: dict[str, str], filled: Filled, faults: Faults) -> ChargesWanted:
    before = query.get("before", "")
    return ChargesWanted(
        caller=caller,
        now=snapshot.now,
        customer_number=customer_named(snapshot, caller, filled, faults),
        plan_number=plan_named(snapshot, caller, filled, faults),
        state=choice_of(filled, "state", STATES, faults),
        before=number_in_path(before) if before else 0,
    )


def _next_due(visit: Visit, row: ChargeRow) -> int | None:
    """When a charge falls due next; of one on everybody on a plan for whoever joins now."""
    if row.schedule is not None:
        return row.schedule.due_at if row.schedule.state == ACTIVE else None
    if not row.charge.plan_number:
        return None
    dates = dates_ahead(row.charge, visit.tenant, visit.tenant.timezone, visit.now, 1)
    return dates[0].due_at if dates else None


def _schedule_place(text: str) -> SchedulePlace | None:
    """Raises NotThere."""
    if not text:
        return None
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        raise NotThere
    place = SchedulePlace(*map(int, parts))
    if max(place.charge_id, place.customer_number) > NUMBER_MAX:
        raise NotThere
    return place

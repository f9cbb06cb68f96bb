"""What is done with a charge: changed, deleted, charged now after a rehearsal, and what is parked let go on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from tollhouse.console import access
from tollhouse.console.attempts import SENT_BEFORE, afresh
from tollhouse.console.forms import (
    Faults,
    Filled,
    NotThere,
    beginning_of,
    day_of,
    decimal_of,
    number_in_path,
    number_of,
    text_of,
)
from tollhouse.console.pages.charge_seen import ChargeShown, charge_shown, occurrence_waiting
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.domain.decimals import decimal_text
from tollhouse.ledger.charging.foreseeing import Foreseen
from tollhouse.ledger.charging.occurring import settlement_of
from tollhouse.ledger.charging.rehearsing import Line, Rehearsal
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import Caller, ChargeNow, DeleteCharge, UpdateCharge
from tollhouse.ledger.commands.schedules import RetryParked
from tollhouse.ledger.facts import ChargeFact
from tollhouse.ledger.facts.schedules import PARKED
from tollhouse.ledger.queries.charge_lists import ChargeLists, SchedulesFound
from tollhouse.ledger.refusals import IdempotencyKeyReused, Refusal
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

CHARGES: Final = f"{PATH}/charges"
#: Of what is parked so many are rehearsed.
_REHEARSED_MAX: Final = 20
_TIMES_MAX: Final = 1_000_000


class ChargedNow(msgspec.Struct, frozen=True):
    """What charging one customer now comes to: a line, or the sentence that stops it. The balance is in minor units of
    the customer's currency."""

    line: Line | None
    digest: str
    problem: str
    balance_after_minor: int | None = None


class ChargeChanges:
    def __init__(self, lists: ChargeLists) -> None:
        self._lists = lists

    def routes(self) -> Routes:
        return {
            "/charges/{charge}/change": {
                "GET": On(access.CHARGES_CHANGE, self._change_form),
                "POST": On(access.CHARGES_CHANGE, self._change),
            },
            "/charges/{charge}/delete": {
                "GET": On(access.CHARGES_CHANGE, self._delete_form),
                "POST": On(access.CHARGES_CHANGE, self._delete),
            },
            "/charges/{charge}/charge": {
                "GET": On(access.MONEY, self._rehearse),
                "POST": On(access.MONEY, self._charge),
            },
            "/charges/{charge}/retry": {
                "GET": On(access.PARKED_RETRY, self._retry_form),
                "POST": On(access.PARKED_RETRY, self._retry),
            },
        }

    # Changed and deleted: neither moves money.

    async def _change_form(self, visit: Visit) -> Reply:
        return _form(visit, await _changeable(visit))

    async def _change(self, visit: Visit) -> Reply:
        shown, faults = await _changeable(visit), Faults()
        command = _update_of(visit, shown.charge, faults)
        if faults:
            return _form(visit, shown, faults=faults, status=422)
        try:
            await visit.execute(command)
        except Refusal as refusal:
            return _form(visit, shown, problem=f"{refusal} Nothing was changed.", status=409)
        return _back(shown, "saved")

    async def _delete_form(self, visit: Visit) -> Reply:
        return page(visit, "charge-delete.html", shown=await _changeable(visit), problem="")

    async def _delete(self, visit: Visit) -> Reply:
        shown = await _changeable(visit)
        command = DeleteCharge(tenant_id=visit.tenant_id, caller=visit.caller, charge_id=shown.charge.charge_id)
        try:
            await visit.execute(command)
        except Refusal as refusal:
            problem = f"{refusal} Nothing was changed."
            return page(visit, "charge-delete.html", 409, shown=shown, problem=problem)
        return _back(shown, "charge-deleted")

    # Charged now.

    async def _rehearse(self, visit: Visit) -> Reply:
        return await self._rehearsal(visit, await _shown(visit))

    async def _rehearsal(self, visit: Visit, shown: ChargeShown, problem: str = "", status: int = 200) -> Reply:
        charge = shown.charge
        if charge.plan_number:
            return see_other(f"{PATH}/plans/{charge.plan_number}/charge/{charge.charge_id}")
        rehearsed = await visit.desk.long_work.run(_rehearsed, visit, shown)
        return page(visit, "charge-now.html", status, shown=shown, charge=charge, now=rehearsed, problem=problem)

    async def _charge(self, visit: Visit) -> Reply:
        """Charge exactly what was rehearsed, or nothing."""
        shown, digest = await _shown(visit), visit.form.get("digest", "")
        if shown.charge.plan_number or not digest:
            return await self._rehearsal(visit, shown, "The form was not complete. Nothing was charged.", 422)
        command = ChargeNow(
            tenant_id=visit.tenant_id,
            idempotency=visit.idempotency,
            caller=visit.caller,
            charge_id=shown.charge.charge_id,
            digest=digest,
        )
        try:
            receipt = await visit.execute(command)
        except Refusal as refusal:
            is_reused = isinstance(refusal, IdempotencyKeyReused)
            problem = SENT_BEFORE if is_reused else f"{refusal} Nothing was charged."
            return await self._rehearsal(afresh(visit), shown, problem, 409)
        told = "done-before" if receipt.replayed else "charged"
        number = receipt.result.transaction_id
        if number and visit.may(access.TRANSACTIONS):
            return see_other(f"{PATH}/transactions/{number}", {"told": told})
        return _back(shown, told)

    # Parked.

    async def _retry_form(self, visit: Visit) -> Reply:
        shown = await _shown(visit)
        parked = await visit.ask(self._parked, visit.tenant_id, visit.caller, shown.charge.charge_id)
        waiting = await visit.read(_waiting, parked)
        return page(visit, "charge-retry.html", shown=shown, parked=parked, waiting=waiting, problem="")

    async def _retry(self, visit: Visit) -> Reply:
        shown = await _shown(visit)
        command = RetryParked(tenant_id=visit.tenant_id, charge_id=shown.charge.charge_id)
        receipt = await visit.execute(command)
        return _back(shown, "retried" if receipt.result.count else "nothing-parked")

    def _parked(self, tenant_id: int, caller: Caller, charge_id: int) -> SchedulesFound:
        return self._lists.schedules(tenant_id, caller, PARKED, charge_id=charge_id)


async def _shown(visit: Visit) -> ChargeShown:
    return await visit.read(charge_shown, visit.caller, number_in_path(visit.params["charge"]))


async def _changeable(visit: Visit) -> ChargeShown:
    """The charge, where this person may change it. Raises NotThere."""
    shown = await _shown(visit)
    if not shown.may_be_changed_by(visit.caller):
        raise NotThere
    return shown


def _back(shown: ChargeShown, told: str) -> Reply:
    return see_other(f"{CHARGES}/{shown.charge.charge_id}", {"told": told})


# The form of a charge.


def _filled(visit: Visit, charge: ChargeFact) -> Filled:
    stands = {
        "name": charge.name,
        "description": charge.description,
        "amount": charge.amount,
        "buy": charge.buy,
        "last_day": _last_day(visit, charge),
        "number": str(charge.number_max or ""),
    }
    return Filled({**stands, **visit.form})


def _last_day(visit: Visit, charge: ChargeFact) -> str:
    """The last day on which it may fall due, in the tenant's zone; empty where it has no end."""
    if not charge.end_at:
        return ""
    zone = ZoneInfo(visit.tenant.timezone)
    return datetime.fromtimestamp((charge.end_at - 1) // SECOND, UTC).astimezone(zone).date().isoformat()


def _update_of(visit: Visit, charge: ChargeFact, faults: Faults) -> UpdateCharge:
    """The command as the form has it; what stays as it was is left out."""
    name = text_of(visit.form, "name", faults, is_needed=True)
    description = text_of(visit.form, "description", faults)
    amount = decimal_of(visit.form, "amount", faults)
    buy = decimal_of(visit.form, "buy", faults, is_needed=False)
    number_max = number_of(visit.form, "number", faults, most=_TIMES_MAX) or 0
    changes: dict[str, Any] = {"name": name, "description": description, "number_max": number_max}
    changes = {field: value for field, value in changes.items() if value != getattr(charge, field)}
    if decimal_text(amount) != charge.amount:
        changes["amount"] = amount
    if decimal_text(buy) != charge.buy:
        changes["buy"] = buy
    end_at = _end_at(visit, charge, faults)
    if end_at is not None:
        changes["end_at"] = end_at
    return UpdateCharge(
        tenant_id=visit.tenant_id, caller=visit.caller, charge_id=charge.charge_id, **({} if faults else changes)
    )


def _end_at(visit: Visit, charge: ChargeFact, faults: Faults) -> int | None:
    """The new end, 0 for none; None where the day is as it was."""
    if visit.form.get("last_day", "").strip() == _last_day(visit, charge):
        return None
    day = day_of(visit.form, "last_day", faults)
    return 0 if day is None else beginning_of(day, visit.tenant.timezone, days_later=1)


def _form(
    visit: Visit, shown: ChargeShown, *, faults: Faults | None = None, problem: str = "", status: int = 200
) -> Reply:
    return page(
        visit,
        "charge-change.html",
        status,
        shown=shown,
        charge=shown.charge,
        faults=faults or {},
        problem=problem,
        filled=_filled(visit, shown.charge),
    )


# Rehearsals.


def _rehearsed(visit: Visit, shown: ChargeShown) -> ChargedNow:
    """What charging its customer now would come to, exactly as it would be charged."""
    if not shown.is_live:
        return ChargedNow(None, "", "This charge is deleted.")
    rehearsal = Rehearsal(shown.charge)
    try:
        lines = list(visit.desk.everybody.rehearsed(shown.charge, rehearsal))
    except Refusal as refusal:
        return ChargedNow(None, "", str(refusal))
    if not lines:
        return ChargedNow(None, "", "Its customer is deleted.")
    (line,) = lines
    if line.refusal is not None:
        return ChargedNow(None, "", str(line.refusal))
    if line.tariff is None:
        return ChargedNow(None, "", "Its customer is not billed.")
    moves_balance = settlement_of(line.customer) == "balance"
    after_minor = line.customer.balance_minor - line.tariff.gross_minor if moves_balance else None
    return ChargedNow(line, rehearsal.digest, "", after_minor)


def _waiting(snapshot: Snapshot, parked: SchedulesFound) -> list[Foreseen | None]:
    """What each of the first parked would come to now."""
    return [occurrence_waiting(snapshot, row.schedule) for row in parked.rows[:_REHEARSED_MAX]]

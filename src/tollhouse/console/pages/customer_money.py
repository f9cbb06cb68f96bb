"""What moves a customer's money, or will: charge now, schedule, credit. Each is asked for, rehearsed, done once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from tollhouse.console import access
from tollhouse.console.access import Opens
from tollhouse.console.attempts import SENT_BEFORE, afresh
from tollhouse.console.forms import NOTE_LENGTH_MAX, Faults, Filled, NotThere
from tollhouse.console.pages.customer_asked import (
    ACCOUNT,
    KINDS,
    PERIODS,
    charge_asked,
    credit_asked,
    schedule_asked,
    ways_to_settle,
)
from tollhouse.console.pages.customer_rehearsals import Told, told_credit, told_once, told_recorded, told_schedule
from tollhouse.console.pages.customer_seen import May, live_customer, what_may_be
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.commands import AddToBalance, Command, CreateCharge
from tollhouse.ledger.commands.by_hand import ChargeOnce, RecordByHand
from tollhouse.ledger.facts import CustomerFact
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    AmountTooPrecise,
    BuyOutOfRange,
    CurrencyUnknown,
    CustomerUnknown,
    DigestStale,
    EndBeforeStart,
    ExchangeRateMissing,
    IdempotencyKeyReused,
    NegativeAmountRefused,
    Refusal,
    SumTooLarge,
    TimeInFuture,
)
from tollhouse.ledger.scheduling import zone_of
from tollhouse.web import Reply

#: At which field a refusal is told; any other stands above the form.
_FIELDS: Final[dict[type[Refusal], str]] = {
    AmountOutOfRange: "amount",
    AmountTooPrecise: "amount",
    NegativeAmountRefused: "amount",
    SumTooLarge: "amount",
    BuyOutOfRange: "buy",
    CurrencyUnknown: "currency",
    ExchangeRateMissing: "currency",
    EndBeforeStart: "end",
    TimeInFuture: "day",
}

_CHANGED: Final = "It no longer comes to what was rehearsed: here it is as it stands now. Nothing was charged."

#: What a form asks for, and how it is read.
_Asked = ChargeOnce | RecordByHand | CreateCharge | AddToBalance
_Reads = Callable[[Visit, CustomerFact, Faults], _Asked]


class CustomerMoney:
    def routes(self) -> Routes:
        return {
            "/customers/{number}/charge": self._form_at(access.MONEY, self._charge),
            "/customers/{number}/schedule": self._form_at(access.CHARGES_CHANGE, self._schedule),
            "/customers/{number}/credit": self._form_at(access.MONEY, self._credit),
        }

    def _form_at(self, opens: Opens, handler: Callable[[Visit], Any]) -> dict[str, On]:
        return {"GET": On(opens, handler), "POST": On(opens, handler)}

    async def _charge(self, visit: Visit) -> Reply:
        form = _Form(visit, await visit.read(live_customer, visit), "charge")
        form.settles = ways_to_settle(visit, form.customer, form.may)
        if not form.settles:
            raise NotThere
        return await form.answered(charge_asked)

    async def _schedule(self, visit: Visit) -> Reply:
        form = _Form(visit, await visit.read(live_customer, visit), "schedule")
        if not form.may.schedule:
            raise NotThere
        return await form.answered(schedule_asked)

    async def _credit(self, visit: Visit) -> Reply:
        form = _Form(visit, await visit.read(live_customer, visit), "credit")
        if not form.may.credit:
            raise NotThere
        return await form.answered(credit_asked)


class _Form:
    """One form on its way: shown, rehearsed, done."""

    def __init__(self, visit: Visit, customer: CustomerFact, what: str) -> None:
        self.visit = visit
        self.customer = customer
        self.what = what
        self.may: May = what_may_be(visit, customer)
        self.settles: dict[str, str] = {}

    async def answered(self, reads: _Reads) -> Reply:
        """Each step sends all that was filled in; `step` says which one is wanted."""
        visit, step = self.visit, self.visit.form.get("step", "")
        if not visit.form or step == "change":
            return self._shown()
        faults: Faults = {}
        command = reads(visit, self.customer, faults)
        if faults:
            return self._shown(faults, status=422)
        try:
            is_confirmed = step == "confirm" and _is_agreed(command)
            return await (self._done(command) if is_confirmed else self._rehearsal(command))
        except CustomerUnknown:
            raise NotThere from None
        except DigestStale:
            return await self._rehearsed_again(reads)
        except IdempotencyKeyReused:
            self.visit = afresh(visit)
            return self._shown(problem=SENT_BEFORE, status=409)
        except Refusal as refusal:
            return self._refused(refusal)

    def _refused(self, refusal: Refusal) -> Reply:
        field = _FIELDS.get(type(refusal))
        if field is not None and field in self.visit.form:
            return self._shown({field: str(refusal)}, status=422)
        return self._shown(problem=f"{refusal} Nothing was done.", status=409)

    async def _rehearsed_again(self, reads: _Reads) -> Reply:
        self.visit = afresh(self.visit)
        self.visit.form.pop("digest", None)
        try:
            return await self._rehearsal(reads(self.visit, self.customer, {}), problem=_CHANGED, status=409)
        except Refusal as refusal:
            return self._refused(refusal)

    async def _rehearsal(self, command: _Asked, problem: str = "", status: int = 200) -> Reply:
        told = await _told(self.visit, self.customer, command)
        filled = {name: text for name, text in self.visit.form.items() if name not in ("step", "attempt", "digest")}
        if told.digest:
            filled["digest"] = told.digest
        return page(
            self.visit,
            "customer-rehearsal.html",
            status,
            customer=self.customer,
            what=self.what,
            told_what=told,
            filled=filled,
            problem=problem,
        )

    async def _done(self, command: _Asked) -> Reply:
        receipt = await self.visit.execute(command)
        told = "done-before" if receipt.replayed else _DONE[type(command)]
        return see_other(f"{PATH}/customers/{self.customer.number}", {"told": told})

    def _shown(self, faults: Faults | None = None, problem: str = "", status: int = 200) -> Reply:
        customer, tenant = self.customer, self.visit.tenant
        currency = tenant.currency if ACCOUNT not in self.settles and self.settles else customer.currency
        return page(
            self.visit,
            f"customer-{self.what}.html",
            status,
            customer=customer,
            settles=self.settles,
            kinds=KINDS,
            periods=PERIODS,
            faults=faults or {},
            problem=problem,
            filled=Filled({"currency": currency, **self.visit.form}),
            zone_name=zone_of(tenant, customer),
            note_length_max=NOTE_LENGTH_MAX,
        )


_DONE: Final[dict[type[Command], str]] = {
    ChargeOnce: "charged",
    RecordByHand: "recorded",
    CreateCharge: "scheduled",
    AddToBalance: "credited",
}


def _is_agreed(command: _Asked) -> bool:
    """Whether it says what it was rehearsed to come to, where that can be another by now."""
    if isinstance(command, AddToBalance):
        return command.agreed_minor is not None
    return bool(command.digest) if isinstance(command, ChargeOnce) else True


async def _told(visit: Visit, customer: CustomerFact, command: _Asked) -> Told:
    """What it would come to, as the ledger decides it. Raises its Refusal."""
    result = (await visit.execute(replace(command, idempotency=None, validation=True))).result
    if isinstance(command, ChargeOnce):
        return told_once(command, result.owed)
    if isinstance(command, RecordByHand):
        return told_recorded(command, visit.tenant.currency, result)
    if isinstance(command, CreateCharge):
        return await visit.read(told_schedule, customer, command)
    return told_credit(command, customer, result, KINDS)

"""How the pages take a new card: typed into our own form, by a gateway's script, or not at all."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from tollhouse.apis.desk import Desk
from tollhouse.apis.html import PRIVATE
from tollhouse.apis.moving import PLACE_WAIT_SECONDS
from tollhouse.apis.pages.forms import CardGiven, Faults, card_from
from tollhouse.ledger.facts import CustomerFact
from tollhouse.ledger.ports import CardRefused, Cards, CardScript, HostedCards, SavedCard
from tollhouse.web import JSON, Reply

SETUP_FIELD: Final = "card_setup"
SETUP_LENGTH_MAX: Final = 255

#: Cards that one customer may begin to save within so many seconds: whoever tries stolen ones must try them elsewhere.
BEGUN_MAX: Final = 10
BEGUN_SECONDS: Final = 3600
#: Customers of whom that is remembered; beyond, the oldest are forgotten.
REMEMBERED_MAX: Final = 10_000

TOO_MANY: Final = "Too many cards were tried. Try again in an hour."
NOT_HERE: Final = "New cards cannot be taken here at the moment."


class Way(NamedTuple):
    """How new cards come to a gateway: by its `script`, else typed into our form, where it `takes` them at all."""

    gateway: str
    takes: bool
    script: CardScript | None = None

    @property
    def field(self) -> str:
        """Where on the page it is told what is wrong with the card."""
        return "number" if self.takes and self.script is None else "card"


class SetupGiven(NamedTuple):
    """The name of what a gateway's script has saved."""

    name: str


#: A new card as a form gives it.
Given = CardGiven | SetupGiven


class Begun:
    """How many cards each customer has begun to save of late, in this process."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._times: OrderedDict[tuple[int, int], list[float]] = OrderedDict()

    def may_begin(self, customer: CustomerFact) -> bool:
        """Whether there is room for one more, which is counted then."""
        who, now = (customer.tenant_id, customer.number), self._now()
        times = [time for time in self._times.pop(who, ()) if time > now - BEGUN_SECONDS]
        may = len(times) < BEGUN_MAX
        self._times[who] = [*times, now] if may else times
        if len(self._times) > REMEMBERED_MAX:
            self._times.popitem(last=False)
        return may


class NewCards:
    def __init__(self, desk: Desk, typed: tuple[str, Cards], hosted: tuple[str, HostedCards] | None) -> None:
        """Each is a gateway's name, and where it takes cards; `hosted` goes first for the tenants that it is for."""
        self._desk = desk
        self._typed_gateway, self._typed = typed
        self._hosted_gateway = hosted[0] if hosted else ""
        self._hosted = hosted[1] if hosted else None
        self._begun = Begun()

    async def way(self, tenant_id: int) -> Way:
        """One way for all of a tenant's pages."""
        if self._hosted is None:
            return Way(self._typed_gateway, takes=True)
        return await self._desk.reads.run(self._chosen, self._hosted, tenant_id)

    def _chosen(self, hosted: HostedCards, tenant_id: int) -> Way:
        if not hosted.is_for(tenant_id):
            return Way(self._typed_gateway, takes=True)
        script = hosted.script(tenant_id)
        return Way(self._hosted_gateway, script is not None, script)

    def given(self, way: Way, form: dict[str, str], faults: Faults) -> Given | None:
        """The new card of a form. A gateway's script is not asked for one before all else is right."""
        if not way.takes:
            faults["card"] = NOT_HERE
            return None
        if way.script is None:
            return card_from(form, faults, self._desk.clock.now())
        name = form.get(SETUP_FIELD, "")
        if not name and not faults:
            faults["card"] = "Enter your card."
        return SetupGiven(name[:SETUP_LENGTH_MAX])

    async def begin(self, customer: CustomerFact) -> Reply:
        """What the script saves one card of the customer's with."""
        if not self._begun.may_begin(customer):
            return told(422, fault=TOO_MANY)
        try:
            return told(200, secret=await self._asked(self._host.begin, customer.tenant_id, customer.uid))
        except CardRefused as error:
            return told(422, fault=str(error))

    async def saved(self, customer: CustomerFact, given: Given) -> SavedCard:
        """The card as its gateway knows it. Raises CardRefused."""
        if isinstance(given, CardGiven):
            return self._typed.save_card(*given)
        card: SavedCard = await self._asked(self._host.saved, customer.tenant_id, customer.uid, given.name)
        return card

    @property
    def _host(self) -> HostedCards:
        if self._hosted is None:
            raise CardRefused(NOT_HERE)
        return self._hosted

    async def _asked(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What a gateway says, within its time."""
        async with self._desk.gateway_calls.place(PLACE_WAIT_SECONDS) as run:
            return await run(work, *arguments, self._desk.settings.gateway_timeout_seconds)

    def confirmed(self, gateway: str, token: str) -> str | None:
        """The token once the holder's bank has said yes, where a bank of ours can be asked."""
        return self._typed.confirmed(token) if gateway == self._typed_gateway else None


def told(status: int, **what: str) -> Reply:
    """An answer to our own script: `secret`, `fault`, or nothing where the form is to be sent as it is."""
    return Reply(status, msgspec.json.encode(what), (JSON, *PRIVATE))

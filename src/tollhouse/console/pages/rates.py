"""Rates of exchange: those that count, those before them, and new ones. What was charged keeps its rate."""

from __future__ import annotations

from typing import Final

import msgspec

from tollhouse.console import access
from tollhouse.console.forms import Faults, Filled, beginning_of, day_of, sentence_of, text_of
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.commands.exchange_rates import PutExchangeRate
from tollhouse.ledger.facts import ExchangeRateFact
from tollhouse.ledger.refusals import RateRefused
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

#: Rates are an operator's own and few; of many the newest are shown.
ROWS: Final = 200

#: Where the form has what the ledger refuses a field of a rate for.
_FIELDS: Final = {"from": "from", "to": "to", "rate": "rate", "time": "since"}


class RateSeen(msgspec.Struct, frozen=True):
    """`state` is in force, past, or later."""

    rate: ExchangeRateFact
    state: str


class Rates:
    def routes(self) -> Routes:
        return {"/rates": {"GET": On(access.RATES, self._list), "POST": On(access.RATES_CHANGE, self._put)}}

    async def _list(self, visit: Visit) -> Reply:
        return await self._shown(visit, Filled(), {})

    async def _put(self, visit: Visit) -> Reply:
        faults: Faults = {}
        one = text_of(visit.form, "from", faults, is_needed=True, length_max=3)
        other = text_of(visit.form, "to", faults, is_needed=True, length_max=3)
        rate = text_of(visit.form, "rate", faults, is_needed=True, length_max=40)
        since = day_of(visit.form, "since", faults)
        if faults:
            return await self._shown(visit, Filled(visit.form), faults, 422)
        effective_at = visit.now if since is None else beginning_of(since, visit.tenant.timezone)
        command = PutExchangeRate(
            tenant_id=visit.tenant_id, from_currency=one, to_currency=other, rate=rate, effective_at=effective_at
        )
        try:
            await visit.execute(command)
        except RateRefused as refusal:
            told = {_FIELDS.get(refusal.field, "rate"): sentence_of(refusal)}
            return await self._shown(visit, Filled(visit.form), told, 422)
        return see_other(f"{PATH}/rates", {"told": "saved"})

    async def _shown(self, visit: Visit, filled: Filled, faults: Faults, status: int = 200) -> Reply:
        rates = await visit.read(_rates)
        may_change = visit.may(access.RATES_CHANGE)
        return page(
            visit, "rates.html", status, rates=rates, rows_max=ROWS, filled=filled, faults=faults, may_change=may_change
        )


def _rates(snapshot: Snapshot) -> list[RateSeen]:
    """The newest rates, each pair's together, the newest first."""
    found = snapshot.reader.first(ExchangeRateFact, ROWS, order=("-effective_at", "from_currency", "to_currency"))
    in_force: set[tuple[str, str]] = set()
    seen = []
    for rate in found:
        pair = (rate.from_currency, rate.to_currency)
        state = "later" if rate.effective_at > snapshot.now else "past" if pair in in_force else "in force"
        if state == "in force":
            in_force.add(pair)
        seen.append(RateSeen(rate, state))
    return sorted(seen, key=lambda each: (each.rate.from_currency, each.rate.to_currency))

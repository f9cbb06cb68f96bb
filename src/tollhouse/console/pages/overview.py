"""What the whole tenant comes to, what falls due next, and what is stuck."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec

from tollhouse.console import access
from tollhouse.console.pages.overview_figures import FIGURES, Compared, day_in_words, door_rows
from tollhouse.console.pages.overview_stuck import counted, reaches_all, stuck_things
from tollhouse.console.pages.transaction_filter import DOORS
from tollhouse.console.rendering import page
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.domain.days import days_in
from tollhouse.domain.money import is_currency
from tollhouse.ledger.queries.overview import (
    DoorFigures,
    FallingDue,
    OverviewQueries,
    PeriodFigures,
    Span,
    Stuck,
)
from tollhouse.ledger.standings import Standing, Standings
from tollhouse.web import Reply

#: Rows of each list.
SHOWN: Final = 5


class Choice(NamedTuple):
    label: str
    length: int
    is_months: bool = False


#: By what an address says, in the order of the page.
PERIODS: Final = {
    "7d": Choice("7 days", 7),
    "30d": Choice("30 days", 30),
    "90d": Choice("90 days", 90),
    "12m": Choice("12 months", 12, is_months=True),
}
_DEFAULT_PERIOD: Final = "30d"
_DEFAULT_FIGURE: Final = "gross"


class Wanted(NamedTuple):
    """What the address asks for; what it says wrongly is not asked for."""

    period: str
    currency: str
    figure: str
    own_currency: str

    def query(self, **changed: str) -> str:
        """The address of the page with something else in it."""
        stands = {"period": self.period, "currency": self.currency, "figure": self.figure, **changed}
        usual = {"period": _DEFAULT_PERIOD, "currency": self.own_currency, "figure": _DEFAULT_FIGURE}
        fields = {name: value for name, value in stands.items() if value != usual[name]}
        return f"{PATH}?{urlencode(fields)}" if fields else PATH


class Seen(msgspec.Struct, frozen=True):
    """What the page shows, each part as it stood when it was read."""

    figures: list[PeriodFigures]
    doors: list[DoorFigures]
    charged_in: list[str]
    due: FallingDue
    stuck: Stuck
    standing: Standing | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing has happened yet."""
        stuck = self.stuck
        is_stuck = stuck.payments or stuck.refunds or stuck.parked or stuck.endpoints
        return not (self.figures or self.charged_in or self.due.first or is_stuck)


class Overview:
    def __init__(self, queries: OverviewQueries, standings: Standings) -> None:
        self._queries = queries
        self._standings = standings

    def routes(self) -> Routes:
        return {"": {"GET": On(access.FIGURES, self._show)}}

    async def _show(self, visit: Visit) -> Reply:
        wanted = _wanted(visit)
        today = date.fromisoformat(days_in(visit.tenant.timezone).day_of(visit.now))
        span = _span(PERIODS[wanted.period], today)
        system_now = visit.desk.clock.now()
        seen = await visit.ask(self._seen, visit.tenant_id, span, wanted.currency, visit.now, system_now)
        if seen.is_empty:
            return page(visit, "overview-first.html", address=visit.desk.settings.public_url)
        compared = Compared(seen.figures, span, wanted.currency)
        return page(visit, "overview.html", seen=seen, compared=compared, **_shown(visit, wanted, seen, compared))

    def _seen(self, tenant_id: int, span: Span, currency: str, now: int, system_now: int) -> Seen:
        return Seen(
            figures=self._queries.figures(tenant_id, span.with_before(), currency),
            doors=self._queries.doors(tenant_id, span, currency),
            charged_in=self._queries.currencies(tenant_id),
            due=self._queries.falling_due(tenant_id, now, SHOWN),
            stuck=self._queries.stuck(tenant_id, system_now, 1),
            standing=self._standings.of(tenant_id),
        )


def _wanted(visit: Visit) -> Wanted:
    own, query = visit.tenant.currency, visit.query
    period, currency = query.get("period", ""), query.get("currency", "").upper()
    figure = query.get("figure", "")
    return Wanted(
        period if period in PERIODS else _DEFAULT_PERIOD,
        currency if is_currency(currency) else own,
        figure if figure in FIGURES else _DEFAULT_FIGURE,
        own,
    )


def _span(choice: Choice, today: date) -> Span:
    return Span.of_months(choice.length, today) if choice.is_months else Span.of_days(choice.length, today)


def _shown(visit: Visit, wanted: Wanted, seen: Seen, compared: Compared) -> dict[str, Any]:
    own = visit.tenant.currency
    others = {*seen.charged_in, wanted.currency} - {own}
    return {
        "wanted": wanted,
        "periods": {name: choice.label for name, choice in PERIODS.items()},
        "currencies": [own, *sorted(others)],
        "figure_names": {name: figure.name for name, figure in FIGURES.items()},
        "plot": compared.plot(wanted.figure),
        "days": _days_in_words(compared),
        "doors": door_rows(seen.doors),
        "door_names": DOORS,
        "top": seen.standing.customers.get(wanted.currency, [])[:SHOWN] if seen.standing else [],
        "now": visit.now,
        "sees_customers": reaches_all(visit, access.CUSTOMERS),
        "sees_charges": reaches_all(visit, access.CHARGES),
        "stuck": stuck_things(visit, seen.stuck),
        "counted": counted,
    }


def _days_in_words(compared: Compared) -> str:
    """Which days count, and which they are compared with."""
    first, last = compared.span.bounds
    days = f"{day_in_words(first)} to {day_in_words(last)}"
    if compared.before is None:
        return f"{days}."
    first, last = compared.before.bounds
    return f"{days}, compared with {day_in_words(first)} to {day_in_words(last)}."

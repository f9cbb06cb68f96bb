"""Customers: found, listed, and one customer with all that belongs to it."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from tollhouse.console import access
from tollhouse.console.forms import NotThere, beginning_of, number_in_path
from tollhouse.console.pages.customer_seen import CustomerShown, customer_shown, ever_seen
from tollhouse.console.pages.customer_timeline import FILTERS, filters_for, older_places, shown_places, timeline_wanted
from tollhouse.console.plots import BarPlot, Period, Series, amounts_in, bar_plot
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact
from tollhouse.ledger.queries.customer_pages import YEAR_LOOKED_AT, CustomerPageQueries, CustomerRows, Year
from tollhouse.ledger.queries.timelines import LOOKED_AT, Timeline, TimelineQueries
from tollhouse.web import Reply

ROWS: Final = 50
#: Of the timeline on the page of a customer.
_NEWEST: Final = 15
_SEARCH_LENGTH_MAX: Final = 255
_MONTHS: Final = 12
#: Customers below one that are named on its page.
_BELOW: Final = 5
#: Plots on one page: of the currencies that were charged in most lately.
_PLOTS_MAX: Final = 4
_KIND_NAMES: Final = {
    "charge": "Charge",
    "refund": "Refund",
    "void": "Void",
    "credit": "Credit",
    "topup": "Top-up",
    "debit": "Debit",
    "adjustment": "Adjustment",
}
_SETTLEMENT_NAMES: Final = {"recorded": "collected elsewhere", "balance": "on account", "gateway": "by the gateway"}


class Customers:
    def __init__(self, queries: CustomerPageQueries, timelines: TimelineQueries) -> None:
        self._queries = queries
        self._timelines = timelines

    def routes(self) -> Routes:
        return {
            "/customers": {"GET": On(access.CUSTOMERS, self._list)},
            "/customers/{number}": {"GET": On(access.CUSTOMERS, self._show)},
            "/customers/{number}/timeline": {"GET": On(access.TRANSACTIONS, self._timeline)},
        }

    # The list.

    async def _list(self, visit: Visit) -> Reply:
        """Found by a search, else those below one customer, else everybody: a branch's people begin with their own."""
        search = visit.query.get("q", "").strip()[:_SEARCH_LENGTH_MAX]
        if search:
            rows = await visit.ask(self._queries.found, visit.tenant_id, visit.caller, search, ROWS)
            return self._listed(visit, rows, search=search)
        own = visit.caller.customer_number
        if not visit.caller.may_reach_below:
            return see_other(f"{PATH}/customers/{own}")
        after = number_in_path(visit.query.get("after") or "0")
        parent_number = number_in_path(visit.query.get("parent") or "0") or (0 if own == ROOT_NUMBER else own)
        if not parent_number:
            rows = await visit.ask(self._queries.everybody, visit.tenant_id, after, ROWS)
            return self._listed(visit, rows, after=after)
        parent = await visit.read(ever_seen, visit.caller, parent_number)
        rows = await visit.ask(self._queries.below, visit.tenant_id, parent_number, after, ROWS)
        return self._listed(visit, rows, after=after, parent=parent)

    def _listed(
        self, visit: Visit, rows: CustomerRows, *, search: str = "", after: int = 0, parent: CustomerFact | None = None
    ) -> Reply:
        place = f"parent={parent.number}&" if parent else ""
        older = f"{PATH}/customers?{place}after={rows.rows[-1].customer.number}" if rows.has_more else ""
        return page(
            visit,
            "customers.html",
            found=rows,
            search=search,
            parent=parent,
            older="" if search else older,
            newest=f"{PATH}/customers?{place}".rstrip("?&") if after else "",
            may_create=visit.may(access.CUSTOMERS_CHANGE),
            is_root=visit.caller.customer_number == ROOT_NUMBER,
        )

    # One customer.

    async def _show(self, visit: Visit) -> Reply:
        number = number_in_path(visit.params["number"])
        shown = await visit.read(customer_shown, visit, number)
        below = await visit.ask(self._queries.below, visit.tenant_id, number, 0, _BELOW)
        months = _months(visit)
        year, timeline = Year([], None), None
        if shown.may.see_transactions:
            since = beginning_of(months[0], visit.tenant.timezone)
            year = await visit.ask(self._queries.year, visit.tenant_id, number, since)
            wanted = replace(timeline_wanted(visit, shown.customer, shown.may, ""), count=_NEWEST)
            timeline = await visit.ask(self._timelines.timeline, visit.tenant_id, number, wanted)
        return page(
            visit,
            "customer.html",
            **_timeline_shown(shown, timeline, ""),
            shown=shown,
            children=[row.customer for row in below.rows if visit.caller.reaches(row.customer.path)],
            has_more_children=below.has_more,
            plots=_plots(year, months, visit.tenant.timezone),
            cut_at=year.cut_at,
            year_looked_at=YEAR_LOOKED_AT,
        )

    async def _timeline(self, visit: Visit) -> Reply:
        number = number_in_path(visit.params["number"])
        shown = await visit.read(customer_shown, visit, number)
        kind = visit.query.get("kind", "")
        if not shown.may.see_transactions or kind not in filters_for(shown.may):
            raise NotThere
        wanted = timeline_wanted(visit, shown.customer, shown.may, kind, shown_places(visit.query.get("before", "")))
        timeline = await visit.ask(self._timelines.timeline, visit.tenant_id, number, wanted)
        is_first = wanted.places is None
        return page(
            visit, "customer-timeline.html", **_timeline_shown(shown, timeline, kind), shown=shown, is_first=is_first
        )


def _timeline_shown(shown: CustomerShown, timeline: Timeline | None, kind: str) -> dict[str, Any]:
    """What the list of a timeline needs, in whichever page it is."""
    return {
        "customer": shown.customer,
        "timeline": timeline,
        "kind": kind,
        "filters": {name: FILTERS[name].label for name in filters_for(shown.may)},
        "before": older_places(timeline.places) if timeline else "",
        "looked_at": LOOKED_AT,
        "kind_names": _KIND_NAMES,
        "settlement_names": _SETTLEMENT_NAMES,
    }


def _months(visit: Visit) -> list[date]:
    """The first days of the last months, this one's last."""
    today = datetime.fromtimestamp(visit.now // SECOND, ZoneInfo(visit.tenant.timezone))
    this = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(this - _MONTHS + 1, this + 1)]


def _plots(year: Year, months: list[date], timezone: str) -> list[BarPlot]:
    """By month, a plot for each currency."""
    starts = [beginning_of(month, timezone) for month in months]
    sums: dict[str, list[int]] = {}
    for charge in year.charges:
        place = bisect_right(starts, charge.effective_at) - 1
        sums.setdefault(charge.currency, [0] * _MONTHS)[place] += charge.gross_minor
    periods = [Period(f"{month:%b}", f"{month:%B %Y}") for month in months]
    return [
        bar_plot(
            f"plot-{currency.lower()}",
            f"Charged by month, {currency}",
            periods,
            [Series("Charged", "now", amounts)],
            amounts_in(currency),
        )
        for currency, amounts in sorted(sums.items())[:_PLOTS_MAX]
    ]

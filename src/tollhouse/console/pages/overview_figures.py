"""Figures of a period beside those of the period before: in cards, and as a plot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date
from fractions import Fraction
from functools import reduce
from typing import Final, NamedTuple

from tollhouse.console.plots import BarPlot, Period, Series, amounts_in, bar_plot
from tollhouse.domain.money import round_half_away
from tollhouse.ledger.queries.overview import MONTH, DoorFigures, PeriodFigures, Span, Sums

#: Names of days below a plot at most: "28 Feb" is wider than a month's name.
_DAYS_NAMED: Final = 6

Shown = Callable[[int], str]


class Figure(NamedTuple):
    """One amount of a period's figures, and what it is."""

    name: str
    says: str
    minor_of: Callable[[PeriodFigures], int]


#: By the name that an address has for it, in the order of the page.
FIGURES: Final = {
    "gross": Figure("Gross", "What was charged, with its taxes.", lambda f: f.charged.gross_minor),
    "net": Figure("Net", "Gross less refunds, voids and taxes.", lambda f: f.net_minor),
    "tax": Figure("Tax", "Of what was kept.", lambda f: f.tax_minor),
    "margin": Figure("Margin", "Net less what it cost to buy.", lambda f: f.margin_minor),
    "refunds": Figure("Refunds", "What was given back.", lambda f: -f.refunded.gross_minor),
    "voids": Figure("Voids", "Charges that were made void.", lambda f: -f.voided.gross_minor),
}


class Card(NamedTuple):
    """`mark` points where the change goes; `change` says it in words."""

    name: str
    shown: str
    says: str
    mark: str
    change: str


class DoorRow(NamedTuple):
    """`share` is the percentage of all charges' gross, as a plot's width has it and as people read it."""

    origin: str
    charged: Sums
    share: str


class Compared:
    """One currency's figures of a span, and of the one before: `figures` holds both, by period."""

    def __init__(self, figures: Iterable[PeriodFigures], span: Span, currency: str) -> None:
        self.span = span
        self.before = span.before()
        self.currency = currency
        self._by_period = {each.period: each for each in figures}
        self._now = self._of(span)
        self._then = self._of(self.before) if self.before else []
        self.now = _added_up(self._now, currency)
        self.then = _added_up(self._then, currency)

    @property
    def is_nothing(self) -> bool:
        return _is_nothing(self.now) and _is_nothing(self.then)

    def cards(self) -> list[Card]:
        shown = amounts_in(self.currency)
        count = Figure("Charges", "How many.", lambda figures: figures.charged.count)
        cards = [self._card(figure, shown) for figure in FIGURES.values()]
        return [*cards, self._card(count, "{:,}".format)]

    def plot(self, name: str) -> BarPlot:
        figure = FIGURES[name]
        is_by_month = self.span.step == MONTH
        earlier = self.before.periods() if self.before else [""] * len(self._now)
        periods = [
            _period(period, before, is_by_month) for period, before in zip(self.span.periods(), earlier, strict=True)
        ]
        series = [
            Series(title, key, [figure.minor_of(each) for each in figures])
            for title, key, figures in (("This period", "now", self._now), ("Before", "before", self._then))
            if figures
        ]
        title = f"{figure.name} by {self.span.step}, {self.currency}"
        shown = amounts_in(self.currency)
        return bar_plot("plot", title, periods, series, shown, **({} if is_by_month else {"names_max": _DAYS_NAMED}))

    def _of(self, span: Span) -> list[PeriodFigures]:
        return [self._by_period.get(period) or PeriodFigures(period, self.currency) for period in span.periods()]

    def _card(self, figure: Figure, shown: Shown) -> Card:
        now, then = figure.minor_of(self.now), figure.minor_of(self.then)
        if _is_nothing(self.then):
            return Card(figure.name, shown(now), figure.says, "", "no charges before")
        mark = "▲" if now > then else "▼" if now < then else ""
        return Card(figure.name, shown(now), figure.says, mark, change_in_words(now, then, shown))


def door_rows(doors: Collection[DoorFigures]) -> list[DoorRow]:
    """Those with most gross first."""
    whole = sum(door.charged.gross_minor for door in doors)
    return [
        DoorRow(door.origin, door.charged, _tenths(_share(door.charged.gross_minor, whole)) if whole > 0 else "")
        for door in sorted(doors, key=lambda door: (-door.charged.gross_minor, door.origin))
    ]


def change_in_words(now: int, then: int, shown: Shown) -> str:
    """How one amount stands to an earlier one: by percent, where that is of something."""
    if now == then:
        return "the same as before"
    word = "more" if now > then else "less"
    if then <= 0:
        return f"{word} than {shown(then)} before"
    tenths = _share(abs(now - then), then)
    percent = f"{_tenths(tenths)}%" if tenths else "less than 0.1%"
    return f"{percent} {word} than {shown(then)} before"


def day_in_words(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


def _period(period: str, before: str, is_by_month: bool) -> Period:
    if is_by_month:
        month = date.fromisoformat(f"{period}-01")
        earlier = f"{date.fromisoformat(f'{before}-01'):%B %Y}" if before else ""
        return Period(f"{month:%b}", f"{month:%B %Y}", earlier)
    day = date.fromisoformat(period)
    earlier = day_in_words(date.fromisoformat(before)) if before else ""
    return Period(f"{day.day} {day:%b}", day_in_words(day), earlier)


def _added_up(figures: Iterable[PeriodFigures], currency: str) -> PeriodFigures:
    return reduce(
        lambda one, other: PeriodFigures(
            "", currency, one.charged + other.charged, one.refunded + other.refunded, one.voided + other.voided
        ),
        figures,
        PeriodFigures("", currency),
    )


def _is_nothing(figures: PeriodFigures) -> bool:
    return not (figures.charged.count or figures.refunded.count or figures.voided.count)


def _share(part: int, whole: int) -> int:
    """In tenths of a percent."""
    return round_half_away(Fraction(part * 1000, whole))


def _tenths(tenths: int) -> str:
    return f"{tenths // 10:,}.{tenths % 10}"

"""Plots: bars by period, drawn here, each with a table that says the same to the last minor unit.

Positions are integers: pixels from the top, hundredths of a percent from the left. So a plot is as wide as its place,
and its texts stay as large as others. What is read is always the exact amount; only where a bar ends is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from tollhouse.apis.html import money

HEIGHT: Final = 240
_TOP: Final = 22
_BOTTOM: Final = 24
_AREA: Final = HEIGHT - _TOP - _BOTTOM
#: Hundredths of a percent.
_WIDTH: Final = 10_000
#: Lines across the plot at most, but for the one at nothing.
_LINES_MAX: Final = 4
#: Names of periods below the bars at most: as many as a phone has room for.
_NAMES_MAX: Final = 12

#: Writes an amount out.
Shown = Callable[[int], str]


class Period(NamedTuple):
    """`short` stands below the bars, `full` in the table; `before` is the earlier one whose amount, of the series with
    the key `before`, stands beside it."""

    short: str
    full: str
    before: str = ""


class Series(NamedTuple):
    """One amount a period. `key` says how it is drawn: now, before, series-3, series-4 or series-5."""

    name: str
    key: str
    amounts: Sequence[int]


class Bar(NamedTuple):
    key: str
    x: str
    y: int
    width: str
    height: int
    says: str


class Line(NamedTuple):
    """Across the plot at a round amount; the one at nothing says nothing."""

    y: int
    says: str


class Name(NamedTuple):
    """Of a period, below its bars: in their middle, or at the end of the plot that it would reach beyond."""

    x: str
    text: str
    anchor: str = "middle"


class BarPlot(msgspec.Struct, frozen=True):
    """What the macro `bars` of plots.html draws."""

    id: str
    title: str
    says: str
    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    names: tuple[Name, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    height: int = HEIGHT


def amounts_in(currency: str) -> Shown:
    """How a plot writes minor units of a currency."""
    return lambda amount_minor: money(amount_minor, currency)


def bar_plot(
    plot_id: str,
    title: str,
    periods: Sequence[Period],
    series: Sequence[Series],
    shown: Shown,
    *,
    names_max: int = _NAMES_MAX,
) -> BarPlot:
    """Bars side by side for each period; below the line what is below zero. `plot_id` is the page's only one."""
    amounts = [amount for each in series for amount in each.amounts]
    scale = _Scale(max([0, *amounts]), min([0, *amounts]))
    return BarPlot(
        id=plot_id,
        title=title,
        says=_said(periods, series[0], shown),
        series=tuple(series),
        bars=tuple(_bars(periods, series, scale, shown)),
        lines=tuple(Line(scale.y(amount), shown(amount) if amount else "") for amount in scale.lines),
        names=tuple(_names(periods, names_max)),
        rows=tuple((_in_table(period), tuple(shown(s.amounts[n]) for s in series)) for n, period in enumerate(periods)),
    )


class _Scale:
    """Between round amounts, of which each is a line."""

    def __init__(self, most: int, least: int) -> None:
        step = _round_step(max(most - least, 1))
        self.most = max(-(-most // step) * step, step if least == 0 else 0)
        self.least = least // step * step
        self.lines = range(self.least, self.most + 1, step)

    def y(self, amount: int) -> int:
        return _TOP + (self.most - amount) * _AREA // (self.most - self.least)


def _round_step(span: int) -> int:
    """The smallest of 1, 2, 5, 10, 20 … of which so many lines are enough."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor * _LINES_MAX >= span:
                return step * factor
        step *= 10


def _bars(periods: Sequence[Period], series: Sequence[Series], scale: _Scale, shown: Shown) -> list[Bar]:
    place = _WIDTH // max(len(periods), 1)
    width = place * 8 // (10 * len(series))
    bars = []
    for n, period in enumerate(periods):
        for k, each in enumerate(series):
            amount = each.amounts[n]
            top, bottom = scale.y(max(amount, 0)), scale.y(min(amount, 0))
            # The least amount is to be seen, too.
            height = max(bottom - top, 1) if amount else 0
            x = n * place + place // 10 + k * width
            says = f"{_whose(period, each, len(series))}: {shown(amount)}"
            bars.append(Bar(each.key, _percent(x), min(top, bottom - height), _percent(width), height, says))
    return bars


def _whose(period: Period, series: Series, count: int) -> str:
    if series.key == "before" and period.before:
        return period.before
    return period.full if count == 1 or period.before else f"{period.full}, {series.name}"


def _in_table(period: Period) -> str:
    return f"{period.full}, before: {period.before}" if period.before else period.full


def _names(periods: Sequence[Period], names_max: int) -> list[Name]:
    """Of every period, or of every second, third …, the last one's among them."""
    place = _WIDTH // max(len(periods), 1)
    every = -(-len(periods) // names_max)
    last = len(periods) - 1
    return [
        Name(_percent(_WIDTH), period.short, "end")
        if n == last > names_max
        else Name(_percent(n * place + place // 2), period.short)
        for n, period in enumerate(periods)
        if every and (last - n) % every == 0
    ]


def _said(periods: Sequence[Period], series: Series, shown: Shown) -> str:
    if not any(series.amounts):
        return f"Nothing from {periods[0].full} to {periods[-1].full}." if periods else "Nothing."
    most = max(range(len(periods)), key=lambda n: series.amounts[n])
    return (
        f"From {periods[0].full} to {periods[-1].full}."
        f" The most is {shown(series.amounts[most])} in {periods[most].full}."
    )


def _percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}%"

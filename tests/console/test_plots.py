"""Plots: bars where they belong, and every amount exact in the words beside them."""

from __future__ import annotations

from tollhouse.console.plots import HEIGHT, BarPlot, Period, Series, amounts_in, bar_plot


def plot(*amounts: int, currency: str = "USD", before: tuple[int, ...] = ()) -> BarPlot:
    periods = [Period(f"{n}", f"Month {n}") for n in range(len(amounts))]
    series = [Series("Now", "now", amounts), *([Series("Before", "before", before)] if before else [])]
    return bar_plot("p", "Charged", periods, series, amounts_in(currency))


def test_the_table_and_the_words_are_exact() -> None:
    drawn = plot(1, 9_007_199_254_740_993, 0)
    assert [amounts for _, amounts in drawn.rows] == [("$0.01",), ("$90,071,992,547,409.93",), ("$0.00",)]
    assert "The most is $90,071,992,547,409.93 in Month 1" in drawn.says
    assert plot(1250, currency="JPY").rows[0][1] == ("¥1,250",)
    assert plot(1255, currency="KWD").rows[0][1][0].endswith("1.255")


def test_lines_stand_at_round_amounts_and_above_all_bars() -> None:
    for most in (1, 7, 99, 100, 101, 12_345, 9_999_999, 10**15 + 1):
        drawn = plot(most, most // 2)
        assert 2 <= len(drawn.lines) <= 6
        assert min(line.y for line in drawn.lines) <= min(bar.y for bar in drawn.bars)


def test_bars_are_as_high_as_their_amounts_and_within_the_plot() -> None:
    drawn = plot(100, 50, 0, 1, before=(25, 100, 10, 0))
    heights = {bar.says: bar.height for bar in drawn.bars}
    assert heights["Month 0, Now: $1.00"] == 2 * heights["Month 1, Now: $0.50"]
    assert heights["Month 2, Now: $0.00"] == 0
    assert heights["Month 3, Now: $0.01"] >= 1
    assert all(bar.y >= 0 and bar.y + bar.height <= HEIGHT for bar in drawn.bars)
    assert all(0 <= float(bar.x[:-1]) <= 100 - float(bar.width[:-1]) for bar in drawn.bars)


def test_what_is_below_zero_hangs_from_the_line() -> None:
    drawn = plot(100, -50)
    above, below = drawn.bars
    assert above.y + above.height == below.y
    assert below.says == "Month 1: -$0.50"


def test_nothing_is_drawn_as_nothing() -> None:
    assert plot(0, 0).says == "Nothing from Month 0 to Month 1."
    assert all(bar.height == 0 for bar in plot(0, 0).bars)
    assert plot().bars == ()


def test_of_many_periods_some_are_named_the_last_among_them() -> None:
    names = [name.text for name in plot(*range(31)).names]
    assert len(names) <= 12
    assert names[-1] == "30"

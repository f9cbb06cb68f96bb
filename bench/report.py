"""The tables on the terminal and the file beside them."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.rounds import Comparison, Figures

RESULTS = Path(__file__).parent / "results.json"


def show(console: Console, comparisons: list[Comparison], about: dict[str, Any]) -> None:
    console.print(_ratios(comparisons))
    console.print(_absolute(comparisons))
    for what, told in about.items():
        words = ", ".join(f"{name} {value}" for name, value in told.items()) if isinstance(told, dict) else str(told)
        console.print(f"[bold]{what}[/]: {words}", highlight=False)


def write(comparisons: list[Comparison], about: dict[str, Any]) -> None:
    results = {**about, "comparisons": [comparison.as_json() for comparison in comparisons]}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def _ratios(comparisons: list[Comparison]) -> Table:
    headings = ("store", "case", "clients", "ratio", "least to most", "against", "aim", "batch")
    table = Table(*headings, title="Ratios, medians of the rounds; batch: commands that shared a commit, in the mean")
    for c in comparisons:
        spread = f"{shown(min(c.ratios))} to {shown(max(c.ratios))}"
        ratio, batch = f"[bold]{shown(c.ratio)}[/]", f"{c.mean_batch_commands:.1f}"
        table.add_row(c.store, c.name, str(c.clients), ratio, spread, c.against, _aim(c), batch)
    return table


def _absolute(comparisons: list[Comparison]) -> Table:
    """Medians of the rounds; of this machine, at this hour."""
    table = Table("store", "case", "clients", title="For context: figures of this machine, medians of the rounds")
    for heading in ("charges/s", "p50 ms", "p99 ms", "other/s", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="right")
    for c in comparisons:
        table.add_row(c.store, c.name, str(c.clients), *_columns(c.ours), *_columns(c.theirs))
    return table


def shown(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


def _aim(comparison: Comparison) -> str:
    if comparison.aim is None:
        return ""
    reached = comparison.ratio >= comparison.aim
    return f"[{'green' if reached else 'red'}]{comparison.aim:.2f}, {'reached' if reached else 'missed'}[/]"


def _columns(side: Figures) -> list[str]:
    latencies = ("" if ms is None else f"{ms:.2f}" for ms in (side.p50_ms, side.p99_ms))
    return [f"{statistics.median(side.rates):,.0f}", *latencies]

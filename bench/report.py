"""The table on the terminal and the file beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.rounds import Comparison, Figures

RESULTS = Path(__file__).parent / "results.json"


def show(console: Console, comparisons: list[Comparison], about: dict[str, Any]) -> None:
    table = Table(title="Ratios: ours by theirs, median of the rounds (least to most)")
    for heading in ("store", "case", "clients", "against", "ratio", "aim", "batch"):
        table.add_column(heading)
    for heading in ("ours /s", "p50 ms", "p99 ms", "theirs /s", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="right")
    for c in comparisons:
        ratio = f"[bold]{c.ratio:.2f}[/] ({min(c.ratios):.2f} to {max(c.ratios):.2f})"
        batch = f"{c.mean_batch_commands:.1f}"
        sides = *_columns(c.ours), *_columns(c.theirs)
        table.add_row(c.store, c.name, str(c.clients), c.against, ratio, _aim(c), batch, *sides)
    console.print(table)
    for what, told in about.items():
        words = ", ".join(f"{name} {value}" for name, value in told.items()) if isinstance(told, dict) else str(told)
        console.print(f"[bold]{what}[/]: {words}", highlight=False)


def write(comparisons: list[Comparison], about: dict[str, Any]) -> None:
    results = {**about, "comparisons": [comparison.as_json() for comparison in comparisons]}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def _aim(comparison: Comparison) -> str:
    if comparison.aim is None:
        return ""
    reached = comparison.ratio >= comparison.aim
    return f"[{'green' if reached else 'red'}]≥ {comparison.aim:.2f}{'' if reached else ' missed'}[/]"


def _columns(side: Figures) -> list[str]:
    rate = sorted(side.rates)[len(side.rates) // 2]
    return [f"{rate:,.0f}", *("" if ms is None else f"{ms:.2f}" for ms in (side.p50_ms, side.p99_ms))]

"""The runs at scale, and what is shown of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.machine import load_average, machine, versions
from bench.report import shown
from bench.scale.cases import Measured, Scale
from bench.stores import Place

RESULTS = Path(__file__).parent / "results.json"
CUSTOMERS = 100_000
CUSTOMERS_QUICK = 10_000
#: The same with so many fewer, for what must not grow with them.
FEWER = 10

Places = Mapping[str, Callable[[Path], AbstractContextManager[Place]]]


def measure_scale(console: Console, folder: Path, places: Places, options: argparse.Namespace) -> None:
    """Measure, print and write; raises LoadFailed where anybody was not charged exactly once."""
    about: dict[str, Any] = {
        "measured at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "machine": machine(folder),
        "load average before": load_average(),
    }
    customers = options.customers or (CUSTOMERS_QUICK if options.quick else CUSTOMERS)
    measured: list[Measured] = []

    def tell(found: Measured) -> None:
        measured.append(found)
        console.print(_line(found), highlight=False)

    for name in options.store or places:
        for count in (customers // FEWER, customers):
            inside = folder / f"{name}-{count}"
            inside.mkdir()
            with places[name](inside) as place:
                Scale(place, inside, count, tell).measure()
                about[f"{place.name} {place.version}"] = place.settings
    console.print(_table(measured))
    for what, told in about.items():
        words = ", ".join(f"{name} {value}" for name, value in told.items()) if isinstance(told, dict) else str(told)
        console.print(f"[bold]{what}[/]: {words}", highlight=False)
    results = {**about, "measured": [found.as_json() for found in measured]}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def _line(found: Measured) -> str:
    ratio = "" if found.ratio is None else f", {shown(found.ratio)} of plain SQL"
    return f"{found.store}, {found.customers:,}: {found.case}: {found.seconds:.1f} s{ratio}"


def _table(measured: list[Measured]) -> Table:
    headings = (
        "store",
        "customers",
        "case",
        "ratio",
        "a second",
        "seconds",
        "MB before",
        "grew MB",
        "p50 ms",
        "p99 ms",
    )
    table = Table(
        *headings, "longest", "load", title="Against plain SQL; memory; how long single charges took meanwhile"
    )
    for found in measured:
        memory = ("", "") if found.memory is None else (f"{found.memory.before:.0f}", f"{found.memory.growth:.0f}")
        waiting = found.waiting
        latencies = ("",) * 3 if waiting is None else (waiting.p50_ms, waiting.p99_ms, waiting.max_ms)
        table.add_row(
            found.store,
            f"{found.customers:,}",
            found.case,
            "" if found.ratio is None else f"[bold]{shown(found.ratio)}[/]",
            "" if found.is_idle else f"{found.rate:,.0f}",
            f"{found.seconds:.1f}",
            *memory,
            *(ms if isinstance(ms, str) else f"{ms:.1f}" for ms in latencies),
            f"{found.load_average[0]:.1f}",
        )
    return table

"""The benchmark's command line: `python -m bench`, and what `--help` tells."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import report, traffic
from bench.cases import BULK_CLIENTS, CLIENTS, Absent, Bench
from bench.generator import Generator, LoadFailed
from bench.grown import measure_grown
from bench.importing import measure_import
from bench.machine import load_average, machine, versions
from bench.pages import measure_pages
from bench.profile import profile
from bench.raw import RawTurns
from bench.rounds import Comparison, Effort
from bench.scale.report import measure_scale
from bench.servers import TENANT, ServerFailed, serving_constant, serving_tollhouse, tollhouse
from bench.stores import Place, postgres_place, sqlite_place

LONG = Effort(rounds=5, seconds=2)
SHORT = Effort(rounds=3, seconds=1)
PLACES = {"sqlite": sqlite_place, "postgres": postgres_place}


def main() -> None:
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 140)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="tollhouse-bench-", dir=options.directory) as name:
        folder = Path(name).resolve()
        try:
            if options.history:
                measure_import(console, folder, PLACES, options)
                return
            generator = Generator(folder, name=options.generator)
            if options.scale:
                measure_scale(console, folder, PLACES, options)
            elif options.grown:
                measure_grown(console, folder, PLACES, generator, options)
            elif options.pages:
                measure_pages(console, folder, PLACES, options)
            elif options.profile:
                profile(console, folder, generator)
            elif _measure(console, folder, generator, options):
                sys.exit(1)
        except (LoadFailed, ServerFailed) as error:
            console.print(f"[red]The benchmark failed.[/] {error}", highlight=False)
            sys.exit(1)


def _measure(console: Console, folder: Path, generator: Generator, options: argparse.Namespace) -> int:
    """How many cases failed."""
    about: dict[str, Any] = {
        "measured at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "machine": machine(folder),
        "load generator": generator.version,
        "load average before": load_average(),
    }
    comparisons: list[Comparison] = []
    failures = 0
    for store in options.store or PLACES:
        with ExitStack() as running:
            place = running.enter_context(PLACES[store](folder))
            constant = running.enter_context(serving_constant(folder))
            raw = RawTurns(running.enter_context(closing(place.open_raw())))
            with serving_tollhouse(folder, place.name, place.url, _tenant(folder)) as server:
                for case in _cases(Bench(place, server, constant, raw, generator), options):
                    try:
                        comparisons.append(case())
                        console.print(_progress(comparisons[-1]), highlight=False)
                    except Absent:
                        continue
                    except LoadFailed as error:
                        failures += 1
                        console.print(f"{place.name}: [red]failed[/]: {error}", highlight=False)
            about[f"{place.name} {place.version}"] = {**place.settings, "books": _verified(place)}
    about["load average after"] = load_average()
    report.show(console, comparisons, about)
    report.write(comparisons, about)
    return failures


def _cases(bench: Bench, options: argparse.Namespace) -> Sequence[Callable[[], Comparison]]:
    effort = SHORT if options.quick else LONG
    if options.kelviq:
        return [partial(bench.kelviq, effort)]
    main = [partial(bench.bulk, BULK_CLIENTS, effort), partial(bench.charges, CLIENTS, effort)]
    if options.quick:
        return main
    single = [partial(bench.bulk, 1, SHORT), partial(bench.charges, 1, SHORT)]
    doors = [partial(bench.enswitch, SHORT)] if bench.place.name == "SQLite" else []
    return [*main, *single, *doors, partial(bench.kelviq, SHORT)]


def _tenant(folder: Path) -> Path:
    """The benchmark's tenant, with those who buy."""
    file = folder / "tenant.toml"
    file.write_text(f"{TENANT.read_text()}\n{traffic.buyers()}")
    return file


def _verified(place: Place) -> str:
    """What `tollhouse verify` says of all that was charged."""
    return tollhouse(place.url, "verify").strip().splitlines()[-1]


def _progress(c: Comparison) -> str:
    return f"{c.store}, {c.name}, clients {c.clients}: {report.shown(c.ratio)} of the {c.against}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer cases, short turns: for a first look")
    parser.add_argument("--kelviq", action="store_true", help="the purchases of Kelviq's door alone")
    parser.add_argument("--store", action="append", choices=list(PLACES), help="this store alone")
    parser.add_argument("--generator", choices=("wrk", "own"), help="default: wrk where it is on PATH")
    parser.add_argument("--directory", type=Path, help="where the stores are made; a disk, not memory")
    parser.add_argument("--scale", action="store_true", help="charge 100,000 customers instead; quick: 10,000")
    parser.add_argument("--customers", type=int, help="with --scale: so many instead")
    parser.add_argument("--import", action="store_true", dest="history", help="bring in 1,000,000 charges instead")
    parser.add_argument("--grown", action="store_true", help="an empty store and one of 1,000,000 charges instead")
    parser.add_argument("--pages", action="store_true", help="the console's pages over 1,000,000 transactions instead")
    parser.add_argument("--profile", action="store_true", help="say where the time goes instead")
    return parser.parse_args()


if __name__ == "__main__":
    main()

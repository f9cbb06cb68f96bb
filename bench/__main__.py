"""The benchmark's command line: `python -m bench [--quick] [--generator wrk|own] [--profile]`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import report
from bench.cases import BULK_CLIENTS, CLIENTS, Bench
from bench.generator import Generator, LoadFailed
from bench.machine import load_average, machine, versions
from bench.profile import profile
from bench.rounds import Comparison, Effort
from bench.servers import ServerFailed, serving_constant, serving_tollhouse, tollhouse
from bench.stores import Place, postgres_place, sqlite_place

FULL = Effort(rounds=5, seconds=2)
QUICK = Effort(rounds=3, seconds=1)
PLACES = {"sqlite": sqlite_place, "postgres": postgres_place}


def main() -> None:
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 200)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="tollhouse-bench-", dir=options.directory) as name:
        folder = Path(name).resolve()
        try:
            generator = Generator(folder, name=options.generator)
            if options.profile:
                profile(console, folder, generator)
            else:
                _measure(console, folder, generator, options)
        except (LoadFailed, ServerFailed) as error:
            console.print(f"[red]The benchmark failed.[/] {error}", highlight=False)
            sys.exit(1)


def _measure(console: Console, folder: Path, generator: Generator, options: argparse.Namespace) -> None:
    about: dict[str, Any] = {
        "measured at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "machine": machine(folder),
        "load generator": generator.version,
        "load average before": load_average(),
    }
    comparisons: list[Comparison] = []
    for store in options.store or PLACES:
        with ExitStack() as running:
            place = running.enter_context(PLACES[store](folder))
            constant = running.enter_context(serving_constant(folder))
            with serving_tollhouse(folder, place.name, place.url) as server:
                effort = QUICK if options.quick else FULL
                bench = Bench(place, server, constant, generator, effort)
                for comparison in _cases(bench, options):
                    console.print(_progress(comparison), highlight=False)
                    comparisons.append(comparison)
            about[f"{place.name} {place.version}"] = {**place.settings, "books": _verified(place)}
    about["load average after"] = load_average()
    report.show(console, comparisons, about)
    report.write(comparisons, about)


def _cases(bench: Bench, options: argparse.Namespace) -> Iterator[Comparison]:
    yield bench.bulk(BULK_CLIENTS)
    if not options.quick:
        yield bench.bulk(1)
    yield bench.charges(1)
    yield bench.charges(CLIENTS)
    if not options.quick and bench.place.name == "SQLite":
        yield from bench.other_doors()


def _verified(place: Place) -> str:
    """What `tollhouse verify` says of all that was charged."""
    return tollhouse(place.url, "verify").strip().splitlines()[-1]


def _progress(c: Comparison) -> str:
    return f"{c.store}, {c.name}, clients {c.clients}: {c.ratio:.2f} of {c.against}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short turns: 40 seconds in all, for a first look")
    parser.add_argument("--store", action="append", choices=list(PLACES), help="this store alone")
    parser.add_argument("--generator", choices=("wrk", "own"), help="default: wrk where it is on PATH")
    parser.add_argument("--directory", type=Path, help="where the stores are made; a disk, not memory")
    parser.add_argument("--profile", action="store_true", help="say where the time goes instead")
    return parser.parse_args()


if __name__ == "__main__":
    main()

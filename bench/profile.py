"""Where the server's time goes with 64 clients on SQLite: both of its busy threads, sampled from inside."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import traffic
from bench.cases import CLIENTS
from bench.generator import Generator
from bench.servers import serving_tollhouse
from bench.stores import sqlite_place

SECONDS = 5
ROWS = 25
THREADS = {"MainThread": "event loop", "group-commit": "committing thread"}


def profile(console: Console, folder: Path, generator: Generator) -> None:
    output = folder / "profile.json"
    with (
        sqlite_place(folder) as place,
        serving_tollhouse(folder, place.name, place.url, sampled_to=output) as server,
    ):
        generator.drive(server.port, traffic.charges(0), clients=CLIENTS, seconds=2)
        server.process.send_signal(signal.SIGUSR2)
        turn = generator.drive(server.port, traffic.charges(1), clients=CLIENTS, seconds=SECONDS)
        server.process.send_signal(signal.SIGUSR2)
        until = time.monotonic() + 10
        while not output.exists() and time.monotonic() < until:
            time.sleep(0.1)
        seen = json.loads(output.read_text())
    console.print(f"{turn.rate:,.0f} charges/s while sampled; shares are of each thread's wall time.")
    for name, title in THREADS.items():
        thread = seen["threads"][name]
        console.print(f"\n[bold]{title}[/]: on the processor for {thread['cpu']:.0%} of the time")
        console.print(_table("of ours, with what they call", thread["functions"], _samples(thread)))
        console.print(_table("lines, alone", thread["lines"], _samples(thread)))


def _samples(thread: dict[str, Any]) -> int:
    counts: list[int] = [count for _, count in thread["lines"]]
    return max(1, sum(counts))


def _table(title: str, counts: list[tuple[str, int]], samples: int) -> Table:
    table = Table("share", title, box=None)
    for what, count in counts[:ROWS]:
        table.add_row(f"{count / samples:.1%}", what)
    return table

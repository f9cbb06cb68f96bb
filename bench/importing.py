"""History brought in: `tollhouse import charges` from beginning to end, against the raw store with the same rows."""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.machine import load_average, machine, versions
from bench.raw import Batch, Row, row
from bench.report import shown
from bench.servers import TENANT, ServerFailed, environment, tollhouse
from bench.stores import Place
from tollhouse.store import schema

RESULTS = Path(__file__).parent / "results-import.json"
ROWS, CUSTOMERS = 1_000_000, 100_000
ROWS_QUICK, CUSTOMERS_QUICK = 100_000, 10_000
#: A file with so many times fewer rows, for what must not grow with it.
FEWER = 10
#: Rows that the raw store writes with one commit.
RAW_BATCH = 1000
AIM = 0.5

Places = Mapping[str, Callable[[Path], AbstractContextManager[Place]]]
#: Customer, amount and UNIX second.
Charge = tuple[int, int, int]


def measure_import(console: Console, folder: Path, places: Places, options: argparse.Namespace) -> None:
    about: dict[str, Any] = {
        "measured at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "machine": machine(folder),
        "load average before": load_average(),
    }
    rows, customers = (ROWS_QUICK, CUSTOMERS_QUICK) if options.quick else (ROWS, CUSTOMERS)
    measured = []
    for name in options.store or places:
        for count in (rows // FEWER, rows):
            inside = folder / f"import-{name}-{count}"
            inside.mkdir()
            with places[name](inside) as place:
                measured.append(_measure(place, inside, count, customers))
                about[f"{place.name} {place.version}"] = place.settings
            found = measured[-1]
            console.print(
                f"{found['store']}, {count:,} rows: {shown(found['ratio'])} of the raw store", highlight=False
            )
    about["load average after"] = load_average()
    console.print(_table(measured))
    RESULTS.write_text(json.dumps({**about, "measured": measured}, indent=2) + "\n")


def _measure(place: Place, folder: Path, rows: int, customers: int) -> dict[str, Any]:
    tollhouse(place.url, "migrate")
    tollhouse(place.url, "apply", str(TENANT))
    file = folder / "history.csv"
    with file.open("w", encoding="ascii") as out:
        out.write("user_id,email,amount,created_at\n")
        out.writelines(f"user_{c},u{c}@example.com,{amount},{at}\n" for c, amount, at in _charges(rows, customers))
    looking = _run(place.url, "import", "charges", str(file), "--json")
    before_seconds = _raw_seconds(place, rows // 2, customers, first=0)
    applying = _run(place.url, "import", "charges", str(file), "--json", "--apply", looking["told"]["digest"])
    after_seconds = _raw_seconds(place, rows - rows // 2, customers, first=rows // 2)
    if applying["told"]["rows"] != rows:
        raise ServerFailed(f"{applying['told']['rows']} rows were recorded of {rows}")
    raw_seconds = before_seconds + after_seconds
    return {
        "store": place.name,
        "rows": rows,
        "customers": looking["told"]["customers"],
        "ratio": raw_seconds / applying["seconds"],
        "rows a second": rows / applying["seconds"],
        "raw rows a second": rows / raw_seconds,
        "looked at, rows a second": rows / looking["seconds"],
        "peak MB looking": looking["peak_mb"],
        "peak MB recording": applying["peak_mb"],
        "books": tollhouse(place.url, "verify").strip().splitlines()[-1],
    }


def _run(url: str, *arguments: str) -> dict[str, Any]:
    """Run a command to its end: what it printed, its seconds, and the most memory it had."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "tollhouse", *arguments], env=environment(url), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ServerFailed(f"tollhouse {arguments[0]} ended with {process.returncode}")
    told: dict[str, Any] = json.loads(printed)
    return {"told": told, "seconds": time.perf_counter() - began, "peak_mb": used.ru_maxrss / 1024}


def _charges(rows: int, customers: int, first: int = 0) -> Iterator[Charge]:
    chance = random.Random(first)
    return ((chance.randrange(customers), chance.randrange(10_000), 1_500_000_000 + first + n) for n in range(rows))


# The raw store: customers upserted, transactions inserted, summaries upserted.


def _raw_seconds(place: Place, rows: int, customers: int, first: int) -> float:
    """How long the raw store writes; making its rows does not count."""
    seconds = 0.0
    charges = list(_charges(rows, customers, first))
    with closing(place.open_raw()) as raw:
        for start in range(0, rows, RAW_BATCH):
            batch = _batch(charges[start : start + RAW_BATCH], first + start)
            began = time.perf_counter()
            raw.write(batch)
            seconds += time.perf_counter() - began
    return seconds


def _batch(charges: list[Charge], first: int) -> Batch:
    now = time.time_ns() // 1000
    customers: dict[int, Row] = {}
    sums: dict[int, Row] = {}
    transactions: list[Row] = []
    for number, (customer, amount_minor, at) in enumerate(charges, start=first + 1):
        customers[customer] = _customer(customer + 2, now)
        transactions.append(_transaction(number, customer + 2, amount_minor, at * 1_000_000, now))
        sums[customer] = _summary(customer + 2, amount_minor, at * 1_000_000)
    return [customers[c] for c in sorted(customers)], transactions, [sums[c] for c in sorted(sums)]


def _customer(number: int, now: int) -> Row:
    return row(
        schema.customers,
        number=number,
        uid=f"00000000-0000-4000-8000-{number:012}",
        reference=f"user_{number}",
        email=f"u{number}@example.com",
        email_folded=f"u{number}@example.com",
        parent_number=1,
        path=f"1.{number}.",
        currency="USD",
        bill_type="postpaid",
        origin="beacon",
        created_at=now,
        updated_at=now,
    )


def _transaction(number: int, customer: int, amount_minor: int, at: int, now: int) -> Row:
    words = {"kind": "charge", "settlement": "recorded", "origin": "beacon", "currency": "USD"}
    money = {"net_minor": amount_minor, "gross_minor": amount_minor}
    keys = {"transaction_id": number, "customer_number": customer, "effective_at": at, "recorded_at": now}
    return row(schema.transactions, **words, **money, **keys)


def _summary(customer: int, amount_minor: int, at: int) -> Row:
    figures = {"charge_count": 1, "sum_minor": amount_minor, "first_at": at, "last_at": at}
    return row(
        schema.charge_summaries, customer_number=customer, currency="USD", last_amount_minor=amount_minor, **figures
    )


def _table(measured: list[dict[str, Any]]) -> Table:
    table = Table(*measured[0], title=f"Against the raw store, aim {AIM}")
    for found in measured:
        table.add_row(
            *(f"{v:,.2f}" if isinstance(v, float) else f"{v:,}" if isinstance(v, int) else v for v in found.values())
        )
    return table

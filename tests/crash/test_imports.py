"""An import killed in the middle and gone on with: every row of the file once, and clean books."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.harness import environment, migrated_sqlite, prepared, sqlite_copy
from tests.started import Started
from tollhouse import crash_points
from tollhouse.ledger.facts import CustomerFact, ImportFact, TransactionFact
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.store import SqlStore

#: More than one part, and each amount once.
ROWS = 1300
CUSTOMERS = 100
#: SQLite keeps up to 64 MB of a store in memory, and less of a tenth; the rest is what the allocator keeps.
GROWTH_MB = 96


def history(file: Path, rows: int = ROWS, customers: int = CUSTOMERS) -> None:
    chance = random.Random(3)
    with file.open("w", encoding="ascii") as out:
        out.write("user_id,email,amount,created_at\n")
        for number in range(rows):
            customer = chance.randrange(customers)
            out.write(f"user_{customer},u{customer}@example.com,{number},{1_500_000_000 + number}\n")


class Importing:
    def __init__(self, url: str, file: Path) -> None:
        self.url = url
        self.file = file
        self.log = file.with_suffix(".log")

    def start(self, *options: str, crash_point: str = "") -> Started:
        given = environment(self.url, crash_point=crash_point)
        arguments = ("import", "charges", str(self.file), *options)
        return Started(*arguments, environment=given, folder=self.file.parent, log=self.log)

    def run(self, *options: str, crash_point: str = "") -> int:
        return self.start(*options, crash_point=crash_point).wait(timeout=600)

    def digest(self) -> str:
        assert self.run("--json") == 0, self.log.read_text()
        return str(self.told()["digest"])

    def told(self) -> dict[str, Any]:
        """The last object that was printed."""
        told: dict[str, Any] = json.loads(self.log.read_text().splitlines()[-1])
        return told


def check(store: SqlStore, tenant_id: int, rows: int = ROWS) -> None:
    with store.reading(tenant_id) as reader:
        amounts = Counter(t.gross_minor for t in reader.stream(TransactionFact, order=("transaction_id",)))
        (done,) = reader.find(ImportFact)
        made = reader.count(CustomerFact, origin="beacon")
    assert (len(amounts), amounts.total(), set(amounts) <= set(range(rows))) == (rows, rows, True)
    assert (done.rows_read, done.charged, done.refused, done.customers) == (rows, rows, 0, made)
    assert verify(store).differences == []


@pytest.mark.parametrize(
    ("point", "rows_kept"),
    [
        (crash_points.BEFORE_COMMIT, False),
        (crash_points.AFTER_COMMIT, True),
        (crash_points.IMPORT_PART_DECIDED, True),
        (crash_points.IMPORT_HALF_DONE, True),
    ],
)
def test_a_kill_doubles_no_row_and_loses_none(
    store: SqlStore, database_url: str, tmp_path: Path, point: str, rows_kept: bool
) -> None:
    tenant = prepared(store)
    importing = Importing(database_url, tmp_path / "history.csv")
    history(importing.file)
    digest = importing.digest()
    assert importing.run("--apply", digest, crash_point=point) == -signal.SIGKILL, importing.log.read_text()
    with store.reading(tenant.tenant_id) as reader:
        assert 0 < reader.count(TransactionFact) < ROWS if rows_kept else reader.count(TransactionFact) == 0
    assert verify(store).differences == []

    assert importing.run("--apply", digest, "--json") == 0, importing.log.read_text()
    assert (importing.told()["rows"], importing.told()["already"]) == (ROWS, False)
    check(store, tenant.tenant_id)
    assert importing.run("--apply", digest, "--json") == 0
    assert (importing.told()["rows"], importing.told()["already"]) == (ROWS, True)
    check(store, tenant.tenant_id)


@pytest.mark.soak
def test_a_million_charges_killed_on_the_way(tmp_path: Path, record_property: Any) -> None:
    """Over 100,000 customers: killed again and again and gone on with; memory that does not grow with the file."""
    small = recorded(tmp_path / "small", 100_000, kills=0)
    large = recorded(tmp_path / "large", 1_000_000, kills=8)
    record_property("MB looking and recording, of a tenth and of all", (small, large))
    assert large[0] < small[0] + GROWTH_MB, (small, large)
    assert large[1] < small[1] + GROWTH_MB, (small, large)


def recorded(folder: Path, rows: int, *, kills: int) -> tuple[float, float]:
    """Look at a file and record it, killed so often meanwhile; the most memory that each of both took, in MB."""
    folder.mkdir()
    importing = Importing(sqlite_copy(migrated_sqlite(), folder), folder / "history.csv")
    history(importing.file, rows, customers=100_000)
    with closing(SqlStore(store_url(importing.url))) as store:
        tenant = prepared(store)
        code, looking_mb = measured(importing)
        assert code == 0
        digest, chance, codes, recording_mb = importing.told()["digest"], random.Random(11), [], 0.0
        while 0 not in codes:
            code, peak_mb = measured(
                importing, "--apply", digest, kill_after=chance.uniform(4, 12) if len(codes) < kills else None
            )
            recording_mb = max(peak_mb, recording_mb)
            assert code in (0, -signal.SIGKILL)
            codes.append(code)
        assert len(codes) > kills // 4
        check(store, tenant.tenant_id, rows)
    return looking_mb, recording_mb


def measured(importing: Importing, *options: str, kill_after: float | None = None) -> tuple[int, float]:
    """How a command of its own process ended, perhaps killed, and the most memory it took in MB."""
    command = [sys.executable, "-m", "tollhouse", "import", "charges", str(importing.file), "--json", *options]
    with importing.log.open("wb") as log:
        process = subprocess.Popen(command, env=environment(importing.url), stdout=log)
    killing = threading.Timer(kill_after or threading.TIMEOUT_MAX, process.kill)
    killing.daemon = True
    killing.start()
    _, status, used = os.wait4(process.pid, 0)
    killing.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_maxrss / 1024

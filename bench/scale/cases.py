"""What is measured at scale on one store: everybody on a plan charged, and as many recurring charges that fall due."""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.generator import LoadFailed
from bench.machine import load_average
from bench.scale import crowd
from bench.scale.raw import Rows
from bench.scale.watching import Memory, Waiting, watched
from bench.servers import environment, serving_tollhouse, tollhouse
from bench.stores import Place
from bench.traffic import FORM, KEY
from tollhouse.clock import SystemClock
from tollhouse.ledger.commands.schedules import MoveClock
from tollhouse.ledger.facts import OccurrenceFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.store import SqlStore

TENANT = Path(__file__).parent / "tenant.toml"
IDLE = "nothing"
IDLE_SECONDS = 5
LOOK_SECONDS = 0.05
HOURS = 3600
#: What each worker says once it is there.
UNDER_WAY = "Charging what falls due."


@dataclass(frozen=True)
class Measured:
    store: str
    case: str
    customers: int
    seconds: float
    #: How long plain SQL took for the same rows, in each round; without any there is nothing to compare with.
    raw_seconds: list[float]
    memory: Memory | None
    waiting: Waiting | None
    load_average: list[float]

    @property
    def is_idle(self) -> bool:
        return self.case == IDLE

    @property
    def rate(self) -> float:
        return self.customers / self.seconds

    @property
    def ratio(self) -> float | None:
        """By rate: 0.1 is ten times as long as plain SQL."""
        return statistics.median(self.raw_seconds) / self.seconds if self.raw_seconds else None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "rate": self.rate, "ratio": self.ratio}


class Scale:
    """One store with so many customers on one plan."""

    def __init__(self, place: Place, folder: Path, customers: int, tell: Callable[[Measured], None]) -> None:
        self._place = place
        self._folder = folder
        self._customers = customers
        self._tell = tell
        self._is_sqlite = place.url.startswith("sqlite")

    def measure(self) -> None:
        """Raises LoadFailed where anything went wrong or anybody was not charged exactly once."""
        tollhouse(self._place.url, "migrate")
        tollhouse(self._place.url, "apply", str(TENANT))
        with closing(SqlStore(store_url(self._place.url))) as store:
            self._store = store
            crowd.settle(store, self._customers)
            self._analyse()
            with serving_tollhouse(self._folder, f"{self._place.name}-scale", self._place.url, TENANT) as server:
                self._server = server
                self._idle()
                self._plan()
                self._recurring()
            self._check_books()

    def _idle(self) -> None:
        with watched(self._server.port, [self._server.process.pid]) as seen:
            time.sleep(IDLE_SECONDS)
        self._tell(self._measured(IDLE, IDLE_SECONDS, seen.memory, seen.waiting))

    def _plan(self) -> None:
        """Rehearsed, and charged by one call."""
        charge_id = self._create_plan_charge("")
        started_at = time.perf_counter()
        tollhouse(self._place.url, "charge", str(charge_id), "--rehearse", "--json")
        self._tell(self._measured("a plan's charge, rehearsed (CLI)", time.perf_counter() - started_at))
        with watched(self._server.port, [self._server.process.pid]) as seen:
            started_at = time.perf_counter()
            self._enswitch("charges/charge", id=charge_id)
            took = time.perf_counter() - started_at
        self._check_charged(charge_id, charge_id)
        rows = Rows(charge_id, charge_id, crowd.FIRST_NUMBER, sums_are_there=False)
        self._tell(self._measured("a plan's charge", took, seen.memory, seen.waiting, rows))

    def _recurring(self) -> None:
        """A charge of each customer's own, every month."""
        crowd.burden(self._store, self._customers)
        self._analyse()
        started_at = time.perf_counter()
        tollhouse(self._place.url, "run", "--dry-run", "--until", crowd.MONTHS[0], "--json")
        self._tell(self._measured("recurring charges, dry run (CLI)", time.perf_counter() - started_at))
        if self._is_sqlite:
            self._due("recurring charges, by serve", crowd.MONTHS[0], 0)
            return
        for workers, month in zip((1, 4), crowd.MONTHS, strict=True):
            self._due(f"recurring charges, by {workers} worker{'s' * (workers > 1)}", month, workers)

    def _due(self, case: str, month: str, workers: int) -> None:
        with self._working(workers) as processes, watched(self._server.port, processes) as seen:
            started_at = time.perf_counter()
            self._let_begin(month)
            took = time.perf_counter() - started_at
        last = crowd.FIRST_CHARGE + self._customers - 1
        self._check_charged(crowd.FIRST_CHARGE, last, times=crowd.MONTHS.index(month) + 1)
        rows = (
            Rows(crowd.FIRST_CHARGE, last, crowd.FIRST_NUMBER, sums_are_there=True)
            if month == crowd.MONTHS[0]
            else None
        )
        self._tell(self._measured(case, took, seen.memory, seen.waiting, rows))

    @contextmanager
    def _working(self, workers: int) -> Iterator[Sequence[int]]:
        """So many workers, started and with nothing to do yet; the processes that charge."""
        command = [sys.executable, "-m", "tollhouse", "worker"]
        file = self._folder / "workers.log"
        with file.open("wb") as log:
            made = [
                subprocess.Popen(command, env=environment(self._place.url), stdout=log, stderr=log)
                for _ in range(workers)
            ]
        try:
            self._wait_until(lambda: file.read_text().count(UNDER_WAY) == workers, "The workers did not start.")
            yield [process.pid for process in made] or [self._server.process.pid]
        finally:
            for process in made:
                process.terminate()
            for process in made:
                process.wait(timeout=60)

    def _let_begin(self, month: str) -> None:
        """Let the month begin, until nothing is due. Whoever charges looks once a second whether anything is."""
        now = crowd.instant(month)
        Ledger(self._store, SystemClock()).execute(MoveClock(tenant_id=crowd.TENANT, to=now))
        queries = SqlDueQueries(self._store)
        self._wait_until(lambda: queries.next_due_at(crowd.TENANT, now) is None, "What is due was not charged.")

    @staticmethod
    def _wait_until(holds: Callable[[], bool], otherwise: str) -> None:
        until = time.monotonic() + HOURS
        while not holds():
            if time.monotonic() > until:
                raise LoadFailed(otherwise)
            time.sleep(LOOK_SECONDS)

    def _measured(
        self,
        case: str,
        took: float,
        memory: Memory | None = None,
        waiting: Waiting | None = None,
        rows: Rows | None = None,
    ) -> Measured:
        load = load_average()
        raw = rows.seconds(self._place.url) if rows is not None else []
        return Measured(self._place.name, case, self._customers, took, raw, memory, waiting, load)

    # What the server is asked.

    def _create_plan_charge(self, period: str) -> int:
        created = self._enswitch(
            "charges/create", name="Rental", plan=crowd.PLAN, amount="19.99", buy="7.50", period=period
        )
        return int(json.loads(created)["data"]["id"])

    def _enswitch(self, function: str, **values: object) -> bytes:
        login = {"auth_username": "user", "auth_password": "password"}
        return self._post(f"/api/json/{function}/", FORM, urlencode({**login, **values}))

    def _post(self, path: str, content_type: str, body: str) -> bytes:
        with closing(http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=HOURS)) as connection:
            connection.request("POST", path, body, {"Authorization": f"Bearer {KEY}", "Content-Type": content_type})
            response = connection.getresponse()
            told = response.read()
        if response.status != 200:
            raise LoadFailed(f"{path} was answered {response.status}: {told[:500].decode()}")
        return told

    # What came of it.

    def _check_charged(self, first: int, last: int, times: int = 1) -> None:
        """Everybody once for each month; what an occurrence stands for is checked with the books."""
        with self._store.reading(crowd.TENANT) as reader:
            ids = [list(range(start, min(start + 500, last + 1))) for start in range(first, last + 1, 500)]
            count = sum(reader.count(OccurrenceFact, charge_id=some) for some in ids)
        if count != self._customers * times:
            raise LoadFailed(f"{self._customers} customers were charged {count} times.")

    def _check_books(self) -> None:
        differences = verify(self._store).differences
        if differences:
            raise LoadFailed(f"The books do not add up: {differences[:3]}")

    def _analyse(self) -> None:
        """What PostgreSQL does by itself within a minute, done at once."""
        if not self._is_sqlite:
            with self._store.writing_rows() as connection:
                connection.exec_driver_sql("ANALYZE")

"""Workers killed while charges fall due: afterwards each occurrence has one transaction and the books add up."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.harness import TELCO, Postgres, TestClock, environment, prepared
from tests.ledger.telco import ROOT
from tests.started import Started
from tollhouse import crash_points
from tollhouse.clock import SystemClock
from tollhouse.ledger.charging.everybody import Everybody
from tollhouse.ledger.commands import CreateCharge, CreateTax
from tollhouse.ledger.facts import OccurrenceFact, PlanRunFact, ScheduleFact, TransactionFact
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.verifying import verify
from tollhouse.store.engine import store_url
from tollhouse.store.queries.due import SqlDueQueries
from tollhouse.store.store import SqlStore
from tollhouse.workers.runner import Runner

#: Charges made here fell due long ago, by the time that the processes under test live by.
MADE = TestClock()
TIMES = 3
KEYS = ("2026-04-01", "2026-05-01", "2026-06-01")
WORKERS = 4
#: Everybody on a plan: they are charged in more than one part.
MEMBERS = 250
MEMBERS_FILE = (
    TELCO
    + "".join(f'[[customers]]\nnumber = {1001 + n}\nparent = 10\nplan = "north-basic"\n' for n in range(MEMBERS))
    + '[[customers]]\nnumber = 11\nplan = "telco-basic"\n'
)
FINISH_SECONDS = 600


class Due:
    """Charges that are due, each `TIMES` times, and what became of them."""

    def __init__(self, store: SqlStore, count: int, file: str = TELCO) -> None:
        self.store = store
        self.ledger = Ledger(store, MADE)
        self.tenant_id = prepared(store, file, MADE).tenant_id
        self.ledger.execute(_tax(self.tenant_id))
        commands = [self._creation(number) for number in range(count)]
        for start in range(0, count, 500):
            self.ledger.execute_batch(self.tenant_id, commands[start : start + 500])
        self.count = count

    def _creation(self, number: int) -> CreateCharge:
        customers = (11, 12, 13, 16, 21, 41)
        return CreateCharge(
            tenant_id=self.tenant_id,
            caller=ROOT,
            customer_number=customers[number % len(customers)],
            plan_number=0,
            name="Due",
            amount=Decimal("1.01"),
            period="monthly",
            number_max=TIMES,
        )

    def left(self) -> int:
        with self.store.reading(self.tenant_id) as reader:
            return reader.count(ScheduleFact, state="active")

    def charged(self) -> int:
        with self.store.reading(self.tenant_id) as reader:
            return reader.count(TransactionFact)

    def check(self) -> None:
        """Every occurrence once, each with its own transaction, and clean books."""
        with self.store.reading(self.tenant_id) as reader:
            occurrences = reader.find(OccurrenceFact)
            assert reader.count(TransactionFact) == self.count * TIMES
        by_charge: dict[int, list[str]] = {}
        for occurrence in occurrences:
            by_charge.setdefault(occurrence.charge_id, []).append(occurrence.occurrence_key)
        assert Counter(tuple(sorted(keys)) for keys in by_charge.values()) == {KEYS: self.count}
        assert verify(self.store).differences == []


def _tax(tenant_id: int) -> CreateTax:
    return CreateTax(
        tenant_id=tenant_id,
        caller=ROOT,
        owner_number=None,
        name="VAT",
        description="",
        rate=Decimal(20),
        flat=Decimal("0.01"),
        currency=None,
        covers=frozenset({"charges"}),
        liable=2,
        shared=True,
    )


class Command:
    """A `tollhouse` command as a process of its own."""

    def __init__(self, url: str, *arguments: str, log: Path, crash_point: str = "") -> None:
        given = environment(url, crash_point=crash_point)
        self.process = Started(*arguments, environment=given, folder=log.parent, log=log)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=60)


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    return postgres.empty()


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[SqlStore]:
    with closing(SqlStore(store_url(postgres_url))) as store:
        yield store


def kill_workers(store: SqlStore, url: str, log: Path, *, count: int, kills: int) -> None:
    """Kill one of the workers, whichever, each time another part of the work is done."""
    due = Due(store, count)
    workers = [Command(url, "worker", log=log) for _ in range(WORKERS)]
    chance = random.Random(7)
    until = time.monotonic() + FINISH_SECONDS
    killed, charged = 0, 0
    try:
        while due.left() and time.monotonic() < until:
            time.sleep(chance.uniform(0, 0.02))
            if due.charged() < charged + count * TIMES // (2 * kills):
                continue
            charged = due.charged()
            victim = chance.randrange(WORKERS)
            workers[victim].kill()
            killed += 1
            workers[victim] = Command(url, "worker", log=log)
        assert due.left() == 0, log.read_text()
    finally:
        for worker in workers:
            worker.kill()
    assert killed >= kills // 2
    due.check()


def test_killed_workers_charge_each_occurrence_once(
    postgres_store: SqlStore, postgres_url: str, tmp_path: Path
) -> None:
    kill_workers(postgres_store, postgres_url, tmp_path / "workers.log", count=1200, kills=8)


@pytest.mark.soak
def test_workers_killed_while_20_000_charges_fall_due(
    postgres_store: SqlStore, postgres_url: str, tmp_path: Path
) -> None:
    kill_workers(postgres_store, postgres_url, tmp_path / "workers.log", count=20_000, kills=60)


def test_a_worker_that_is_asked_to_stop_stops(postgres_store: SqlStore, postgres_url: str, tmp_path: Path) -> None:
    due = Due(postgres_store, 50)
    worker = Command(postgres_url, "worker", log=tmp_path / "worker.log")
    try:
        while due.left():
            time.sleep(0.1)
        assert worker.stop() == 0
    finally:
        worker.kill()
    due.check()


def test_runners_side_by_side_with_a_clock_that_jumps_back_charge_each_occurrence_once(store: SqlStore) -> None:
    """Four runners; the clock of each jumps back and forth by an hour around the midnight at which charges fall due."""
    due = Due(store, 200)
    faults: list[BaseException] = []

    def run(number: int) -> None:
        clock = TestClock()
        ledger = Ledger(store, clock)
        runner = Runner(SqlDueQueries(store), ledger.execute, Everybody(store, ledger.execute, clock), clock)
        try:
            for midnight in (1_774_994_400, 1_777_586_400, 1_780_264_800):
                for hours in (-1, 0, -1, 1, 0):
                    clock.now_us = (midnight + hours * 3600 + number) * 1_000_000
                    runner.run()
        except BaseException as fault:  # noqa: BLE001 - told by the thread that waits
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    settle = TestClock(1_780_264_800 + 7200)
    ledger = Ledger(store, settle)
    Runner(SqlDueQueries(store), ledger.execute, Everybody(store, ledger.execute, settle), settle).run()
    due.check()


@pytest.mark.parametrize(
    ("point", "is_charged"),
    [
        (crash_points.PLAN_STAGED, False),
        (crash_points.PLAN_DECIDED, True),
        (crash_points.PLAN_HALF_CHARGED, True),
    ],
)
def test_a_kill_while_everybody_on_a_plan_is_charged(
    store: SqlStore, database_url: str, tmp_path: Path, point: str, is_charged: bool
) -> None:
    """Before the decision nobody is charged, after it everybody, once; whoever runs next sees to it."""
    due = Due(store, 0, file=MEMBERS_FILE)
    plan_charge = _plan_charge(due)
    log = tmp_path / "charge.log"
    digest = _digest(database_url, plan_charge, tmp_path)
    killed = Command(database_url, "charge", str(plan_charge), "--apply", digest, log=log, crash_point=point)
    assert killed.process.wait(timeout=60) == -signal.SIGKILL, log.read_text()
    assert verify(store).differences == []

    with store.unit_of_work(due.tenant_id) as unit:
        unit.change(PlanRunFact, {}, lease_until=0)
    assert Command(database_url, "run", log=log).process.wait(timeout=60) == 0, log.read_text()
    with store.reading(due.tenant_id) as reader:
        occurrences = [o.customer_number for o in reader.find(OccurrenceFact)]
        (run,) = reader.find(PlanRunFact)
    assert len(occurrences) == len(set(occurrences)) == (MEMBERS if is_charged else 0)
    assert run.state == ("done" if is_charged else "refused")
    assert verify(store).differences == []


def _plan_charge(due: Due) -> int:
    command = CreateCharge(
        tenant_id=due.tenant_id,
        caller=ROOT,
        customer_number=0,
        plan_number=70,
        name="Everybody",
        amount=Decimal("9.99"),
        period="annually",
    )
    # Made by the real clock, so that nothing of it falls due by itself before next year.
    return int(Ledger(due.store, SystemClock()).execute(command).result.charge_id)


def _digest(url: str, charge_id: int, folder: Path) -> str:
    log = folder / "rehearsal.log"
    assert Command(url, "charge", str(charge_id), "--rehearse", log=log).process.wait(timeout=60) == 0, log.read_text()
    return log.read_text().rstrip().rpartition("digest ")[2]

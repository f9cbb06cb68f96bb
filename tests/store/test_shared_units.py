"""Units of work that threads share: durable together, or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from tollhouse.store.engine import sqlite_engine
from tollhouse.store.shared_units import SharedUnits

THREADS = 16


class Commits:
    """How many there were; while they are held, none comes to its end."""

    def __init__(self, engine: Engine) -> None:
        self.count = 0
        self._free = threading.Event()
        self._free.set()
        self._begun = threading.Event()
        event.listen(engine, "commit", self._commit)

    def _commit(self, _connection: Any) -> None:
        self._begun.set()
        self._free.wait(60)
        self.count += 1

    def hold(self) -> None:
        self._free.clear()

    def wait_for_one(self) -> None:
        self._begun.wait(60)

    def let_go(self) -> None:
        self._free.set()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = sqlite_engine(make_url(f"sqlite:///{tmp_path}/shared.db"), writing=True, pool_size=1)
    with opened.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (number INTEGER PRIMARY KEY) STRICT")
    yield opened
    opened.dispose()


def kept(engine: Engine) -> list[int]:
    with engine.begin() as connection:
        return [number for (number,) in connection.exec_driver_sql("SELECT number FROM kept ORDER BY number")]


def write_at_once(units: SharedUnits, commits: Commits, numbers: list[int]) -> list[BaseException | None]:
    """Write the first, and the others while its commit is under way; what went wrong with each."""

    def write(number: int) -> None:
        with units.joined() as connection:
            connection.exec_driver_sql("INSERT INTO kept VALUES (?)", (number,))

    with ThreadPoolExecutor(THREADS) as pool:
        commits.hold()
        written = [pool.submit(write, numbers[0])]
        commits.wait_for_one()
        written += [pool.submit(write, number) for number in numbers[1:]]
        until = time.monotonic() + 60
        while units.waiting < len(numbers) - 1 and time.monotonic() < until:
            time.sleep(0.001)
        commits.let_go()
        return [one.exception() for one in written]


def test_those_who_come_while_one_is_written_share_the_next(engine: Engine) -> None:
    units, commits = SharedUnits(engine), Commits(engine)
    numbers = list(range(THREADS))
    assert write_at_once(units, commits, numbers) == [None] * THREADS
    assert commits.count == 2
    assert kept(engine) == numbers


def test_what_goes_wrong_with_one_is_kept_of_nobody_who_shared_with_it(engine: Engine) -> None:
    units, commits = SharedUnits(engine), Commits(engine)
    faults = write_at_once(units, commits, [0, 1, 2, 3, 0, 4, 5])
    assert faults[0] is None
    assert any(faults)
    written = [number for number, fault in zip([0, 1, 2, 3, 0, 4, 5], faults, strict=True) if fault is None]
    assert kept(engine) == sorted(written)


def test_one_alone_is_durable_when_its_block_has_ended(engine: Engine) -> None:
    units = SharedUnits(engine)
    with units.joined() as connection:
        connection.exec_driver_sql("INSERT INTO kept VALUES (1)")
    assert kept(engine) == [1]
    with pytest.raises(IntegrityError), units.joined() as connection:
        connection.exec_driver_sql("INSERT INTO kept VALUES (2), (1)")
    assert kept(engine) == [1]

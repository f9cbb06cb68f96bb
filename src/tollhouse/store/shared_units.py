"""Units of work that threads share: those who come while one is written go into the next together, with one commit.

A commit that is on disk costs far more than what a short unit of work writes, and on SQLite only one can be under way.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

#: So many join one unit of work: others who want to write wait for no more.
MEMBERS_MAX = 64


class _Unit:
    """One unit of work, begun by the first who joins it and ended by the last."""

    def __init__(self, engine: Engine) -> None:
        self.connection = engine.connect()
        self.members = 0
        self._transaction = self.connection.begin()
        self._ended = threading.Event()
        self._failure: BaseException | None = None

    def commit(self) -> None:
        try:
            self._transaction.commit()
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._end()

    def roll_back(self, failure: BaseException) -> None:
        self._failure = failure
        try:
            self._transaction.rollback()
        finally:
            self._end()

    def wait(self) -> None:
        """Until it is durable. Raises what kept it from that."""
        self._ended.wait()
        if self._failure is not None:
            raise self._failure

    def _end(self) -> None:
        try:
            self.connection.close()
        finally:
            self._ended.set()


class SharedUnits:
    """Safe for threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._unit: _Unit | None = None

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._waiting

    @contextmanager
    def joined(self) -> Iterator[Connection]:
        """A connection that is one's own inside the block; what is written there is durable when the block has ended.

        Raises what went wrong with the unit of work, also in another's block: nothing of it is kept then.
        """
        with self._own_turn():
            unit = self._unit = self._unit or _Unit(self._engine)
            try:
                yield unit.connection
            except BaseException as error:
                self._unit = None
                unit.roll_back(error)
                raise
            unit.members += 1
            is_last = self._waiting == 0 or unit.members == MEMBERS_MAX
            if is_last:
                self._unit = None
                unit.commit()
        if not is_last:
            unit.wait()

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        self._count(1)
        with self._turn:
            self._count(-1)
            yield

    def _count(self, difference: int) -> None:
        with self._counting:
            self._waiting += difference

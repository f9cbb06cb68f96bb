"""Charges brought in from a file: first shown, then applied by the digest that was shown.

The rehearsal decides by the very rules that apply, over a store that forgets. Applying goes part by part, each a short
unit of work, and goes on where whoever was at it before came to.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from tollhouse import crash_points
from tollhouse.apis.files.charges import charges_from_file
from tollhouse.apis.files.lines import FileRefused, format_of
from tollhouse.app.sources import Source, SourceRefused, opened_source
from tollhouse.ledger.clock import Clock
from tollhouse.ledger.commands import Command, Receipt
from tollhouse.ledger.commands.imports import ImportCharges, ImportedCharge, RefusedRow
from tollhouse.ledger.facts import ImportFact, RefusedRowFact, TenantFact
from tollhouse.ledger.importing import ImportAdvanced
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.refusals import StoreUnavailable
from tollhouse.store.scratch import rehearsing
from tollhouse.store.store import SqlStore

__all__ = ["FileRefused", "Import", "Report", "SourceRefused", "opened_source"]

#: How long one unit of work should take: on PostgreSQL, where others wait for the same customers alone; on SQLite,
#: where all wait, beside a server; and there without one.
UNIT_SECONDS: Final = 0.1
SERVED_SECONDS: Final = 0.025
ALONE_SECONDS: Final = 0.15
#: With how many rows the first is tried, and the fewest and the most.
ROWS_FIRST: Final = 500
ROWS_MIN: Final = 50
ROWS_MAX: Final = 5000
#: So long a store may stay busy or away before an import gives up; it can be gone on with later.
PATIENCE_SECONDS: Final = 60
#: How often to look whether a server waits for the same file.
LOOK_SECONDS: Final = 1

Execute = Callable[[Command], Receipt]
#: Told after each part how many rows are done, and how many bytes were read.
Tell = Callable[[int, int], None]


class Report(NamedTuple):
    """What a file comes to. `refused` is read from the store, once, in the order of the lines."""

    digest: str
    done: ImportFact
    refused: Iterator[RefusedRowFact]
    was_done: bool
    """Whether all of it had been applied before."""


class Import:
    """One file, for one tenant."""

    def __init__(self, store: SqlStore, clock: Clock, tenant: TenantFact, source: Source) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._source = source
        self._form = ""
        self._touch_session = False

    def set_up(self, form: str, touch_session: bool) -> str:
        """Choose the format, empty for that of the file's name or beginning, and whether sessions are touched; the
        digest of it all. Raises FileRefused."""
        self._form = form or format_of(self._source.name, self._source.start())
        self._touch_session = touch_session
        options = (self._form, int(touch_session))
        return self._source.digest("charges", 1, self._tenant.tenant_id, self._tenant.slug, *options)

    def kept(self, digest: str) -> ImportFact | None:
        """How far a file was applied, if it was."""
        with self._store.reading(self._tenant.tenant_id) as reader:
            found = reader.find(ImportFact, digest=digest)
        return found[0] if found else None

    @contextmanager
    def rehearsed(self, digest: str, tell: Tell) -> Iterator[Report]:
        """What applying would come to; nothing is changed."""
        kept = self.kept(digest)
        with rehearsing(self._store, self._tenant.tenant_id) as scratch:
            pace = _Pace(scratch, ROWS_MAX)
            done = self._bring_in(Ledger(scratch, self._clock).execute, digest, None, pace, tell)
            with scratch.unit_of_work(self._tenant.tenant_id) as unit:
                was_done = kept is not None and kept.finished_at is not None
                yield Report(digest, done, _refused(unit, digest), was_done)

    @contextmanager
    def applied(self, digest: str, execute: Execute, tell: Tell) -> Iterator[Report]:
        """Apply what is left of the file, once and for ever."""
        kept = self.kept(digest)
        was_done = kept is not None and kept.finished_at is not None
        if kept is None or not was_done:
            kept = self._bring_in(_patient(execute), digest, kept, _Pace(self._store, ROWS_FIRST), tell)
        with self._store.reading(self._tenant.tenant_id) as reader:
            yield Report(digest, kept, _refused(reader, digest), was_done)

    def _bring_in(self, execute: Execute, digest: str, done: ImportFact | None, pace: _Pace, tell: Tell) -> ImportFact:
        while done is None or done.finished_at is None:
            done = self._go_on(execute, digest, done, pace, tell)
        return done

    def _go_on(self, execute: Execute, digest: str, done: ImportFact | None, pace: _Pace, tell: Tell) -> ImportFact:
        """Bring in what is left, as far as it goes by one moment: another who began at once may have fixed another."""
        started_at, rows_read = (self._now(), 0) if done is None else (done.started_at, done.rows_read)
        rows = _Rows(charges_from_file(self._source.rewound(), self._form, self._tenant, started_at))
        while True:
            rows.move_to(rows_read)
            command = self._part(digest, started_at, rows, pace.rows)
            self._source.check_unchanged()
            with pace.measured(command.weight):
                advanced: ImportAdvanced = execute(command).result
            done = advanced.done
            tell(done.rows_read, self._source.position())
            if done.finished_at is not None or done.started_at != started_at:
                return done
            crash_points.reach(crash_points.IMPORT_HALF_DONE)
            rows_read = done.rows_read

    def _part(self, digest: str, started_at: int, rows: _Rows, count: int) -> ImportCharges:
        part, is_last = rows.next(count)
        return ImportCharges(
            tenant_id=self._tenant.tenant_id,
            digest=digest,
            started_at=started_at,
            rows_read=rows.position,
            charges=tuple(row for row in part if isinstance(row, ImportedCharge)),
            refused=tuple(row for row in part if isinstance(row, RefusedRow)),
            touch_session=self._touch_session,
            is_last=is_last,
        )

    def _now(self) -> int:
        return self._clock.now() if self._tenant.clock_at is None else self._tenant.clock_at


class _Rows:
    """The rows of a file, taken from its start on; those at hand are kept until one moves beyond them."""

    def __init__(self, rows: Iterator[ImportedCharge | RefusedRow]) -> None:
        self.position = 0
        self._rows = rows
        self._ahead: deque[ImportedCharge | RefusedRow] = deque()

    def move_to(self, position: int) -> None:
        """Let go of the rows before this one."""
        while self.position < position:
            if self._ahead:
                self._ahead.popleft()
            elif next(self._rows, None) is None:
                raise FileRefused("The file has fewer rows than were applied of it before.")
            self.position += 1

    def next(self, count: int) -> tuple[list[ImportedCharge | RefusedRow], bool]:
        """Up to so many rows from here on, and whether they are the last."""
        while len(self._ahead) <= count:
            row = next(self._rows, None)
            if row is None:
                return list(self._ahead), True
            self._ahead.append(row)
        return [self._ahead[place] for place in range(count)], False


class _Pace:
    """How many rows go into one unit of work, so that whoever else writes waits for a moment at most.

    On SQLite a server waits for every unit of work: it gets as much time as we take. With nobody there they may be
    longer, which is faster.
    """

    def __init__(self, store: SqlStore, rows: int) -> None:
        self.rows = rows
        self._store = store
        self._is_served = store.is_served()
        self._look_at = time.monotonic() + LOOK_SECONDS

    @contextmanager
    def measured(self, rows: int) -> Iterator[None]:
        """Around a unit of work with so many rows."""
        began = time.monotonic()
        yield
        ended = time.monotonic()
        fitting = int(rows * self._seconds() / max(ended - began, 0.001))
        self.rows = min(max(fitting, ROWS_MIN), 2 * self.rows, ROWS_MAX)
        if ended >= self._look_at:
            self._is_served, self._look_at = self._store.is_served(), ended + LOOK_SECONDS
        if self._is_served:
            time.sleep(ended - began)

    def _seconds(self) -> float:
        if not self._store.is_sqlite:
            return UNIT_SECONDS
        return SERVED_SECONDS if self._is_served else ALONE_SECONDS


def _patient(execute: Execute) -> Execute:
    """Try again for a while where the store is busy. What was committed after all is not done twice: its place is
    taken."""

    def patiently(command: Command) -> Receipt:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return execute(command)
            except StoreUnavailable:
                if time.monotonic() >= until:
                    raise
                time.sleep(1)

    return patiently


def _refused(reader: Reader, digest: str) -> Iterator[RefusedRowFact]:
    return reader.stream(RefusedRowFact, order=("line",), digest=digest)

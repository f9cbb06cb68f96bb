"""How far a file is: a bar with rate and time left on a terminal, else a line now and then, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

#: Told two numbers: rows done and bytes read of a file, or bytes copied and how many there are.
Told = Callable[[int, int], None]

LINE_SECONDS: Final = 10


@contextmanager
def shown_progress(what: str, size: int) -> Iterator[Told]:
    """Show how far a file of so many bytes is; nothing stays of it on a terminal."""
    if not sys.stderr.isatty():
        yield _Lines(what, size).told
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,} a second, left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress, what, size).told


@contextmanager
def shown_copying(what: str) -> Iterator[Told]:
    """Show how many bytes are copied, and of how many: 0 where nobody knows."""
    if not sys.stderr.isatty():
        yield _CopyLines(what).told
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total or None)


class _Rate:
    """Rows a second since the first were told; what was done before does not count."""

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None

    def after(self, rows: int) -> int:
        now = time.monotonic()
        self._first = self._first or (rows, now)
        return int((rows - self._first[0]) / max(now - self._first[1], 1))


class _Bar:
    def __init__(self, progress: Progress, what: str, size: int) -> None:
        self._progress = progress
        self._rate = _Rate()
        self._task = progress.add_task(what, total=size, rows=0, rate=0)

    def told(self, rows: int, position: int) -> None:
        self._progress.update(self._task, completed=position, rows=rows, rate=self._rate.after(rows))


class _Lines:
    def __init__(self, what: str, size: int) -> None:
        self._what = what
        self._size = size
        self._rate = _Rate()
        self._next_at = time.monotonic() + LINE_SECONDS

    def told(self, rows: int, position: int) -> None:
        rate, now = self._rate.after(rows), time.monotonic()
        if now >= self._next_at:
            self._next_at = now + LINE_SECONDS
            done = 100 * position // max(self._size, 1)
            typer.echo(f"{self._what}: {rows:,} rows, {done} %, {rate:,} rows a second", err=True)


class _CopyLines:
    def __init__(self, what: str) -> None:
        self._what = what
        self._next_at = time.monotonic() + LINE_SECONDS

    def told(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next_at:
            self._next_at = now + LINE_SECONDS
            of = f" of {total >> 20:,}" if total else ""
            typer.echo(f"{self._what}: {done >> 20:,}{of} MiB", err=True)

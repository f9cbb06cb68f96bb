"""What a check of the books found, and how it walks through them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")

CHUNK = 500


class Findings:
    """What was checked, how many of each, and every difference as a sentence."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.differences: list[str] = []
        self._where = ""

    def of_tenant(self, slug: str) -> None:
        self._where = f"tenant {slug}: "

    def expect(self, what: str, subject: str, *, stored: object, computed: object) -> None:
        """Count one check; note a difference."""
        self.checked[what] += 1
        if stored != computed:
            self.differences.append(f"{self._where}{what} of {subject}: stored {stored}, computed {computed}")

    def require(self, what: str, subject: str, holds: bool, sentence: str) -> None:
        self.checked[what] += 1
        if not holds:
            self.differences.append(f"{self._where}{what} of {subject}: {sentence}")


class Groups(Generic[T]):
    """A stream in the order of a key, taken group by group for ever larger keys."""

    def __init__(self, rows: Iterable[T], key: Callable[[T], int]) -> None:
        self._rows = iter(rows)
        self._key = key
        self._strays: list[int] = []
        self._row = next(self._rows, None)

    def take(self, key: int) -> Iterator[T]:
        """The rows of this key, perhaps none. Take them all before those of the next."""
        while self._row is not None and self._key(self._row) < key:
            self._pass_over(self._key(self._row))
        return self._rows_of(key)

    def strays(self) -> list[int]:
        """At the end: the keys that nobody took."""
        while self._row is not None:
            self._pass_over(self._key(self._row))
        return self._strays

    def _rows_of(self, key: int) -> Iterator[T]:
        while self._row is not None and self._key(self._row) == key:
            row, self._row = self._row, next(self._rows, None)
            yield row

    def _pass_over(self, key: int) -> None:
        self._strays.append(key)
        for _ in self._rows_of(key):
            pass


def chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk

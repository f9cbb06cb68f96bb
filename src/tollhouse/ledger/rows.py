"""The rows that one batch of one tenant knows, and those that it is about to write.

What was asked of the store once is remembered, and what was decided lies over it: each row is as the batch leaves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from msgspec.structs import replace

from tollhouse.ledger import key_sets
from tollhouse.ledger.auditing.noting import Notes, key_names
from tollhouse.ledger.facts import ChangingFact, Fact
from tollhouse.ledger.lanes import Lanes
from tollhouse.ledger.ports import UnitOfWork

F = TypeVar("F", bound=Fact)
C = TypeVar("C", bound=ChangingFact)


class Rows:
    def __init__(self, unit: UnitOfWork) -> None:
        self.unit = unit
        self.lanes = Lanes(unit)
        self._appended: dict[type[Fact], list[Fact]] = {}
        self._added: dict[tuple[type[Fact], tuple[Any, ...]], ChangingFact] = {}
        self._found: dict[tuple[Any, ...], list[Any]] = {}
        self._put: dict[type[Fact], dict[tuple[Any, ...], ChangingFact]] = {}
        self._removed: dict[type[Fact], dict[tuple[Any, ...], dict[str, Any]]] = {}
        self._held: set[tuple[Any, ...]] = set()
        self._notes: Notes | None = None

    # What is known.

    def find(self, kind: type[F], /, *, lock: bool = False, **equals: Any) -> list[F]:
        """Rows as this batch leaves them: the store's, and over them what was added or put so far, in no order.

        What was asked once is remembered. Change a found fact by putting another over it.
        """
        put = self._put.get(kind, {})
        asked = _asked(kind, lock, equals)
        found = self._found.get(asked)
        if found is None:
            found = self._found[asked] = self.unit.find(kind, lock=lock, **equals)
        removed = self._removed.get(kind, {})
        rows = [row for row in found if not (removed and isinstance(row, ChangingFact) and row.key in removed)]
        rows += [fact for fact in self.added(kind) if _matches(fact, equals)]
        if put:
            rows = [row for row in rows if not (isinstance(row, ChangingFact) and row.key in put)]
            rows += [fact for fact in put.values() if isinstance(fact, kind) and _matches(fact, equals)]
        return rows

    def look_up(self, kind: type[F], names: tuple[str, ...], wanted: set[tuple[Any, ...]]) -> None:
        """Find rows by the values of these columns, once for the whole batch, of which there is one at most each."""
        if not wanted:
            return
        rows: dict[tuple[Any, ...], F] = {}
        for part in key_sets.looks(wanted):
            among: dict[str, Any] = {n: sorted({values[place] for values in part}) for place, n in enumerate(names)}
            rows |= {tuple(getattr(row, name) for name in names): row for row in self.unit.find(kind, **among)}
        for values in wanted:
            asked = _asked(kind, False, dict(zip(names, values, strict=True)))
            self._found[asked] = [rows[values]] if values in rows else []

    def kept(self, kind: type[C], **key: Any) -> C | None:
        """The fact with this key, all of it in its order, as this batch leaves it."""
        values = tuple(key.values())
        put = self._put.get(kind, {}).get(values)
        if isinstance(put, kind):
            return put
        if values in self._removed.get(kind, {}):
            return None
        added = self._added.get((kind, values))
        if isinstance(added, kind):
            return added
        asked = _asked(kind, False, key)
        if asked not in self._found:
            self._found[asked] = [] if self._is_of_new(key) else self.unit.find(kind, **key)
        return next(iter(self._found[asked]), None)

    def hold(self, kind: type[Fact], name: str, values: Iterable[Any]) -> None:
        """Have rows with these values of a column stay as they are until this is written; others may hold them too."""
        missing = sorted({value for value in values if (kind, name, value) not in self._held})
        if missing:
            self.unit.hold(kind, **{name: missing})
            self._held.update((kind, name, value) for value in missing)

    def remember(
        self, kind: type[F], name: str, values: Iterable[Any], rows: Iterable[F], *, lock: bool = False, **equals: Any
    ) -> None:
        """Answer later finds by one value of a column from rows that were found for several."""
        found: dict[Any, list[Any]] = {value: [] for value in values}
        for row in rows:
            found[getattr(row, name)].append(row)
        for value, those in found.items():
            self._found[_asked(kind, lock, {name: value, **equals})] = those

    def added(self, kind: type[F]) -> list[F]:
        """The facts of this class that the batch has decided to append so far."""
        return [fact for fact in self._appended.get(kind, ()) if isinstance(fact, kind)]

    def newest(self, fact: C) -> C:
        """The fact as this batch leaves it so far."""
        put = self._put.get(type(fact), {}).get(fact.key)
        return put if isinstance(put, type(fact)) else fact

    # What is decided.

    @contextmanager
    def noted(self) -> Iterator[Notes]:
        """Note what is changed from here on, for who did it."""
        notes = self._notes = Notes()
        puts = self.lanes.puts
        try:
            yield notes
            notes.writes_untold |= self.lanes.puts != puts
        finally:
            self._notes = None

    def add(self, fact: Fact) -> None:
        if self._notes is not None:
            self._notes.made(fact)
        self._appended.setdefault(type(fact), []).append(fact)
        if isinstance(fact, ChangingFact):
            self._added[type(fact), fact.key] = fact

    def put(self, fact: ChangingFact) -> None:
        """Write a fact over the one with its key, whether that is in the store, decided in this batch, or nowhere."""
        if self._notes is not None:
            self._notes.put(fact, lambda: self._before(fact))
        self._put.setdefault(type(fact), {})[fact.key] = fact

    def remove(self, fact: ChangingFact, *key: str) -> None:
        """Take a fact away, which `key` (names of fields) is enough to find; another may be put in its place."""
        if self._notes is not None:
            self._notes.gone(fact)
        kind = type(fact)
        self._put.get(kind, {}).pop(fact.key, None)
        added = self._added.pop((kind, fact.key), None)
        if added is not None:
            self._appended[kind].remove(added)
            return
        self._removed.setdefault(kind, {})[fact.key] = {name: getattr(fact, name) for name in key}

    def _append_rows(self, unit: UnitOfWork) -> None:
        """Hand over what was added and put, one statement a table."""
        for facts in filter(None, self._appended.values()):
            unit.insert(facts)
        for changed_facts in filter(None, self._put.values()):
            unit.upsert([changed_facts[key] for key in sorted(changed_facts)])
        if deliveries := self.lanes.changed():
            unit.upsert(deliveries)

    def _remove_rows(self, unit: UnitOfWork) -> None:
        for kind, gone in self._removed.items():
            for equals in key_sets.conditions([gone[key] for key in sorted(gone)]):
                unit.remove(kind, **equals)

    # How it is kept.

    def _is_of_new(self, key: dict[str, Any]) -> bool:
        """Whether a key is of something that the batch has made, so that the store has nothing of it."""
        raise NotImplementedError

    def _before(self, fact: C) -> C | None:
        """The fact with this one's key as it was until now: asked of the store, for deciders change what they found."""
        kind, key = type(fact), fact.key
        if key in self._removed.get(kind, {}):
            return None
        known = self._put.get(kind, {}).get(key) or self._added.get((kind, key))
        if isinstance(known, kind) and known is not fact:
            return replace(known)
        found = self.unit.find(kind, **dict(zip(key_names(kind), key, strict=True)))
        return found[0] if found else None


def _asked(kind: type[Fact], lock: bool, equals: dict[str, Any]) -> tuple[Any, ...]:
    return (kind, lock, *((name, tuple(v) if isinstance(v, list) else v) for name, v in equals.items()))


def _matches(fact: Fact, equals: dict[str, Any]) -> bool:
    for name, wanted in equals.items():
        value = getattr(fact, name)
        if value not in wanted if isinstance(wanted, list | tuple) else value != wanted:
            return False
    return True

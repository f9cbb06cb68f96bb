"""What one command changes, noted by the book while it is decided."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tollhouse.ledger.auditing.told import TOLD
from tollhouse.ledger.facts import ChangingFact, CustomerFact, Fact

#: Changes of one command that are told; of more there is a count.
CHANGES_MAX: Final = 50


class Change(msgspec.Struct):
    """A fact as it was, None where it was not there, and the same one that the book holds, None where it is gone."""

    before: Fact | None
    after: Fact | None


class Notes:
    """Each fact is noted once, as it was before the command first touched it; what it became is read at the end."""

    def __init__(self) -> None:
        self._changes: dict[tuple[type[Fact], Any], Change] = {}
        #: Changes for which there was no room.
        self.more = 0
        #: Whether something was written that is not told as a change.
        self.writes_untold = False

    @property
    def changes(self) -> list[Change]:
        return list(self._changes.values())

    def made(self, fact: Fact) -> None:
        self._note(fact, _key_of(fact), lambda: None)

    def put(self, fact: Fact, before: Callable[[], Fact | None]) -> None:
        """`before` finds the fact as it was; it is asked only where that is to be told."""
        self._note(fact, _key_of(fact), before)

    def changing(self, fact: Fact) -> None:
        """A fact that is about to be changed where it is."""
        self._note(fact, _key_of(fact), lambda: replace(fact))

    def gone(self, fact: Fact) -> None:
        self._note(fact, _key_of(fact), lambda: replace(fact), is_gone=True)

    def _note(self, fact: Fact, key: Any, before: Callable[[], Fact | None], *, is_gone: bool = False) -> None:
        kind = type(fact)
        if kind not in TOLD:
            self.writes_untold = True
            return
        noted = self._changes.get((kind, key))
        if noted is not None:
            noted.after = None if is_gone else fact
        elif len(self._changes) >= CHANGES_MAX:
            self.more += 1
        else:
            self._changes[kind, key] = Change(before(), None if is_gone else fact)


@cache
def key_names(kind: type[ChangingFact]) -> tuple[str, ...]:
    """The fields that a class of facts is kept by, in the order of its key."""
    fields = kind.__struct_fields__
    places: tuple[int, ...] = kind(*range(len(fields))).key
    return tuple(fields[place] for place in places)


def _key_of(fact: Fact) -> Any:
    if isinstance(fact, ChangingFact):
        return fact.key
    # Others are told by what they are: of a customer its number, and what is appended once is itself.
    return fact.number if isinstance(fact, CustomerFact) else id(fact)

"""Traits, events and tags of the tenant: each made when it is first sent.

Two who send one at once meet in its name, which is a key; whoever comes second decides again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import EventTold, Track
from tollhouse.ledger.commands.tracking import TraitValue
from tollhouse.ledger.facts import ChangingFact, EventDefinitionFact, TagFact, TraitFact
from tollhouse.ledger.refusals import TooManyDefinitions

C = TypeVar("C", bound=ChangingFact)

#: Of each kind, in one tenant.
DEFINITIONS_MAX: Final = 10_000

#: An integer under a name that ends so is an instant in UNIX seconds.
_DATE_ENDING: Final = "_at"
_FORMATS: Final = {"string": "text", "number": "numeric", "boolean": "true/false", "date": "date + time"}

#: What each kind of definition is called, and the column of its name.
_NAMES: Final[dict[type[ChangingFact], tuple[str, str]]] = {
    TraitFact: ("traits", "field"),
    EventDefinitionFact: ("events", "action"),
    TagFact: ("tags", "name"),
}


def check(book: Book, command: Track) -> None:
    """Raises TooManyDefinitions where the command would make more than there may be."""
    for kind, names in _named([command]).items():
        check_room(book, kind, names)


def check_room(book: Book, kind: type[ChangingFact], names: Iterable[str]) -> None:
    """Raises TooManyDefinitions where those of these names that are new would be too many."""
    called, column = _NAMES[kind]
    new = [name for name in names if book.kept(kind, **{column: name}) is None]
    if new and book.unit.count(kind) + len(book.added(kind)) + len(new) > DEFINITIONS_MAX:
        raise TooManyDefinitions(called, DEFINITIONS_MAX)


def prefetch(book: Book, commands: Sequence[Track]) -> None:
    for kind, names in _named(commands).items():
        book.look_up(kind, (_NAMES[kind][1],), {(name,) for name in names})


def _named(commands: Sequence[Track]) -> dict[type[ChangingFact], set[str]]:
    named: dict[type[ChangingFact], set[str]] = {kind: set() for kind in _NAMES}
    for told in (told for command in commands for told in command.people):
        if told.profile is not None:
            named[TraitFact].update(field for field, value in told.profile.traits if value is not None)
        named[EventDefinitionFact].update(event.action for event in told.events)
        named[TagFact].update(told.tags)
    return named


def event_ids(book: Book, events: Sequence[EventTold]) -> list[int]:
    """The ids of those events that are defined."""
    found = [book.kept(EventDefinitionFact, action=event.action) for event in events]
    return [definition.event_id for definition in found if definition is not None]


def tag_ids(book: Book, names: Sequence[str]) -> list[int]:
    """The ids of those tags that are defined."""
    found = [book.kept(TagFact, name=name) for name in names]
    return [definition.tag_id for definition in found if definition is not None]


def event(book: Book, action: str) -> EventDefinitionFact:
    """The event with this action, made if it is new."""
    kept = book.kept(EventDefinitionFact, action=action)
    if kept is not None:
        return kept
    return _made(book, EventDefinitionFact(book.tenant_id, action, book.next_number("definition"), book.now))


def tag(book: Book, name: str) -> TagFact:
    """The tag with this name, made if it is new."""
    kept = book.kept(TagFact, name=name)
    if kept is not None:
        return kept
    return _made(book, TagFact(book.tenant_id, name, book.next_number("definition"), book.now))


def trait(book: Book, field: str, value: TraitValue) -> TraitFact:
    """The trait with this field, made if it is new: of the kind of its first value."""
    kept = book.kept(TraitFact, field=field)
    if kept is not None:
        return kept
    kind = _kind(field, value)
    number = book.next_number("definition")
    return _made(book, TraitFact(book.tenant_id, field, number, kind, _FORMATS[kind], book.now))


def _made(book: Book, definition: C) -> C:
    book.add(definition)
    return definition


def _kind(field: str, value: TraitValue) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) and field.endswith(_DATE_ENDING):
        return "date"
    return "number" if isinstance(value, int | Decimal) else "string"

"""The audit log: who changed what, when, from where, before and after; of one's own branch."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from tollhouse.console import access
from tollhouse.console.access import Opens
from tollhouse.console.forms import (
    Faults,
    Filled,
    NotThere,
    beginning_of,
    choice_of,
    day_of,
    number_in_path,
    text_of,
)
from tollhouse.console.rendering import page
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import Visit
from tollhouse.ledger.auditing.subjects import SUBJECTS
from tollhouse.ledger.facts import AuditFact, PersonFact
from tollhouse.ledger.queries.audit import ENTRIES_MAX, AuditPage, AuditQueries, AuditWanted, Place
from tollhouse.ledger.queries.transaction_lists import sees_all
from tollhouse.ledger.seeing import sees_owner
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

FIELDS: Final = ("person", "door", "command", "kind", "subject", "from", "to")

DOORS: Final = {
    "console": "Console",
    "enswitch": "ENSwitch",
    "admin": "Administration",
    "kelviq": "Kelviq",
    "beacon": "Beacon",
    "command line": "Command line",
    "provisioning": "Provisioning",
}

#: How fields that hold an instant are named.
_INSTANTS: Final = ("_at", "_until")

_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def command_in_words(name: str) -> str:
    """SetAccess is "Set access"."""
    return _WORD.sub(" ", name).capitalize()


#: Every command that leaves an entry, and what the provisioning file leaves.
COMMANDS: Final = {name: command_in_words(name) for name in sorted({*(kind.__name__ for kind in SUBJECTS), "Apply"})}
KINDS: Final = {kind: kind for kind in sorted({kind for kind, _ in SUBJECTS.values()})}

#: Subjects whose pages stay whatever becomes of them, and what opening these wants.
PAGES: Final[dict[str, tuple[str, Opens]]] = {
    "charge": ("charges", access.CHARGES),
    "customer": ("customers", access.CUSTOMERS),
    "tax": ("taxes", access.TAXES),
    "transaction": ("transactions", access.TRANSACTIONS),
}


class Row(msgspec.Struct, frozen=True):
    """One field of what was changed: a text, an instant, or None where there was nothing."""

    name: str
    before: str | int | None
    after: str | int | None


class Change(msgspec.Struct, frozen=True):
    what: str
    key: str
    rows: list[Row]


class Entry(msgspec.Struct, frozen=True):
    """An entry as it is shown: `more` counts the changes for which it had no room."""

    fact: AuditFact
    command: str
    changes: list[Change]
    more: int


class Audit:
    def __init__(self, queries: AuditQueries) -> None:
        self._queries = queries

    def routes(self) -> Routes:
        return {"/audit": {"GET": On(access.AUDIT, self._list)}}

    async def _list(self, visit: Visit) -> Reply:
        filled = Filled({name: visit.query.get(name, "").strip() for name in FIELDS})
        faults: Faults = {}
        wanted = await visit.read(_wanted, visit, filled, faults)
        before = _place(visit.query.get("before", ""))
        found = AuditPage([], None)
        if not faults:
            found = await visit.ask(self._queries.entries, visit.tenant_id, visit.caller, wanted, before)
        query = {name: filled[name] for name in FIELDS if filled[name]}
        older = "" if found.next is None else "-".join(map(str, found.next))
        return page(
            visit,
            "audit.html",
            422 if faults else 200,
            entries=[_entry(fact) for fact in found.rows],
            filled=filled,
            faults=faults,
            is_filtered=bool(query),
            doors=DOORS,
            commands=COMMANDS,
            kinds=KINDS,
            pages=_pages(visit),
            entries_max=ENTRIES_MAX,
            older=f"?{urlencode({**query, 'before': older})}" if older else "",
            newest=f"?{urlencode(query)}" if before is not None else "",
        )


def _wanted(snapshot: Snapshot, visit: Visit, filled: Filled, faults: Faults) -> AuditWanted:
    subject = text_of(filled, "subject", faults)
    kind = choice_of(filled, "kind", KINDS, faults)
    if subject and not kind:
        faults.setdefault("kind", "Choose what it is the number or name of.")
    elif kind and not subject:
        faults.setdefault("subject", f"Say which {kind}: its number, id or name as the entries have it.")
    first, last = day_of(filled, "from", faults), day_of(filled, "to", faults)
    if first and last and last < first:
        faults["to"] = "The last day must not come before the first."
    zone = visit.tenant.timezone
    return AuditWanted(
        person_id=_person(snapshot, visit, text_of(filled, "person", faults), faults),
        door=choice_of(filled, "door", DOORS, faults),
        command=choice_of(filled, "command", COMMANDS, faults),
        subject_kind=kind,
        subject=subject,
        since=None if first is None else beginning_of(first, zone),
        until=None if last is None else beginning_of(last, zone, days_later=1),
    )


def _pages(visit: Visit) -> dict[str, str]:
    """Where the subjects of a kind are: only for who sees all of them, so that no link leads to nothing."""
    guest = visit.guest
    return {kind: path for kind, (path, opens) in PAGES.items() if guest.may(opens) and sees_all(guest.caller(opens))}


def _person(snapshot: Snapshot, visit: Visit, username: str, faults: Faults) -> int:
    """Who has this username, else who had it last, of those whom the caller sees; 0 for nobody in particular."""
    if not username:
        return 0
    found = snapshot.find(PersonFact, username=username)
    seen = [person for person in found if sees_owner(snapshot, visit.caller, person.customer_number)]
    if not seen:
        faults["person"] = "Nobody has this username. Enter it whole."
        return 0
    return max(seen, key=lambda person: (person.deleted_at is None, person.person_id)).person_id


def _entry(fact: AuditFact) -> Entry:
    told: list[dict[str, Any]] = msgspec.json.decode(fact.changes)
    changes = [_change(change) for change in told if "what" in change]
    return Entry(fact, command_in_words(fact.command), changes, sum(change.get("more", 0) for change in told))


def _change(change: dict[str, Any]) -> Change:
    before, after = change["before"] or {}, change["after"] or {}
    rows = [Row(name, _value(before, name), _value(after, name)) for name in {**before, **after}]
    return Change(change["what"], change["key"], rows)


def _value(values: dict[str, Any], name: str) -> str | int | None:
    value = values.get(name)
    if isinstance(value, int) and name.endswith(_INSTANTS):
        return value or None
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()


def _place(text: str) -> Place | None:
    """Where a page begins. Raises NotThere."""
    if not text:
        return None
    at, _, number = text.partition("-")
    if not number:
        raise NotThere
    return number_in_path(at), number_in_path(number)

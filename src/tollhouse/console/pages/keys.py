"""API keys: what opens the doors to programs. A key's text is shown once, when it is made, and kept nowhere."""

from __future__ import annotations

from typing import Final

from tollhouse.apis.keys import make_key, revoke_key
from tollhouse.console import access
from tollhouse.console.forms import TEXT_LENGTH_MAX, Faults, Filled, NotThere, choice_of, sentence_of, text_of
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.facts import KeyFact
from tollhouse.ledger.keys import KEY_ID_LENGTH, key_id
from tollhouse.ledger.queries.key_lists import KeyLists
from tollhouse.ledger.refusals import KeyNameTaken, KeyRefused, KeysTooMany, KeyUnknown
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

KEYS: Final = f"{PATH}/keys"
ROWS: Final = 50
#: The last of the revoked ones that are shown.
REVOKED: Final = 20

#: What a key of each kind opens.
OPENS: Final = {
    "secret": "all of Beacon, its Core API, Kelviq and administration",
    "application": "all of Beacon, its Core API, Kelviq and administration",
    "public": "Beacon's writes alone, and reads nothing",
    "client": "Kelviq's calls for browsers alone",
}
_FOR: Final = {
    "secret": "a server of yours",
    "application": "an application of somebody else",
    "public": "web pages, where everybody can read it",
    "client": "browsers and apps",
}
KINDS: Final = {kind: f"{kind.capitalize()}, for {_FOR[kind]}" for kind in OPENS}

_NAME_TAKEN: Final = (
    "Another key has this name. If it was just made with this very form, its text was shown then and is kept nowhere: "
    "where nobody has it, revoke that key and make another."
)


class Keys:
    def __init__(self, lists: KeyLists) -> None:
        self._lists = lists

    def routes(self) -> Routes:
        return {
            "/keys": {"GET": On(access.KEYS, self._list)},
            "/keys/new": {"GET": On(access.KEYS_CHANGE, self._new), "POST": On(access.KEYS_CHANGE, self._make)},
            "/keys/{key}/revoke": {
                "GET": On(access.KEYS_CHANGE, self._ask),
                "POST": On(access.KEYS_CHANGE, self._revoke),
            },
        }

    async def _list(self, visit: Visit) -> Reply:
        after = visit.query.get("after", "")
        live = await visit.ask(self._lists.live, visit.tenant_id, after, ROWS + 1)
        revoked = [] if after else await visit.ask(self._lists.revoked, visit.tenant_id, REVOKED + 1)
        return page(
            visit,
            "keys.html",
            live=live[:ROWS],
            after=live[ROWS - 1].name if len(live) > ROWS else "",
            is_first=not after,
            revoked=revoked[:REVOKED],
            has_more_revoked=len(revoked) > REVOKED,
            key_id=key_id,
            opens=OPENS,
            may_change=visit.may(access.KEYS_CHANGE),
        )

    async def _new(self, visit: Visit) -> Reply:
        return _form(visit, Filled(kind="secret"), {})

    async def _make(self, visit: Visit) -> Reply:
        faults: Faults = {}
        name = text_of(visit.form, "name", faults, is_needed=True, length_max=TEXT_LENGTH_MAX)
        kind = choice_of(visit.form, "kind", KINDS, faults)
        if not kind:
            faults.setdefault("kind", "Choose what it is for.")
        if faults:
            return _form(visit, Filled(visit.form), faults)
        try:
            made = await make_key(visit.desk, visit.tenant_id, name=name, kind=kind, by=visit.guest.actor)
        except KeyNameTaken:
            return _form(visit, Filled(visit.form), {"name": _NAME_TAKEN})
        except KeyRefused as refusal:
            return _form(visit, Filled(visit.form), {refusal.field: sentence_of(refusal)})
        except KeysTooMany as refusal:
            return _form(visit, Filled(visit.form), {}, problem=str(refusal))
        return page(visit, "key-made.html", made=made, opens=OPENS)

    async def _ask(self, visit: Visit) -> Reply:
        key = await visit.read(_key, visit.params["key"])
        return page(visit, "key-revoke.html", key=key, key_id=key_id(key), opens=OPENS)

    async def _revoke(self, visit: Visit) -> Reply:
        try:
            revoked = await revoke_key(visit.desk, visit.tenant_id, visit.params["key"], visit.guest.actor)
        except KeyUnknown:
            raise NotThere from None
        return see_other(KEYS, {"told": "key-revoked-before" if revoked.was_revoked else "key-revoked"})


def _form(visit: Visit, filled: Filled, faults: Faults, *, problem: str = "") -> Reply:
    status = 422 if faults or problem else 200
    return page(visit, "key-new.html", status, filled=filled, faults=faults, problem=problem, kinds=KINDS, opens=OPENS)


def _key(snapshot: Snapshot, named: str) -> KeyFact:
    """The key with this id, revoked or not. Raises NotThere."""
    if len(named) == KEY_ID_LENGTH:
        for key in snapshot.reader.page(KeyFact, "key_hash", named, 1):
            if key_id(key) == named:
                return key
    raise NotThere

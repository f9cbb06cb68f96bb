"""The audit log: who changed what, the newest first."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tollhouse.apis.admin.answers import Refused, query_from_wire
from tollhouse.apis.admin.paths import Call, Routes
from tollhouse.apis.desk import Desk
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import AuditFact
from tollhouse.ledger.provisioning.apply import instant_of
from tollhouse.ledger.provisioning.document import ProvisioningRefused
from tollhouse.ledger.queries.audit import AuditPage, AuditQueries, AuditWanted, Place
from tollhouse.web import Reply

#: What a page ends with: an instant and a number, both within 64 bits.
_PLACE: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_TEXT_MAX: Final = 255


class AuditLog:
    def __init__(self, desk: Desk, queries: AuditQueries) -> None:
        self._desk = desk
        self._queries = queries

    def routes(self) -> Routes:
        return {"audit": {"GET": self._list}}

    async def _list(self, call: Call) -> Reply:
        query = query_from_wire(call.request.query)
        wanted, before = _wanted(query), place_from_wire(query.get("before", ""))
        page: AuditPage = await self._desk.reads.run(self._queries.entries, call.tenant_id, None, wanted, before)
        body = {"data": [entry_to_wire(row) for row in page.rows], "meta": {"next": place_to_wire(page.next)}}
        return Reply(200, msgspec.json.encode(body))


def entry_to_wire(entry: AuditFact) -> dict[str, Any]:
    at = datetime.fromtimestamp(entry.recorded_at // SECOND, UTC)
    return {
        "id": entry.entry_id,
        "at": at.isoformat().replace("+00:00", "Z"),
        "actor": {
            "kind": entry.actor_kind,
            "person": entry.person_id or None,
            "name": entry.name,
            "customer": entry.customer_number,
        },
        "door": entry.door,
        "address": entry.address or None,
        "command": entry.command,
        "subject": {"kind": entry.subject_kind, "id": entry.subject, "name": entry.subject_name or None},
        "changes": msgspec.Raw(entry.changes.encode()),
    }


def place_to_wire(place: Place | None) -> str | None:
    return None if place is None else f"{place[0]}-{place[1]}"


def place_from_wire(text: str) -> Place | None:
    """Raises Refused."""
    if not text:
        return None
    matched = _PLACE.fullmatch(text)
    if matched is None:
        raise Refused(422, "before: must be what a page gave as its next.")
    return int(matched[1]), int(matched[2])


def _wanted(query: dict[str, str]) -> AuditWanted:
    person = query.get("person", "0")
    if _NUMBER.fullmatch(person) is None:
        raise Refused(422, "person: must be the number of a person.")
    if query.get("subject") and not query.get("subject_kind"):
        raise Refused(422, "subject_kind: say of which kind the subject is, such as customer.")
    texts = {name: _text(query, name) for name in ("door", "command", "subject_kind", "subject")}
    return AuditWanted(person_id=int(person), since=_instant(query, "from"), until=_instant(query, "to"), **texts)


def _text(query: dict[str, str], name: str) -> str:
    text = query.get(name, "")
    if len(text) > _TEXT_MAX or not is_storable(text):
        raise Refused(422, f"{name}: must have at most {_TEXT_MAX} characters that can be stored.")
    return text


def _instant(query: dict[str, str], name: str) -> int | None:
    text = query.get(name)
    if not text:
        return None
    try:
        return instant_of(name, datetime.fromisoformat(text))
    except ProvisioningRefused as error:
        raise Refused(422, str(error)) from error
    except ValueError:
        raise Refused(422, f"{name}: must be a time with a zone, such as 2027-01-31T09:00:00Z.") from None

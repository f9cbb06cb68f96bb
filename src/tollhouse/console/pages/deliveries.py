"""One webhook endpoint with its deliveries, and one delivery with its attempts: looked at, and sent again."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tollhouse.console import access
from tollhouse.console.forms import Faults, NotThere, choice_of, number_in_path
from tollhouse.console.pages.webhooks import WEBHOOKS, events_of, live_endpoint_seen, secret_changes_at
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import Visit
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.commands.webhooks import ReplayEvent, ReplayFailed
from tollhouse.ledger.facts import CustomerFact, DeliveryFact, EventFact, WebhookEndpointFact
from tollhouse.ledger.queries.delivery_lists import (
    COUNTED_MAX,
    DELIVERED,
    FAILED,
    LOOKED_AT,
    OPEN,
    STATES,
    DeliveryLists,
    Standing,
)
from tollhouse.ledger.refusals import EndpointUnknown, EventUnknown
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

STATES_SHOWN: Final = {OPEN: "to be sent", DELIVERED: "delivered", FAILED: "given up"}
#: Given up, so many are sent again at once.
REPLAYED_MAX: Final = 1000
#: Characters of an event that a page shows.
BODY_LENGTH_MAX: Final = 20_000

#: Why an attempt failed, in words.
FAILURES: Final = {
    "timeout": "no answer in time",
    "no_answer": "something that is no answer",
    "connection_failed": "nobody there",
    "tls_failed": "no certificate of that name",
    "not_resolved": "the name leads nowhere",
    "address_refused": "an address that may not be called",
    "endpoint_removed": "the endpoint was removed",
}


class _Seen(msgspec.Struct, frozen=True):
    endpoint: WebhookEndpointFact
    delivery: DeliveryFact
    event: EventFact
    customer: CustomerFact | None


class Deliveries:
    def __init__(self, lists: DeliveryLists) -> None:
        self._lists = lists

    def routes(self) -> Routes:
        see, change = access.WEBHOOKS, access.WEBHOOKS_CHANGE
        one = "/webhooks/{endpoint}/deliveries/{event}"
        return {
            "/webhooks/{endpoint}": {"GET": On(see, self._show)},
            "/webhooks/{endpoint}/replay": {"GET": On(change, self._ask), "POST": On(change, self._replay_failed)},
            one: {"GET": On(see, self._delivery)},
            f"{one}/replay": {"POST": On(change, self._replay)},
        }

    async def _show(self, visit: Visit) -> Reply:
        endpoint = await visit.read(live_endpoint_seen, visit.params["endpoint"])
        faults: Faults = {}
        state = choice_of(visit.query, "state", STATES, faults)
        before = _place(visit.query.get("before", ""), state)
        asked = (visit.tenant_id, endpoint.endpoint_id)
        found = await visit.ask(self._lists.deliveries, *asked, state, before)
        return page(
            visit,
            "webhook.html",
            422 if faults else 200,
            endpoint=endpoint,
            events=events_of(endpoint),
            standing=await self._standing(visit, endpoint),
            secret_changes_at=secret_changes_at(visit, endpoint),
            found=found,
            state=state,
            faults=faults,
            states=STATES_SHOWN,
            failure_of=failure_of,
            next="-".join(map(str, found.next)),
            is_first=not before,
            looked_at=LOOKED_AT,
            counted_max=COUNTED_MAX,
            may_change=visit.may(access.WEBHOOKS_CHANGE),
        )

    async def _delivery(self, visit: Visit) -> Reply:
        return await self._delivery_page(visit, await visit.read(_seen, visit.params))

    async def _delivery_page(self, visit: Visit, seen: _Seen, problem: str = "") -> Reply:
        attempts = await visit.ask(self._lists.attempts, seen.endpoint.uid, seen.delivery)
        return page(
            visit,
            "webhook-delivery.html",
            409 if problem else 200,
            seen=seen,
            attempts=attempts,
            body=_indented(seen.event.body),
            failure_of=failure_of,
            problem=problem,
            may_change=visit.may(access.WEBHOOKS_CHANGE),
        )

    async def _replay(self, visit: Visit) -> Reply:
        """Only where it stands as whoever asks has seen it: the form sent twice sends the event once."""
        seen = await visit.read(_seen, visit.params)
        if visit.form.get("modified") != str(seen.delivery.modified_at):
            problem = "This delivery has changed since the page was made: see how it stands now. Nothing was sent."
            return await self._delivery_page(visit, seen, problem)
        command = ReplayEvent(
            tenant_id=visit.tenant_id, event_uid=seen.event.uid, endpoint_uid=visit.params["endpoint"]
        )
        count = await _count(visit, command)
        path = f"{WEBHOOKS}/{seen.endpoint.uid}/deliveries/{seen.event.uid}"
        return see_other(path, {"told": "replayed" if count else "not-replayed"})

    async def _ask(self, visit: Visit) -> Reply:
        endpoint = await visit.read(live_endpoint_seen, visit.params["endpoint"])
        standing = await self._standing(visit, endpoint)
        return page(
            visit,
            "webhook-replay.html",
            endpoint=endpoint,
            standing=standing,
            most=REPLAYED_MAX,
            counted_max=COUNTED_MAX,
        )

    async def _replay_failed(self, visit: Visit) -> Reply:
        command = ReplayFailed(tenant_id=visit.tenant_id, endpoint_uid=visit.params["endpoint"], count=REPLAYED_MAX)
        count = await _count(visit, command)
        path = f"{WEBHOOKS}/{visit.params['endpoint']}"
        return see_other(path, {"state": OPEN, "told": "replayed" if count else "not-replayed"})

    async def _standing(self, visit: Visit, endpoint: WebhookEndpointFact) -> Standing:
        standings = await visit.ask(self._lists.standings, visit.tenant_id, [endpoint.endpoint_id])
        standing: Standing = standings[endpoint.endpoint_id]
        return standing


async def _count(visit: Visit, command: ReplayEvent | ReplayFailed) -> int:
    """How many are sent again. Raises NotThere."""
    try:
        return int((await visit.execute(command)).result.count)
    except (EndpointUnknown, EventUnknown):
        raise NotThere from None


def failure_of(word: str) -> str:
    """Why an attempt failed, in words; empty where it did not."""
    if word.startswith("status_"):
        return f"answered with status {word.removeprefix('status_')}"
    return FAILURES.get(word, word)


def _seen(snapshot: Snapshot, params: dict[str, str]) -> _Seen:
    """Raises NotThere."""
    endpoint = live_endpoint_seen(snapshot, params["endpoint"])
    for event in snapshot.find(EventFact, uid=params["event"]) if is_storable(params["event"]) else ():
        number = event.customer_number
        keys: dict[str, Any] = {"endpoint_id": endpoint.endpoint_id, "customer_number": number}
        for delivery in snapshot.find(DeliveryFact, **keys, customer_seq=event.customer_seq):
            owners = snapshot.find(CustomerFact, number=number)
            return _Seen(endpoint, delivery, event, owners[0] if owners else None)
    raise NotThere


def _place(text: str, state: str) -> tuple[int, ...]:
    """Where a page begins. Raises NotThere."""
    if not text:
        return ()
    place = tuple(number_in_path(part) for part in text.split("-"))
    if len(place) != (2 if state in (OPEN, FAILED) else 4):
        raise NotThere
    return place


def _indented(body: str) -> str:
    """An event as people read JSON; it is sent as it stands, without any spaces."""
    text = msgspec.json.format(body, indent=2)
    return text if len(text) <= BODY_LENGTH_MAX else f"{text[:BODY_LENGTH_MAX]}\n…"

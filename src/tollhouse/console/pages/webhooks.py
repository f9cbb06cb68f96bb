"""Where events are sent: endpoints made, changed, switched on and off, and their secrets, each shown once."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tollhouse.apis.endpoints import IsRefused, check_address
from tollhouse.console import access
from tollhouse.console.forms import Faults, Filled, NotThere, choice_of, is_ticked, sentence_of, text_of
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.commands.webhooks import ChangeEndpoint, PutEndpoint, RotateSecret
from tollhouse.ledger.events.emitting import EVENT_TYPES, EVERYTHING
from tollhouse.ledger.events.endpoints import DESCRIPTION_LENGTH_MAX, DISABLED, ENABLED, LIVE, REMOVING, new_secret
from tollhouse.ledger.events.outbound import URL_LENGTH_MAX
from tollhouse.ledger.facts import WebhookEndpointFact
from tollhouse.ledger.queries.delivery_lists import COUNTED_MAX, DeliveryLists
from tollhouse.ledger.refusals import EndpointRefused, EndpointsTooMany, EndpointUnknown
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

WEBHOOKS: Final = f"{PATH}/webhooks"

#: How long the old secret goes on signing, in seconds.
AFTER: Final = {"3600": "In an hour", "0": "At once", "86400": "In a day", "604800": "In a week"}

_URL_TAKEN: Final = (
    "There is an endpoint at this URL. If it was just made with this very form, its secret was shown then: where "
    "nobody has it, rotate it on the endpoint's page."
)


class Webhooks:
    def __init__(self, lists: DeliveryLists, is_refused: IsRefused) -> None:
        self._lists = lists
        self._is_refused = is_refused

    def routes(self) -> Routes:
        change = access.WEBHOOKS_CHANGE
        return {
            "/webhooks": {"GET": On(access.WEBHOOKS, self._list)},
            "/webhooks/new": {"GET": On(change, self._new), "POST": On(change, self._make)},
            "/webhooks/{endpoint}/edit": {"GET": On(change, self._edit), "POST": On(change, self._save)},
            "/webhooks/{endpoint}/state": {"POST": On(change, self._switch)},
            "/webhooks/{endpoint}/rotate": {"GET": On(change, self._when), "POST": On(change, self._rotate)},
            "/webhooks/{endpoint}/remove": {"GET": On(change, self._ask), "POST": On(change, self._remove)},
        }

    async def _list(self, visit: Visit) -> Reply:
        endpoints = await visit.read(_live)
        ids = [endpoint.endpoint_id for endpoint in endpoints]
        standings = await visit.ask(self._lists.standings, visit.tenant_id, ids)
        return page(
            visit,
            "webhooks.html",
            rows=[(endpoint, events_of(endpoint), standings[endpoint.endpoint_id]) for endpoint in endpoints],
            counted_max=COUNTED_MAX,
            may_change=visit.may(access.WEBHOOKS_CHANGE),
        )

    # New.

    async def _new(self, visit: Visit) -> Reply:
        return _form(visit, Filled({"all": "1"}), {})

    async def _make(self, visit: Visit) -> Reply:
        faults: Faults = {}
        given = _given(visit, faults)
        if any(endpoint.url == given["url"] for endpoint in await visit.read(_live)):
            faults["url"] = _URL_TAKEN
        secret = new_secret()
        try:
            if faults:
                return _form(visit, Filled(visit.form), faults)
            await check_address(visit.tenant, given["url"], self._is_refused)
            put = (await visit.execute(PutEndpoint(tenant_id=visit.tenant_id, secret=secret, **given))).result
        except EndpointRefused as refusal:
            return _form(visit, Filled(visit.form), {refusal.field: sentence_of(refusal)})
        except EndpointsTooMany as refusal:
            return _form(visit, Filled(visit.form), {}, problem=str(refusal))
        if not put.is_new:
            return see_other(f"{WEBHOOKS}/{put.endpoint.uid}", {"told": "saved"})
        return page(visit, "webhook-secret.html", endpoint=put.endpoint, secret=secret, counts_at=None)

    # One.

    async def _edit(self, visit: Visit) -> Reply:
        endpoint = await visit.read(live_endpoint_seen, visit.params["endpoint"])
        return _form(visit, _standing(endpoint), {}, endpoint=endpoint)

    async def _save(self, visit: Visit) -> Reply:
        endpoint = await visit.read(live_endpoint_seen, visit.params["endpoint"])
        faults: Faults = {}
        given = _given(visit, faults)
        if faults:
            return _form(visit, Filled(visit.form), faults, endpoint=endpoint)
        try:
            if given["url"] != endpoint.url:
                await check_address(visit.tenant, given["url"], self._is_refused)
            await _change(visit, **given)
        except EndpointRefused as refusal:
            return _form(visit, Filled(visit.form), {refusal.field: sentence_of(refusal)}, endpoint=endpoint)
        return see_other(f"{WEBHOOKS}/{endpoint.uid}", {"told": "saved"})

    async def _switch(self, visit: Visit) -> Reply:
        state = visit.form.get("state", "")
        if state not in LIVE:
            raise NotThere
        await _change(visit, state=state)
        told = {ENABLED: "endpoint-enabled", DISABLED: "endpoint-disabled"}[state]
        return see_other(f"{WEBHOOKS}/{visit.params['endpoint']}", {"told": told})

    async def _when(self, visit: Visit) -> Reply:
        endpoint = await visit.read(live_endpoint_seen, visit.params["endpoint"])
        return page(visit, "webhook-rotate.html", endpoint=endpoint, after=AFTER, faults={})

    async def _rotate(self, visit: Visit) -> Reply:
        """Sent twice, another secret is made and shown: the one before never signs, and this one does."""
        endpoint = await visit.read(live_endpoint_seen, visit.params["endpoint"])
        faults: Faults = {}
        after = choice_of(visit.form, "after", AFTER, faults, default="3600")
        if faults:
            return page(visit, "webhook-rotate.html", 422, endpoint=endpoint, after=AFTER, faults=faults)
        secret = new_secret()
        command = RotateSecret(
            tenant_id=visit.tenant_id, endpoint_uid=endpoint.uid, secret=secret, after_seconds=int(after)
        )
        try:
            rotated = (await visit.execute(command)).result
        except EndpointUnknown:
            raise NotThere from None
        return page(
            visit, "webhook-secret.html", endpoint=rotated, secret=secret, counts_at=rotated.next_secret_at, after=after
        )

    async def _ask(self, visit: Visit) -> Reply:
        endpoint = await visit.read(live_endpoint_seen, visit.params["endpoint"])
        standings = await visit.ask(self._lists.standings, visit.tenant_id, [endpoint.endpoint_id])
        (standing,) = standings.values()
        return page(visit, "webhook-remove.html", endpoint=endpoint, standing=standing, counted_max=COUNTED_MAX)

    async def _remove(self, visit: Visit) -> Reply:
        await _change(visit, state=REMOVING)
        return see_other(WEBHOOKS, {"told": "endpoint-removed"})


async def _change(visit: Visit, **changes: Any) -> None:
    """Raises NotThere, EndpointRefused."""
    command = ChangeEndpoint(tenant_id=visit.tenant_id, endpoint_uid=visit.params["endpoint"], **changes)
    try:
        await visit.execute(command)
    except EndpointUnknown:
        raise NotThere from None


def _given(visit: Visit, faults: Faults) -> dict[str, Any]:
    url = text_of(visit.form, "url", faults, is_needed=True, length_max=URL_LENGTH_MAX)
    description = text_of(visit.form, "description", faults, length_max=DESCRIPTION_LENGTH_MAX)
    chosen = tuple(event for event in EVENT_TYPES if is_ticked(visit.form, event))
    events = (EVERYTHING,) if is_ticked(visit.form, "all") else chosen
    if not events:
        faults["all"] = "Choose at least one event, or all of them."
    return {"url": url, "description": description, "events": events}


def _form(
    visit: Visit,
    filled: Filled,
    faults: Faults,
    *,
    problem: str = "",
    endpoint: WebhookEndpointFact | None = None,
) -> Reply:
    told = {"all" if name == "events" else name: sentence for name, sentence in faults.items()}
    return page(
        visit,
        "webhook-form.html",
        422 if faults or problem else 200,
        filled=filled,
        faults=told,
        problem=problem,
        endpoint=endpoint,
        event_types=EVENT_TYPES,
        url_length_max=URL_LENGTH_MAX,
    )


def _standing(endpoint: WebhookEndpointFact) -> Filled:
    events = events_of(endpoint)
    ticked = {"all" if event == EVERYTHING else event: "1" for event in events}
    return Filled({"url": endpoint.url, "description": endpoint.description, **ticked})


def events_of(endpoint: WebhookEndpointFact) -> list[str]:
    """The types that it wants, or `*` alone."""
    return msgspec.json.decode(endpoint.events, type=list[str])


def _live(snapshot: Snapshot) -> list[WebhookEndpointFact]:
    return snapshot.reader.find(WebhookEndpointFact, order=("endpoint_id",), state=list(LIVE))


def live_endpoint_seen(snapshot: Snapshot, uid: str) -> WebhookEndpointFact:
    """Raises NotThere."""
    for endpoint in snapshot.find(WebhookEndpointFact, uid=uid) if is_storable(uid) else ():
        if endpoint.state in LIVE:
            return endpoint
    raise NotThere


def secret_changes_at(visit: Visit, endpoint: WebhookEndpointFact) -> int | None:
    """When another secret begins to sign; None where none is to come."""
    at = endpoint.next_secret_at
    return at if at is not None and at > visit.desk.clock.now() else None

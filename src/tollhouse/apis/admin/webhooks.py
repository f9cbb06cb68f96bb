"""Where events are sent and how that went: endpoints, their secrets, deliveries, sending again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeVar

import msgspec

from tollhouse.apis.actors import signed
from tollhouse.apis.admin.answers import (
    Refused,
    answered,
    object_from_wire,
    page_from_wire,
    page_to_wire,
    query_from_wire,
)
from tollhouse.apis.admin.paths import Call, Routes
from tollhouse.apis.desk import Desk
from tollhouse.apis.endpoints import IsRefused, check_address
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import Command
from tollhouse.ledger.commands.webhooks import ChangeEndpoint, PutEndpoint, ReplayEvent, ReplayFailed, RotateSecret
from tollhouse.ledger.events.delivering import STATES
from tollhouse.ledger.events.endpoints import LIVE, REMOVING, new_secret
from tollhouse.ledger.facts import CustomerFact, WebhookEndpointFact
from tollhouse.ledger.provisioning.document import WebhookEndpointTable
from tollhouse.ledger.queries import DeliveriesWanted, EventQueries, Found, ListedDelivery, Page
from tollhouse.ledger.refusals import EndpointUnknown
from tollhouse.shapes import Shape
from tollhouse.web import Reply

S = TypeVar("S", bound=msgspec.Struct)

#: How long the old secret goes on signing after a rotation, unless it is said.
ROTATE_AFTER_SECONDS = 3600

ENDPOINT = "webhook_endpoints/{endpoint}"


class _Changes(msgspec.Struct, forbid_unknown_fields=True):
    url: str | None = None
    events: list[str] | None = None
    description: str | None = None
    state: Literal["enabled", "disabled"] | None = None


class _Rotation(msgspec.Struct, forbid_unknown_fields=True):
    secret: str | None = None
    after_seconds: int = ROTATE_AFTER_SECONDS


class _Replay(msgspec.Struct, forbid_unknown_fields=True):
    event: str | None = None
    endpoint: str | None = None


_ENDPOINT = Shape(WebhookEndpointTable)
_CHANGES = Shape(_Changes)
_ROTATION = Shape(_Rotation)
_REPLAY = Shape(_Replay)


class Webhooks:
    def __init__(self, desk: Desk, queries: EventQueries, is_refused: IsRefused) -> None:
        self._desk = desk
        self._queries = queries
        self._is_refused = is_refused

    def routes(self) -> Routes:
        return {
            "webhook_endpoints": {"GET": self._endpoints, "POST": self._put},
            ENDPOINT: {"GET": self._endpoint, "PATCH": self._change, "DELETE": self._remove},
            f"{ENDPOINT}/rotate": {"POST": self._rotate},
            "webhook_deliveries": {"GET": self._deliveries, "POST": self._replay},
        }

    # Endpoints.

    async def _endpoints(self, call: Call) -> Reply:
        page = page_from_wire(call.request.query)
        live = await self._desk.reads.run(self._live, call.tenant_id)
        rows = [endpoint_to_wire(endpoint) for endpoint in live[page.offset : page.offset + page.size]]
        return page_to_wire(page, Found(rows, len(live)))

    async def _endpoint(self, call: Call) -> Reply:
        for endpoint in await self._desk.reads.run(self._live, call.tenant_id):
            if endpoint.uid == call.params["endpoint"]:
                return answered(endpoint_to_wire(endpoint))
        raise EndpointUnknown

    async def _put(self, call: Call) -> Reply:
        """Make an endpoint, or change the one at the URL; a secret of ours is shown this once."""
        row = await self._body(call, _ENDPOINT)
        await check_address(call.credential.tenant, row.url, self._is_refused)
        secret = new_secret() if row.secret is None else row.secret
        command = PutEndpoint(
            tenant_id=call.tenant_id,
            url=row.url,
            secret=secret,
            events=None if row.events is None else tuple(row.events),
            description=row.description,
        )
        put = (await self._desk.execute(signed(command, call.by))).result
        shown = {"secret": secret} if put.is_new and row.secret is None else {}
        return answered({"made": put.is_new, **endpoint_to_wire(put.endpoint), **shown})

    async def _change(self, call: Call) -> Reply:
        changes = await self._body(call, _CHANGES)
        if changes.url is not None:
            await check_address(call.credential.tenant, changes.url, self._is_refused)
        return await self._changed(
            call,
            url=changes.url,
            events=None if changes.events is None else tuple(changes.events),
            description=changes.description,
            state=changes.state,
        )

    async def _remove(self, call: Call) -> Reply:
        """Nothing is sent to it any more, also not what is still to be delivered."""
        await self._changed(call, state=REMOVING)
        return answered({"removed": True})

    async def _changed(self, call: Call, **changes: Any) -> Reply:
        command = ChangeEndpoint(tenant_id=call.tenant_id, endpoint_uid=call.params["endpoint"], **changes)
        return answered(endpoint_to_wire((await self._desk.execute(signed(command, call.by))).result))

    async def _rotate(self, call: Call) -> Reply:
        """Give another secret, which signs from a later instant on: until then the old one does."""
        rotation = await self._body(call, _ROTATION)
        secret = new_secret() if rotation.secret is None else rotation.secret
        command = RotateSecret(
            tenant_id=call.tenant_id,
            endpoint_uid=call.params["endpoint"],
            secret=secret,
            after_seconds=rotation.after_seconds,
        )
        endpoint = (await self._desk.execute(signed(command, call.by))).result
        shown = {"secret": secret} if rotation.secret is None else {}
        return answered({**endpoint_to_wire(endpoint), **shown})

    # Deliveries.

    async def _deliveries(self, call: Call) -> Reply:
        page = page_from_wire(call.request.query)
        return page_to_wire(page, await self._desk.reads.run(self._listed, call, page))

    async def _replay(self, call: Call) -> Reply:
        """Send again: an event, to one endpoint or to all that want it; or all that one endpoint did not get."""
        asked = await self._body(call, _REPLAY)
        command: Command
        if asked.event is not None:
            command = ReplayEvent(tenant_id=call.tenant_id, event_uid=asked.event, endpoint_uid=asked.endpoint)
        elif asked.endpoint is not None:
            command = ReplayFailed(tenant_id=call.tenant_id, endpoint_uid=asked.endpoint)
        else:
            raise Refused(422, "event: give an event, an endpoint whose failed deliveries are meant, or both.")
        return answered({"replayed": (await self._desk.execute(signed(command, call.by))).result.count})

    # How.

    async def _body(self, call: Call, shape: Shape[S]) -> S:
        body = await call.request.body(self._desk.settings.body_bytes_max)
        values = object_from_wire(body, *(field.encode_name for field in msgspec.structs.fields(shape.kind)))
        try:
            return shape.from_value(values)
        except msgspec.ValidationError as error:
            raise Refused(422, str(error).replace("$.", "").replace("`", "")) from error

    def _live(self, tenant_id: int) -> list[WebhookEndpointFact]:
        with self._desk.store.reading(tenant_id) as reader:
            return reader.find(WebhookEndpointFact, order=("endpoint_id",), state=list(LIVE))

    def _listed(self, call: Call, page: Page) -> Found[dict[str, Any]]:
        query = query_from_wire(call.request.query)
        state = query.get("state", "")
        if state and state not in STATES:
            raise Refused(422, f"state: must be one of {', '.join(STATES)}.")
        with self._desk.store.reading(call.tenant_id) as reader:
            endpoints = {endpoint.endpoint_id: endpoint for endpoint in reader.find(WebhookEndpointFact)}
        wanted = DeliveriesWanted(
            endpoint_id=_endpoint_id(endpoints.values(), query.get("endpoint", "")),
            state=state,
            customer=query.get("customer", ""),
            event_type=query.get("event_type", ""),
        )
        found = self._queries.deliveries(call.tenant_id, wanted, page)
        with self._desk.store.reading(call.tenant_id) as reader:
            numbers = sorted({row.delivery.customer_number for row in found.rows})
            customers = {c.number: c.reference for c in reader.find(CustomerFact, number=numbers)}
        rows = [
            _delivery(row, endpoints[row.delivery.endpoint_id], customers.get(row.delivery.customer_number))
            for row in found.rows
        ]
        return Found(rows, found.total)


def endpoint_to_wire(endpoint: WebhookEndpointFact) -> dict[str, Any]:
    """Without its secrets."""
    next_at = endpoint.next_secret_at
    return {
        "id": endpoint.uid,
        "url": endpoint.url,
        "events": msgspec.json.decode(endpoint.events, type=list[str]),
        "description": endpoint.description,
        "state": endpoint.state,
        "secret_changes_at": None if next_at is None else next_at // SECOND,
        "created_at": endpoint.created_at // SECOND,
        "modified_at": endpoint.modified_at // SECOND,
    }


def _delivery(row: ListedDelivery, endpoint: WebhookEndpointFact, customer: str | None) -> dict[str, Any]:
    delivery = row.delivery
    return {
        "event": delivery.event_uid,
        "event_type": row.event_type,
        "endpoint": endpoint.uid,
        "customer": customer,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "failure": delivery.failure,
        "due_at": None if delivery.due_at is None else delivery.due_at // SECOND,
        "created_at": delivery.created_at // SECOND,
    }


def _endpoint_id(endpoints: Iterable[WebhookEndpointFact], uid: str) -> int | None:
    """Which endpoint is meant, also one that was removed; None where none is. Raises EndpointUnknown."""
    if not uid:
        return None
    for endpoint in endpoints:
        if endpoint.uid == uid:
            return endpoint.endpoint_id
    raise EndpointUnknown

"""Webhook endpoints and how sending to them goes: `webhooks list`, `show`, `attempts`, `replay`, `replay-failed`,
`enable`, `disable`, `rotate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
import typer

from tollhouse.cli.books import LIMIT, Books, JsonOption, LimitOption, TenantOption, books_of
from tollhouse.cli.frame import cli
from tollhouse.cli.menu import COMMANDS
from tollhouse.cli.showing import Instant, Rows, Value
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.commands.webhooks import ChangeEndpoint, ReplayEvent, ReplayFailed, RotateSecret
from tollhouse.ledger.events.endpoints import DISABLED, ENABLED, LIVE, ROTATION_SECONDS_MAX, new_secret
from tollhouse.ledger.facts import DeliveryAttemptFact, DeliveryFact, WebhookEndpointFact
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.refusals import EndpointUnknown

#: Deliveries that are shown with an endpoint.
GIVEN_UP_MAX: Final = 20
#: How long the old secret goes on signing after a rotation, unless it is said.
ROTATE_AFTER_SECONDS: Final = 3600

ENDPOINTS: Final = ("endpoint", "url", "state", "events", "description", "secret_changes_at", "created_at")
ATTEMPTS: Final = ("started_at", "event", "event_type", "customer", "attempt", "success", "status_code", "failure")
GIVEN_UP: Final = ("event", "customer", "attempts", "failure", "created_at", "modified_at")

webhooks = typer.Typer(help=COMMANDS["webhooks"].about, no_args_is_help=True)
cli.add_typer(webhooks, name="webhooks")

EndpointArgument = Annotated[str, typer.Argument(metavar="ENDPOINT", help="The endpoint's id.")]


@webhooks.command("list")
def list_endpoints(tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """All endpoints that are not removed; a tenant has few."""
    with books_of(tenant, as_json=as_json) as books, books.back.store.reading(books.tenant_id) as reader:
        live = reader.find(WebhookEndpointFact, order=("endpoint_id",), state=list(LIVE))
        books.showing.page(Rows("endpoints", ENDPOINTS, [_row(endpoint) for endpoint in live]))


@webhooks.command("show")
def show_endpoint(endpoint: EndpointArgument, tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """One endpoint, without its secrets, and the first events that were given up for it."""
    with books_of(tenant, as_json=as_json) as books, books.back.store.reading(books.tenant_id) as reader:
        found = _endpoint(reader, endpoint)
        given_up = map(_given_up, reader.failed_deliveries(found.endpoint_id, GIVEN_UP_MAX))
        books.showing.one(_fields(found), Rows("given_up", GIVEN_UP, list(given_up)))


@webhooks.command("attempts")
def list_attempts(
    endpoint: EndpointArgument, limit: LimitOption = LIMIT, tenant: TenantOption = "", as_json: JsonOption = False
) -> None:
    """The newest attempts to send to an endpoint, and how each went."""
    with books_of(tenant, as_json=as_json) as books:
        with books.back.store.reading(books.tenant_id) as reader:
            found = _endpoint(reader, endpoint)
        attempts = books.back.events.newest_attempts(books.tenant_id, found.uid, limit)
        books.showing.page(Rows("attempts", ATTEMPTS, [_attempt(attempt) for attempt in attempts]))


@webhooks.command("replay")
def replay_event(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="The event's id.")],
    endpoint: Annotated[
        str, typer.Option("--endpoint", metavar="ENDPOINT", help="To this one alone; else to all that want it.")
    ] = "",
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Send an event again, whatever became of it. A server or worker sends it."""
    with books_of(tenant, as_json=as_json) as books:
        command = ReplayEvent(tenant_id=books.tenant_id, event_uid=event, endpoint_uid=endpoint or None)
        books.showing.one({"replayed": books.back.do(command).result.count})


@webhooks.command("replay-failed")
def replay_failed(endpoint: EndpointArgument, tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """Send again what was given up for an endpoint, up to 1,000 events at once. A server or worker sends them."""
    with books_of(tenant, as_json=as_json) as books:
        command = ReplayFailed(tenant_id=books.tenant_id, endpoint_uid=endpoint)
        books.showing.one({"replayed": books.back.do(command).result.count})


@webhooks.command("enable")
def enable(endpoint: EndpointArgument, tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """Send to an endpoint again, also what has waited."""
    with books_of(tenant, as_json=as_json) as books:
        _change(books, endpoint, ENABLED)


@webhooks.command("disable")
def disable(endpoint: EndpointArgument, tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """Send nothing to an endpoint until it is enabled."""
    with books_of(tenant, as_json=as_json) as books:
        _change(books, endpoint, DISABLED)


@webhooks.command("rotate")
def rotate(
    endpoint: EndpointArgument,
    after_seconds: Annotated[
        int,
        typer.Option(
            "--after-seconds",
            metavar="SECONDS",
            min=0,
            max=ROTATION_SECONDS_MAX,
            help="How long the old secret goes on signing.",
        ),
    ] = ROTATE_AFTER_SECONDS,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give an endpoint another secret, which is printed this once and signs a while later."""
    with books_of(tenant, as_json=as_json) as books:
        secret = new_secret()
        command = RotateSecret(
            tenant_id=books.tenant_id, endpoint_uid=endpoint, secret=secret, after_seconds=after_seconds
        )
        rotated: WebhookEndpointFact = books.back.do(command).result
        books.showing.one({**_fields(rotated), "secret": secret})
        books.showing.note("The secret is shown this once.")


def _change(books: Books, uid: str, state: str) -> None:
    changed = books.back.do(ChangeEndpoint(tenant_id=books.tenant_id, endpoint_uid=uid, state=state)).result
    books.showing.one(_fields(changed))


def _endpoint(reader: Reader, uid: str) -> WebhookEndpointFact:
    for endpoint in reader.find(WebhookEndpointFact, uid=uid, state=list(LIVE)) if is_storable(uid) else ():
        return endpoint
    raise EndpointUnknown


def _row(endpoint: WebhookEndpointFact) -> Sequence[Value]:
    """Without its secrets."""
    return (
        endpoint.uid,
        endpoint.url,
        endpoint.state,
        msgspec.json.decode(endpoint.events, type=list[str]),
        endpoint.description,
        None if endpoint.next_secret_at is None else Instant(endpoint.next_secret_at),
        Instant(endpoint.created_at),
    )


def _fields(endpoint: WebhookEndpointFact) -> dict[str, Value]:
    return {
        **dict(zip(ENDPOINTS, _row(endpoint), strict=True)),
        "modified_at": Instant(endpoint.modified_at),
    }


def _attempt(attempt: DeliveryAttemptFact) -> Sequence[Value]:
    return (
        Instant(attempt.started_at),
        attempt.event_uid,
        attempt.event_type,
        attempt.customer_number,
        attempt.attempt_no,
        bool(attempt.is_success),
        attempt.status_code,
        attempt.failure,
    )


def _given_up(delivery: DeliveryFact) -> Sequence[Value]:
    return (
        delivery.event_uid,
        delivery.customer_number,
        delivery.attempts,
        delivery.failure,
        Instant(delivery.created_at),
        Instant(delivery.modified_at),
    )

"""Where events are sent: endpoints, their secrets, and what they subscribe to."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace as with_values

from tollhouse.domain.identity import is_storable
from tollhouse.ledger.book import Book
from tollhouse.ledger.clock import DAY, SECOND
from tollhouse.ledger.commands.webhooks import ChangeEndpoint, PutEndpoint, RotateSecret
from tollhouse.ledger.events.emitting import EVENT_TYPES, EVERYTHING
from tollhouse.ledger.events.outbound import UrlRefused, is_plainly_private, is_public_port, target
from tollhouse.ledger.facts import TenantFact, WebhookEndpointFact
from tollhouse.ledger.refusals import EndpointRefused, EndpointsTooMany, EndpointUnknown

ENABLED = "enabled"
DISABLED = "disabled"
REMOVING = "removing"
REMOVED = "removed"
#: Those that are there as far as anybody can see.
LIVE = (ENABLED, DISABLED)

ENDPOINTS_MAX = 50
DESCRIPTION_LENGTH_MAX = 255
SECRET_LENGTHS = (8, 255)
ROTATION_SECONDS_MAX = 30 * DAY // SECOND

#: What every secret of ours begins with; all of it, this too, is the key that signs.
_PREFIX = "kq_whsec_"


class EndpointPut(msgspec.Struct, frozen=True):
    """The endpoint as it is now, and whether it was made."""

    endpoint: WebhookEndpointFact
    is_new: bool


def new_secret() -> str:
    return _PREFIX + secrets.token_urlsafe(32)


def put(book: Book, command: PutEndpoint) -> EndpointPut:
    live = book.find(WebhookEndpointFact, lock=True, state=list(LIVE))
    for endpoint in live:
        if endpoint.url == command.url:
            changed = changed_endpoint(endpoint, book.system_now, command.events, command.description)
            book.put(changed)
            return EndpointPut(changed, is_new=False)
    check_count(len(live))
    endpoint = new_endpoint(
        book.tenant,
        book.next_number("webhook_endpoint"),
        book.system_now,
        url=command.url,
        secret=command.secret,
        events=command.events,
        description=command.description or "",
    )
    book.put(endpoint)
    return EndpointPut(endpoint, is_new=True)


def change(book: Book, command: ChangeEndpoint) -> WebhookEndpointFact:
    endpoint = live_endpoint(book, command.endpoint_uid)
    changed = changed_endpoint(endpoint, book.system_now, command.events, command.description)
    if command.url is not None and command.url != endpoint.url:
        _check_url(book.tenant, command.url)
        if any(other.url == command.url for other in book.find(WebhookEndpointFact, state=list(LIVE))):
            raise EndpointRefused("url", "is another endpoint's.")
        changed = with_values(changed, url=command.url)
    if command.state is not None and command.state != endpoint.state:
        changed = with_values(changed, state=command.state)
    if changed != endpoint:
        changed = with_values(changed, modified_at=book.system_now)
        book.put(changed)
    return changed


def rotate(book: Book, command: RotateSecret) -> WebhookEndpointFact:
    """What signs now signs until the other secret does; one that was still to come never will."""
    endpoint = live_endpoint(book, command.endpoint_uid)
    _check_secret(command.secret)
    if not 0 <= command.after_seconds <= ROTATION_SECONDS_MAX:
        raise EndpointRefused("after_seconds", f"must be between 0 and {ROTATION_SECONDS_MAX}.")
    rotated = with_values(
        endpoint,
        secret=secret_at(endpoint, book.system_now),
        next_secret=command.secret,
        next_secret_at=book.system_now + command.after_seconds * SECOND,
        modified_at=book.system_now,
    )
    book.put(rotated)
    return rotated


def live_endpoint(book: Book, uid: str) -> WebhookEndpointFact:
    """The endpoint, locked. Raises EndpointUnknown."""
    for endpoint in book.find(WebhookEndpointFact, lock=True, uid=uid) if is_storable(uid) else ():
        if endpoint.state in LIVE:
            return endpoint
    raise EndpointUnknown


def secret_at(endpoint: WebhookEndpointFact, now: int) -> str:
    """What is signed with at an instant."""
    is_next = endpoint.next_secret_at is not None and now >= endpoint.next_secret_at
    return endpoint.next_secret if is_next and endpoint.next_secret is not None else endpoint.secret


# What provisioning needs too.


def new_endpoint(
    tenant: TenantFact,
    endpoint_id: int,
    now: int,
    *,
    url: str,
    secret: str,
    events: Sequence[str] | None,
    description: str,
) -> WebhookEndpointFact:
    """Raises EndpointRefused."""
    _check_url(tenant, url)
    _check_secret(secret)
    _check_description(description)
    return WebhookEndpointFact(
        tenant_id=tenant.tenant_id,
        endpoint_id=endpoint_id,
        uid=str(uuid.uuid4()),
        url=url,
        secret=secret,
        next_secret=None,
        next_secret_at=None,
        events=_events([EVERYTHING] if events is None else events),
        description=description,
        state=ENABLED,
        created_at=now,
        modified_at=now,
    )


def changed_endpoint(
    endpoint: WebhookEndpointFact,
    now: int,
    events: Sequence[str] | None,
    description: str | None,
) -> WebhookEndpointFact:
    """With what is given. Raises EndpointRefused."""
    if description is not None:
        _check_description(description)
    changed = with_values(
        endpoint,
        events=endpoint.events if events is None else _events(events),
        description=endpoint.description if description is None else description,
    )
    return changed if changed == endpoint else with_values(changed, modified_at=now)


def check_count(live: int) -> None:
    """Raises EndpointsTooMany where there is no place for one more."""
    if live >= ENDPOINTS_MAX:
        raise EndpointsTooMany(ENDPOINTS_MAX)


def _check_url(tenant: TenantFact, url: str) -> None:
    """What can be told without a network; what an address turns out to be is seen to when something is sent."""
    try:
        where = target(url)
    except UrlRefused as error:
        raise EndpointRefused("url", str(error)) from error
    if tenant.private_webhooks:
        return
    if is_plainly_private(where.host):
        raise EndpointRefused("url", "is not on the public internet, and this tenant may not send elsewhere.")
    if not is_public_port(where.port):
        raise EndpointRefused("url", "must have the port 80, 443 or one from 1024 on.")


def _check_secret(secret: str) -> None:
    least, most = SECRET_LENGTHS
    if not least <= len(secret) <= most or not is_storable(secret):
        raise EndpointRefused("secret", f"must have {least} to {most} characters.")


def _check_description(description: str) -> None:
    if len(description) > DESCRIPTION_LENGTH_MAX or not is_storable(description):
        raise EndpointRefused("description", f"must have at most {DESCRIPTION_LENGTH_MAX} characters.")


def _events(events: Sequence[str]) -> str:
    """As they are kept: each once, or `*` alone."""
    if not events:
        raise EndpointRefused("events", "must name at least one type, or * for all.")
    for event in events:
        if event != EVERYTHING and event not in EVENT_TYPES:
            raise EndpointRefused("events", f"{event[:50]!r} is no type of event.")
    kept = [EVERYTHING] if EVERYTHING in events else sorted(set(events))
    return msgspec.json.encode(kept).decode()

"""The writes at the root: each path with what reads its body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tollhouse.apis.beacon.request import charges, customers, events, pages, tags, track
from tollhouse.apis.beacon.request.body import Errors, Invalid
from tollhouse.apis.beacon.request.values import Reading
from tollhouse.apis.desk import Credential, Desk
from tollhouse.apis.peers import address_of
from tollhouse.apis.places import country_of_ip, parse_ip
from tollhouse.ledger.addresses import networks_from_text
from tollhouse.ledger.commands import Browser, Command, Idempotency, Told, Track
from tollhouse.web import Request

USER_AGENT_LENGTH_MAX = 500

#: Reads what a body says of customers, and notes what is wrong with it.
Read = Callable[[dict[str, Any], Reading, Errors], tuple[Told, ...]]

_TRACKED: dict[str, Read] = {
    "/customers": lambda body, reading, errors: (customers.customer_from_wire(body, "", reading, errors),),
    "/customers/bulk": customers.customers_from_wire,
    "/events": lambda body, reading, errors: (events.event_of_one(body, reading, errors),),
    "/events/bulk": lambda body, reading, errors: (events.events_of_one(body, reading, errors),),
    "/tags": lambda body, reading, errors: (tags.tag_of_one(body, errors),),
    "/tags/bulk": lambda body, reading, errors: (tags.tags_of_one(body, reading, errors),),
    "/track": lambda body, reading, errors: (track.track_from_wire(body, reading, errors),),
    "/pages": lambda body, reading, errors: (pages.page_of_one(body, reading, errors),),
}
_CHARGES = {"/charges": charges.charge_from_wire, "/charges/bulk": charges.charges_from_wire}

PATHS = frozenset({*_TRACKED, *_CHARGES})


class Writes:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._trusted_proxies = networks_from_text(desk.settings.trusted_proxies)

    def command(
        self, incoming: Request, credential: Credential, body: dict[str, Any], idempotency: Idempotency | None
    ) -> Command:
        """The command of a write. Raises Invalid."""
        tenant = credential.tenant
        reading = Reading(
            currency=tenant.currency,
            now=self._desk.clock.now() if tenant.clock_at is None else tenant.clock_at,
            items_max=self._desk.settings.bulk_items_max,
            negative_refunds=bool(tenant.negative_amounts_refund),
        )
        read_charges = _CHARGES.get(incoming.path)
        if read_charges is not None:
            return read_charges(body, reading, tenant.tenant_id, idempotency)
        errors: Errors = {}
        people = _TRACKED[incoming.path](body, reading, errors)
        if errors:
            raise Invalid(errors)
        browser = self._browser(incoming) if credential.kind == "public" else None
        return Track(
            tenant_id=tenant.tenant_id,
            idempotency=idempotency,
            operation=incoming.path[1:],
            people=people,
            is_public=credential.kind == "public",
            browser=browser,
            places=_places(people, browser),
        )

    def _browser(self, incoming: Request) -> Browser:
        """Who speaks by a public key: never a server of the caller's."""
        address = address_of(incoming, self._trusted_proxies)
        agent = (incoming.header(b"user-agent") or "")[:USER_AGENT_LENGTH_MAX]
        return Browser(ip="" if address is None else str(address), user_agent=agent if agent.isprintable() else "")


def charges_something(path: str, body: dict[str, Any]) -> bool:
    return path in _CHARGES or (path == "/track" and bool(body.get("charges")))


def _places(people: tuple[Told, ...], browser: Browser | None) -> dict[str, str]:
    """The country of each address that a profile comes with."""
    told = [told.profile for told in people if told.profile is not None]
    texts = {profile.ip for profile in told if profile.ip is not None}
    if told and browser is not None:
        texts.add(browser.ip)
    addresses = {text: parse_ip(text) for text in texts}
    return {text: country_of_ip(address) or "" for text, address in addresses.items() if address is not None}

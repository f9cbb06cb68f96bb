"""Where a webhook endpoint may be, as far as it is seen when somebody names it, for every door that takes endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.refusals import EndpointRefused

#: Says of a URL whether it is known by now that only who may use private addresses may name it.
IsRefused = Callable[[str], Awaitable[bool]]


async def check_address(tenant: TenantFact, url: str, is_refused: IsRefused) -> None:
    """What the name leads to now; the ledger sees to everything else. Raises EndpointRefused."""
    if not tenant.private_webhooks and await is_refused(url):
        raise EndpointRefused("url", "leads to an address that is not on the public internet.")

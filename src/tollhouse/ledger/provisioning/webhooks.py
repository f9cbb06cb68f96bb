"""Webhook endpoints of a provisioning file, each found by its URL."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tollhouse.ledger.events.endpoints import LIVE, changed_endpoint, check_count, new_endpoint, new_secret
from tollhouse.ledger.facts import TenantFact, WebhookEndpointFact
from tollhouse.ledger.ports import UnitOfWork
from tollhouse.ledger.provisioning.document import ProvisioningRefused, WebhookEndpointTable
from tollhouse.ledger.refusals import Refusal


class EndpointApplied(msgspec.Struct, frozen=True):
    """Whether the endpoint was made, and the secret where one was made up."""

    is_new: bool
    secret: str | None = None


def apply_endpoint(
    unit: UnitOfWork, tenant: TenantFact, now: int, *, where: str, table: WebhookEndpointTable, take: Callable[[], int]
) -> EndpointApplied:
    """A new endpoint, its number from `take`; or the one that is there, whose secret stays as it is."""
    try:
        return _applied(unit, tenant, now, table, take)
    except Refusal as refusal:
        raise ProvisioningRefused(f"{where}.{refusal}") from refusal


def _applied(
    unit: UnitOfWork, tenant: TenantFact, now: int, table: WebhookEndpointTable, take: Callable[[], int]
) -> EndpointApplied:
    live = unit.find(WebhookEndpointFact, lock=True, state=list(LIVE))
    for endpoint in live:
        if endpoint.url == table.url:
            unit.upsert([changed_endpoint(endpoint, now, table.events, table.description)])
            return EndpointApplied(is_new=False)
    check_count(len(live))
    secret = new_secret() if table.secret is None else table.secret
    endpoint = new_endpoint(
        tenant,
        take(),
        now,
        url=table.url,
        secret=secret,
        events=table.events,
        description=table.description or "",
    )
    unit.insert([endpoint])
    return EndpointApplied(is_new=True, secret=secret if table.secret is None else None)

"""Projects: a tenant as Core shows it."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.reply.envelope import seconds
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.queries import ProjectFigures


def project_to_wire(tenant: TenantFact, figures: ProjectFigures, website: str) -> dict[str, Any]:
    """Counts and minor units; `charges_count` and `charges_sum` in the project's currency, `charges` in all."""
    count, remaining_minor = figures.charges.get(tenant.currency, (0, 0))
    return {
        "id": tenant.slug,
        "company_id": tenant.slug,
        "name": tenant.name,
        "website": website or None,
        "currency": tenant.currency,
        "timezone": tenant.timezone,
        "session_window_minutes": tenant.session_window_minutes,
        "customers_count": figures.customers,
        "charges_count": count,
        "charges_sum": remaining_minor,
        "charges": {currency: {"count": n, "sum": sum_} for currency, (n, sum_) in sorted(figures.charges.items())},
        "created_at": seconds(tenant.created_at),
        "updated_at": seconds(tenant.created_at),
        "deleted_at": None,
    }

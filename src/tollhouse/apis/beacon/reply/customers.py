"""Customers and what they come to."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.reply.envelope import seconds
from tollhouse.domain import summaries
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.book import summary_from_row
from tollhouse.ledger.facts import CustomerFact, SummaryFact, TenantFact


def summary_to_wire(summary: ChargeSummary) -> dict[str, int | None]:
    """Counts and minor units; times in UNIX seconds, null where nothing was charged."""
    return {
        "count": summary.count,
        "sum": summary.sum_minor,
        "average": summary.average_minor,
        "first_charged_at": seconds(summary.first_at),
        "last_charged_at": seconds(summary.last_at),
        "last_amount": summary.last_amount_minor,
    }


def customer_to_wire(customer: CustomerFact, rows: list[SummaryFact], tenant: TenantFact) -> dict[str, Any]:
    first_name, _, last_name = customer.name.strip().partition(" ")
    by_currency = {row.currency: summary_to_wire(summary_from_row(row)) for row in rows}
    return {
        "id": customer.uid,
        "project_id": tenant.slug,
        "user_id": customer.reference,
        "email": customer.email,
        "name": customer.name or None,
        "first_name": first_name or None,
        "last_name": last_name.strip() or None,
        "initials": (first_name[:1] + last_name.strip()[:1]).upper() or None,
        "charge_summary": by_currency.get(tenant.currency) or summary_to_wire(summaries.EMPTY),
        "charge_summaries": by_currency,
        "session": {
            "count": customer.sessions,
            "first_seen_at": seconds(customer.created_at),
            "last_seen_at": seconds(customer.last_seen_at),
        },
        "created_at": seconds(customer.created_at),
        "updated_at": seconds(customer.updated_at),
    }

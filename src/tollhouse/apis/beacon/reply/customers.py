"""Customers and what they come to."""

from __future__ import annotations

import hashlib
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from babel import Locale

from tollhouse.apis.beacon.reply.definitions import shown_name
from tollhouse.apis.beacon.reply.envelope import seconds
from tollhouse.domain import summaries
from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.book import summary_from_row
from tollhouse.ledger.facts import (
    CustomerFact,
    CustomerTraitFact,
    EventDefinitionFact,
    EventSummaryFact,
    PageVisitsFact,
    SegmentFact,
    SummaryFact,
    TenantFact,
    TrackedEventFact,
    TraitFact,
)
from tollhouse.ledger.queries.tracking import Activity, Besides
from tollhouse.ledger.tracking.identifying import names_of

#: By which a list tells customers apart at a glance: dark enough for white initials.
_COLOURS: Final = ("#1f6feb", "#8250df", "#bf3989", "#cf222e", "#bc4c00", "#7d4e00", "#1a7f37", "#0a6c74")

_COUNTRIES: Final[dict[str, str]] = dict(Locale("en").territories)


def summary_to_wire(summary: ChargeSummary) -> dict[str, int | None]:
    """Counts and minor units; times in UNIX seconds, null where nothing was charged. What was refunded is not in the
    sum, which is what remains."""
    return {
        "count": summary.count,
        "sum": summary.remaining_minor,
        "refunded": summary.refunded_minor,
        "average": summary.average_minor,
        "first_charged_at": seconds(summary.first_at),
        "last_charged_at": seconds(summary.last_at),
        "last_amount": summary.last_amount_minor,
    }


def customer_to_wire(
    customer: CustomerFact, rows: list[SummaryFact], besides: Besides, tenant: TenantFact, public_url: str
) -> dict[str, Any]:
    """A customer as lists show it. Its page in the console is below `public_url`, where that is known."""
    first_name, last_name = names_of(customer, besides.tracked)
    by_currency = {row.currency: summary_to_wire(summary_from_row(row)) for row in rows}
    tracked = besides.tracked
    return {
        "id": customer.uid,
        "project_id": tenant.slug,
        "user_id": customer.reference,
        "email": customer.email,
        "phone": (tracked and tracked.phone) or None,
        "name": customer.name or None,
        "first_name": first_name or None,
        "last_name": last_name or None,
        "initials": (first_name[:1] + last_name[:1]).upper() or None,
        "color": _COLOURS[customer.number % len(_COLOURS)],
        "link": f"{public_url.rstrip('/')}/console/customers/{customer.number}" if public_url else None,
        "charge_summary": by_currency.get(tenant.currency) or summary_to_wire(summaries.EMPTY),
        "charge_summaries": by_currency,
        "stripe": [],
        "session": {
            "count": customer.sessions,
            "first_seen_at": seconds(customer.created_at),
            "last_seen_at": seconds(customer.last_seen_at),
        },
        "device": {"user_agent": (tracked and tracked.user_agent) or None},
        "location": _location(tracked.country if tracked is not None else ""),
        "has_push_notifications": False,
        "custom_attributes": [_attribute_to_wire(trait, value) for trait, value in besides.traits],
        "notes": (tracked and tracked.notes) or None,
        "created_at": seconds(customer.created_at),
        "updated_at": seconds(customer.updated_at),
    }


def whole_customer_to_wire(
    listed: dict[str, Any], customer: CustomerFact, besides: Besides, activity: Activity, segments: list[SegmentFact]
) -> dict[str, Any]:
    """A customer as the single read shows it: what lists show, and more."""
    tracked = besides.tracked
    return listed | {
        "gravatar": _gravatar(customer.email_folded),
        "product_summaries": [],
        "event_summaries": [_event_summary_to_wire(event, summary) for event, summary in activity.events],
        "page_summaries": [page_to_wire(page) for page in activity.pages],
        "ip": (tracked and tracked.ip) or None,
        "tags": [{"id": str(tag.tag_id), "name": tag.name} for tag in activity.tags],
        "segments": [{"id": str(s.segment_id), "name": s.name, "slug": s.slug} for s in segments],
        "unsub_groups": [],
        "signed_up_at": seconds(tracked.signed_up_at) if tracked is not None else None,
        "last_messaged_at": None,
        "unsubscribed_at": seconds(tracked.unsubscribed_at) if tracked is not None else None,
        "unsubscribed_sms_at": None,
    }


def tracked_event_to_wire(event: EventDefinitionFact, tracked: TrackedEventFact, customer_uid: str) -> dict[str, Any]:
    return {
        "id": str(tracked.tracked_event_id),
        "customer_id": customer_uid,
        "event": {"id": str(event.event_id), "action": event.action, "name": event.action},
        "properties": msgspec.Raw(tracked.properties.encode()),
        "created_at": seconds(tracked.effective_at),
        "updated_at": seconds(tracked.recorded_at),
    }


def page_to_wire(page: PageVisitsFact) -> dict[str, Any]:
    parts = urlsplit(page.url)
    return {
        "title": page.title or None,
        "url": {
            "href": page.url,
            "protocol": f"{parts.scheme}:",
            "host": parts.netloc,
            "pathname": parts.path or "/",
            "search": f"?{parts.query}" if parts.query else "",
            "hash": f"#{parts.fragment}" if parts.fragment else "",
        },
        "count": page.visit_count,
        "first_visited_at": seconds(page.first_at),
        "last_visited_at": seconds(page.last_at),
    }


def _event_summary_to_wire(event: EventDefinitionFact, summary: EventSummaryFact) -> dict[str, Any]:
    return {
        "event": {"id": str(event.event_id), "action": event.action, "name": event.action},
        "count": summary.event_count,
        "first_tracked_at": seconds(summary.first_at),
        "last_tracked_at": seconds(summary.last_at),
    }


def _attribute_to_wire(trait: TraitFact, value: CustomerTraitFact) -> dict[str, Any]:
    return {
        "id": str(trait.trait_id),
        "field": trait.field,
        "name": shown_name(trait.field),
        "type": trait.kind,
        "format": trait.format,
        "value": msgspec.Raw(value.value.encode()),
    }


def _location(country: str) -> dict[str, str | None]:
    """Of a customer's address: the country's code and English name."""
    return {"country": country or None, "country_name": _COUNTRIES.get(country)}


def _gravatar(email_folded: str | None) -> str | None:
    if email_folded is None:
        return None
    return f"https://www.gravatar.com/avatar/{hashlib.sha256(email_folded.encode()).hexdigest()}"

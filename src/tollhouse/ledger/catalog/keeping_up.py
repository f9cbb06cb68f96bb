"""Keeping the versions of a plan true when its rows were written otherwise than by publishing."""

from __future__ import annotations

from msgspec.structs import replace

from tollhouse.ledger.catalog.live import LiveRows, Rows, document_of_rows, live_rows_of, rows_of_document, same_prices
from tollhouse.ledger.catalog.versions import (
    PUBLISHED,
    SUPERSEDED,
    Version,
    draft_if_written,
    published_if_written,
)
from tollhouse.ledger.facts import PlanFact, TenantFact
from tollhouse.ledger.plan_documents import PlanDocument


def keep_versions_true(rows: Rows, tenant: TenantFact, plan: PlanFact, now: int) -> None:
    """Give a plan a published version that says what its rows say, where it has versions and none does.

    A draft stays as it is and the newest: the new version takes its number, and the draft the next one. What rows do
    not say is as in the version before.
    """
    published, draft = published_if_written(rows, plan), draft_if_written(rows, plan)
    if (published is None and draft is None) or plan.state != PUBLISHED:
        return
    live = live_rows_of(rows, plan)
    document = _document(tenant, plan, live, published or draft)
    if published is not None and document == published.document:
        return
    number = draft.number if draft else published.number + 1 if published else 1
    if published is not None:
        rows.put(replace(published, state=SUPERSEDED).fact())
    if draft is not None:
        rows.put(replace(draft, number=number + 1).fact())
    rows.put(Version(plan, number, PUBLISHED, document, now, now).fact())


def _document(tenant: TenantFact, plan: PlanFact, live: LiveRows, before: Version | None) -> PlanDocument:
    """The document before, with what the rows say in place of what they do not say any more."""
    written = document_of_rows(tenant, plan, live)
    if before is None:
        return written
    document = replace(before.document, name=plan.name)
    said = rows_of_document(plan, document)
    if not same_prices(said, live):
        document = replace(document, prices=written.prices, countries=written.countries)
    if said.entitlements != live.entitlements:
        document = replace(document, entitlements=written.entitlements)
    if said.features != live.features:
        document = replace(document, included=written.included)
    return document

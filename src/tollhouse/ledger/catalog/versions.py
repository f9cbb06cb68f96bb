"""The versions of a plan: its draft, the one in force, and those before it.

A plan that was not written in a catalog has no rows of versions: it counts as version 1, made of the rows that
purchases read, and is written down when it is first edited. A draft is always the newest version.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.catalog.live import document_of_rows, live_rows_of
from tollhouse.ledger.facts import PlanFact, PlanVersionFact, TenantFact
from tollhouse.ledger.plan_documents import PlanDocument, document_from_text, document_text
from tollhouse.ledger.refusals import NotInCatalog, PlanIsArchived
from tollhouse.ledger.sight import Finds

PLAN: Final = "Plan"
DRAFT: Final = "draft"
PUBLISHED: Final = "published"
SUPERSEDED: Final = "superseded"
ARCHIVED: Final = "archived"
#: The states of versions that are not past.
LIVE: Final = [DRAFT, PUBLISHED]


class Version(msgspec.Struct, frozen=True):
    """One version of a plan. `state` is draft, published or superseded."""

    plan: PlanFact
    number: int
    state: str
    document: PlanDocument
    created_at: int
    modified_at: int

    @property
    def is_in_force(self) -> bool:
        return self.state == PUBLISHED and self.plan.state == PUBLISHED

    def fact(self) -> PlanVersionFact:
        return PlanVersionFact(
            tenant_id=self.plan.tenant_id,
            plan_number=self.plan.number,
            version=self.number,
            state=self.state,
            document=document_text(self.document),
            created_at=self.created_at,
            modified_at=self.modified_at,
        )


# Reading.


def plan_called(facts: Finds, identifier: str, *, lock: bool = False) -> PlanFact:
    """The plan with this identifier, archived or not. Raises NotInCatalog."""
    for plan in facts.find(PlanFact, lock=lock, identifier=identifier):
        return plan
    raise NotInCatalog(PLAN)


def version_of(facts: Finds, tenant: TenantFact, plan: PlanFact, number: int | None) -> Version:
    """The version with this number, else the newest. Raises NotInCatalog."""
    newest = newest_of(facts, tenant, [plan])[plan.number]
    if number in (None, newest.number):
        return newest
    for row in facts.find(PlanVersionFact, plan_number=plan.number, version=number):
        return _from_row(plan, row)
    raise NotInCatalog("Version")


def newest_of(facts: Finds, tenant: TenantFact, plans: Sequence[PlanFact]) -> dict[int, Version]:
    """The newest version of each plan, by the plan's number."""
    return _each_of(facts, tenant, plans, LIVE)


def published_of(facts: Finds, tenant: TenantFact, plans: Sequence[PlanFact]) -> dict[int, Version]:
    """The version in force of plans that are published, by the plan's number."""
    return _each_of(facts, tenant, plans, [PUBLISHED])


def _each_of(facts: Finds, tenant: TenantFact, plans: Sequence[PlanFact], states: Sequence[str]) -> dict[int, Version]:
    numbers = [plan.number for plan in plans]
    rows = facts.find(PlanVersionFact, plan_number=numbers, state=list(states)) if numbers else []
    newest = {row.plan_number: row for row in sorted(rows, key=lambda row: row.version)}
    return {
        plan.number: _from_row(plan, newest[plan.number]) if plan.number in newest else unwritten(facts, tenant, plan)
        for plan in plans
    }


def published_if_written(facts: Finds, plan: PlanFact) -> Version | None:
    for row in facts.find(PlanVersionFact, plan_number=plan.number, state=PUBLISHED):
        return _from_row(plan, row)
    return None


def draft_if_written(facts: Finds, plan: PlanFact) -> Version | None:
    for row in facts.find(PlanVersionFact, plan_number=plan.number, state=DRAFT):
        return _from_row(plan, row)
    return None


def unwritten(facts: Finds, tenant: TenantFact, plan: PlanFact) -> Version:
    """Version 1 of a plan that has no versions."""
    document = document_of_rows(tenant, plan, live_rows_of(facts, plan))
    state = DRAFT if plan.state == DRAFT else PUBLISHED
    return Version(plan, 1, state, document, plan.created_at, plan.created_at)


def _from_row(plan: PlanFact, row: PlanVersionFact) -> Version:
    document = document_from_text(row.document)
    if row.state == PUBLISHED:
        # Other doors may give a plan another name.
        document = replace(document, name=plan.name)
    return Version(plan, row.version, row.state, document, row.created_at, row.modified_at)


# Changing.


def draft_of(book: Book, plan: PlanFact) -> Version:
    """The draft of a plan that is locked; where there is none, one like the version in force, not written yet.

    Raises PlanIsArchived.
    """
    if plan.state == ARCHIVED:
        raise PlanIsArchived
    newest = newest_of(book, book.tenant, [plan])[plan.number]
    if newest.state == DRAFT:
        return newest
    return replace(newest, number=newest.number + 1, state=DRAFT, created_at=book.now, modified_at=book.now)


def change_draft(book: Book, draft: Version, document: PlanDocument) -> Version:
    """Write the draft with this document, and the version in force where it was not written down yet."""
    if not book.find(PlanVersionFact, plan_number=draft.plan.number, state=LIVE):
        before = unwritten(book, book.tenant, draft.plan)
        if before.number != draft.number:
            book.put(before.fact())
    changed = replace(draft, document=document, modified_at=book.now)
    book.put(changed.fact())
    if draft.plan.state == DRAFT and draft.plan.name != document.name:
        # Nothing is in force yet: other doors know the plan by what it is to be called.
        book.put(replace(draft.plan, name=document.name))
    return changed

"""Putting a plan's draft in force, and throwing it away."""

from __future__ import annotations

from msgspec.structs import replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.catalog.live import live_rows_of, replace_rows, rows_of_document
from tollhouse.ledger.catalog.versions import (
    ARCHIVED,
    DRAFT,
    PLAN,
    PUBLISHED,
    SUPERSEDED,
    Version,
    draft_if_written,
    newest_of,
    plan_called,
    published_if_written,
)
from tollhouse.ledger.commands.catalog import ArchivePlan, DiscardPlan, PublishPlan
from tollhouse.ledger.facts import PlanFact
from tollhouse.ledger.plan_documents import json_text
from tollhouse.ledger.refusals import AlreadyArchived, PlanAlreadyPublished, PlanIsArchived, PlanWithoutPrice


def publish(book: Book, command: PublishPlan) -> Version:
    """The version that is in force from now on."""
    plan = plan_called(book, command.identifier, lock=True)
    if plan.state == ARCHIVED:
        raise PlanIsArchived
    newest = newest_of(book, book.tenant, [plan])[plan.number]
    if newest.is_in_force:
        raise PlanAlreadyPublished
    rows = rows_of_document(plan, newest.document)
    if not rows.prices:
        raise PlanWithoutPrice
    in_force = published_if_written(book, plan)
    if in_force is not None and in_force.number != newest.number:
        book.put(replace(in_force, state=SUPERSEDED).fact())
    plan = replace(plan, name=newest.document.name, state=PUBLISHED, features=json_text(rows.features))
    document = replace(newest.document, update_features=command.update_features, update_pricing=command.update_pricing)
    published = replace(newest, plan=plan, state=PUBLISHED, document=document, modified_at=book.now)
    book.put(plan)
    book.put(published.fact())
    replace_rows(book, live_rows_of(book, plan), rows)
    return published


def discard(book: Book, command: DiscardPlan) -> PlanFact:
    """The plan as it is without its draft.

    One that was never published is gone: its number stays with whoever was given it, its identifier is free again.
    """
    plan = plan_called(book, command.identifier, lock=True)
    if plan.state == ARCHIVED:
        raise PlanIsArchived
    draft = draft_if_written(book, plan)
    if draft is None and plan.state != DRAFT:
        raise PlanAlreadyPublished
    if draft is not None:
        book.remove(draft.fact(), "plan_number", "version")
    if published_if_written(book, plan) is None:
        plan = replace(plan, identifier=f"{plan.identifier}~{plan.number}", state=ARCHIVED)
        book.put(plan)
    return plan


def archive(book: Book, command: ArchivePlan) -> PlanFact:
    plan = plan_called(book, command.identifier, lock=True)
    if plan.state == ARCHIVED:
        raise AlreadyArchived(PLAN)
    archived = replace(plan, state=ARCHIVED)
    book.put(archived)
    return archived

"""Page views: how often a customer saw a page, and when first and last."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import PageTold
from tollhouse.ledger.facts import CustomerFact, PageVisitsFact


def page_hash(page: str) -> str:
    """How a page is found again, however long its address."""
    return hashlib.sha256(page.encode()).hexdigest()


def take_down(book: Book, customer: CustomerFact, pages: Sequence[PageTold]) -> None:
    for page in pages:
        effective_at = book.now_second if page.effective_at is None else page.effective_at
        book.put(_visits(book, customer, page, effective_at))


def _visits(book: Book, customer: CustomerFact, page: PageTold, effective_at: int) -> PageVisitsFact:
    hashed = page_hash(page.page)
    kept = book.kept(PageVisitsFact, customer_number=customer.number, page_hash=hashed)
    if kept is None:
        kept = PageVisitsFact(
            book.tenant_id,
            customer.number,
            hashed,
            url=page.url,
            title=page.title,
            visit_count=0,
            first_at=effective_at,
            last_at=effective_at,
        )
    is_latest = effective_at >= kept.last_at
    return PageVisitsFact(
        book.tenant_id,
        customer.number,
        hashed,
        url=page.url if is_latest else kept.url,
        title=page.title if is_latest else kept.title,
        visit_count=kept.visit_count + 1,
        first_at=min(kept.first_at, effective_at),
        last_at=max(kept.last_at, effective_at),
    )

"""A tenant's figures, its customers and their charges, as a port. A query never changes anything."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from tollhouse.ledger.facts import CustomerFact, SummaryFact, TransactionFact
from tollhouse.ledger.queries.pages import Found, Page


class ListedCharge(msgspec.Struct, frozen=True):
    """A charge, and how much of it was paid back."""

    transaction: TransactionFact
    refunded_minor: int


class ProjectFigures(msgspec.Struct, frozen=True):
    """How many live customers a tenant has below its root, and by currency how many charges they have and what remains
    of these in minor units."""

    customers: int
    charges: dict[str, tuple[int, int]]


SEARCH_FOUND_MAX: Final = 10_000
"""A search for customers finds so many at most: who has more to look through asks for more."""


class Queries(Protocol):
    def project_figures(self, tenant_id: int) -> ProjectFigures: ...

    def customers(self, tenant_id: int, search: str, page: Page) -> Found[tuple[CustomerFact, list[SummaryFact]]]:
        """Live customers but the tenant's root, by number, with their charge summaries.

        With a search, without regard to case, SEARCH_FOUND_MAX at most: those whose reference or e-mail equals it
        first, then those where one starts with it, then those of whose name each of its words starts a word.
        """
        ...

    def customer(self, tenant_id: int, uid: str) -> tuple[CustomerFact, list[SummaryFact]] | None: ...

    def customer_charges(self, tenant_id: int, uid: str, page: Page) -> Found[ListedCharge] | None:
        """A customer's charges through every door that are not void, latest first; None where there is no such
        customer."""
        ...

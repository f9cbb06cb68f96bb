"""What is sold, as a port. A query never changes anything."""

from __future__ import annotations

from typing import Protocol

from tollhouse.ledger.facts import FeatureDetailsFact, FeatureFact, PlanFact, ProductDetailsFact, ProductFact
from tollhouse.ledger.queries.pages import Found, Page


class CatalogQueries(Protocol):
    """What is sold, the newest first. Archived products and features are not listed, nor is a plan that is archived or
    of an archived product. A search is for a part of name, identifier or description, without regard to case."""

    def products(
        self, tenant_id: int, search: str, page: Page
    ) -> Found[tuple[ProductFact, ProductDetailsFact | None]]: ...

    def features(
        self, tenant_id: int, search: str, page: Page
    ) -> Found[tuple[FeatureFact, FeatureDetailsFact | None]]: ...

    def plans(self, tenant_id: int, page: Page) -> Found[PlanFact]: ...

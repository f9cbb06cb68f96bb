"""The ledger's queries about what is sold, as statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, or_, select

from tollhouse.ledger.facts import FeatureDetailsFact, FeatureFact, PlanFact, ProductDetailsFact, ProductFact
from tollhouse.ledger.queries import Found, Page
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import feature_details, features, plans, product_details, products
from tollhouse.store.store import SqlStore

_PRODUCT = [products.c[name] for name in columns_of(ProductFact)]
_PRODUCT_DETAILS = [product_details.c[name] for name in columns_of(ProductDetailsFact)]
_FEATURE = [features.c[name] for name in columns_of(FeatureFact)]
_FEATURE_DETAILS = [feature_details.c[name] for name in columns_of(FeatureDetailsFact)]
_PLAN = [plans.c[name] for name in columns_of(PlanFact)]


class SqlCatalogQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def products(self, tenant_id: int, search: str, page: Page) -> Found[tuple[ProductFact, ProductDetailsFact | None]]:
        total, rows = self._with_details(products, product_details, tenant_id, search, page)
        count = len(_PRODUCT)
        return Found([(ProductFact(*r[:count]), _if_any(ProductDetailsFact, r[count:])) for r in rows], total)

    def features(self, tenant_id: int, search: str, page: Page) -> Found[tuple[FeatureFact, FeatureDetailsFact | None]]:
        total, rows = self._with_details(features, feature_details, tenant_id, search, page)
        count = len(_FEATURE)
        return Found([(FeatureFact(*r[:count]), _if_any(FeatureDetailsFact, r[count:])) for r in rows], total)

    def plans(self, tenant_id: int, page: Page) -> Found[PlanFact]:
        of_plan = and_(product_details.c.tenant_id == tenant_id, product_details.c.product_id == plans.c.product_id)
        joined = plans.outerjoin(product_details, of_plan)
        listed = and_(
            plans.c.tenant_id == tenant_id, plans.c.state != "archived", product_details.c.archived_at.is_(None)
        )
        query = select(*_PLAN).select_from(joined).where(listed).order_by(plans.c.number.desc())
        with self._store.reading_rows() as connection:
            total = connection.execute(select(func.count()).select_from(joined).where(listed)).scalar_one()
            rows = connection.execute(query.limit(page.size).offset(page.offset)).all()
        return Found([PlanFact(*row) for row in rows], total)

    def _with_details(
        self, table: Table, details: Table, tenant_id: int, search: str, page: Page
    ) -> tuple[int, list[Any]]:
        """How many rows are listed, and those of a page with what is said of them beside."""
        key = "product_id" if table is products else "feature_id"
        joined = table.outerjoin(details, and_(details.c.tenant_id == tenant_id, details.c[key] == table.c[key]))
        listed = and_(table.c.tenant_id == tenant_id, details.c.archived_at.is_(None))
        if search:
            listed = and_(listed, _has(search, table.c.name, table.c.identifier, details.c.description))
        columns = (_PRODUCT, _PRODUCT_DETAILS) if table is products else (_FEATURE, _FEATURE_DETAILS)
        query = select(*columns[0], *columns[1]).select_from(joined).where(listed).order_by(table.c[key].desc())
        with self._store.reading_rows() as connection:
            total = connection.execute(select(func.count()).select_from(joined).where(listed)).scalar_one()
            rows = connection.execute(query.limit(page.size).offset(page.offset)).all()
        return int(total), list(rows)


def _has(search: str, *columns: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a column has a text in it. Also as it was sent: a store may know the case of ASCII alone."""
    folded = [func.lower(column).contains(search.lower(), autoescape=True) for column in columns]
    return or_(*folded, *(column.contains(search, autoescape=True) for column in columns))


def _if_any(kind: type[Any], row: Any) -> Any:
    """The fact of a row that was joined, None where there was none."""
    return None if row[0] is None else kind(*row)

"""Products and features of the catalog: what is under /catalog/products/ and /catalog/features/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.reply.envelope import NO_CONTENT, REPLAYED, answered, page_to_wire
from tollhouse.apis.kelviq.reply.products import feature_to_wire, product_to_wire
from tollhouse.apis.kelviq.request.plans import uuid_of
from tollhouse.apis.kelviq.request.products import (
    feature_from_wire,
    product_changes_from_wire,
    product_from_wire,
    settings_from_wire,
)
from tollhouse.ledger.catalog.features import FEATURE, feature_shown
from tollhouse.ledger.catalog.features import shown_as as feature_shown_as
from tollhouse.ledger.catalog.products import PRODUCT, product_shown, published_plans_of
from tollhouse.ledger.catalog.products import shown_as as product_shown_as
from tollhouse.ledger.commands.catalog import ArchiveCatalogProduct, ArchiveFeature
from tollhouse.ledger.queries import CatalogQueries
from tollhouse.ledger.refusals import NotInCatalog
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

R = TypeVar("R")

#: How many of the catalog's things are on a page where nothing is said.
PAGE_SIZE = 100


class Products:
    def __init__(self, queries: CatalogQueries) -> None:
        self._queries = queries

    def answers(self) -> Answers:
        return {
            "listCatalogProducts": self._list,
            "createCatalogProduct": self._create,
            "retrieveCatalogProduct": self._retrieve,
            "updateCatalogProduct": self._update,
            "deleteCatalogProduct": self._archive,
            "getCatalogProductSettings": self._settings,
            "updateCatalogProductSettings": self._update_settings,
            "listCatalogFeatures": self._list_features,
            "createCatalogFeature": self._create_feature,
            "retrieveCatalogFeature": self._retrieve_feature,
            "deleteCatalogFeature": self._archive_feature,
        }

    async def _list(self, call: Call) -> Reply:
        page = call.page(PAGE_SIZE)
        found = await call.read(self._queries.products, call.tenant_id, call.text("search") or "", page)
        rows = [product_to_wire(product_shown_as(call.tenant, *row)) for row in found.rows]
        return page_to_wire(call, page, found, rows)

    async def _create(self, call: Call) -> Reply:
        command = product_from_wire(await call.fields(), tenant_id=call.tenant_id, idempotency=call.idempotency())
        receipt = await call.execute(command)
        return answered(product_to_wire(receipt.result), 201, (REPLAYED,) if receipt.replayed else ())

    async def _retrieve(self, call: Call) -> Reply:
        uid = uid_in_path(call, PRODUCT)

        def read(sight: Snapshot) -> dict[str, Any]:
            shown = product_shown(sight, uid)
            plans = published_plans_of(sight, shown.product)
            return {**product_to_wire(shown), "plans": [plan.identifier for plan in plans]}

        return answered(await looked_at(call, read))

    async def _update(self, call: Call) -> Reply:
        uid = uid_in_path(call, PRODUCT)
        command = product_changes_from_wire(await call.fields(), tenant_id=call.tenant_id, uid=uid)
        receipt = await call.execute(command)
        return answered(product_to_wire(receipt.result))

    async def _archive(self, call: Call) -> Reply:
        uid = uid_in_path(call, PRODUCT)
        await call.execute(ArchiveCatalogProduct(tenant_id=call.tenant_id, uid=uid))
        return NO_CONTENT

    async def _settings(self, call: Call) -> Reply:
        uid = uid_in_path(call, PRODUCT)
        return answered(await looked_at(call, lambda sight: product_shown(sight, uid).settings))

    async def _update_settings(self, call: Call) -> Reply:
        uid = uid_in_path(call, PRODUCT)
        command = settings_from_wire(await call.fields(), tenant_id=call.tenant_id, uid=uid)
        return answered((await call.execute(command)).result.settings)

    # Features.

    async def _list_features(self, call: Call) -> Reply:
        page = call.page(PAGE_SIZE)
        found = await call.read(self._queries.features, call.tenant_id, call.text("search") or "", page)
        rows = [feature_to_wire(feature_shown_as(call.tenant, *row)) for row in found.rows]
        return page_to_wire(call, page, found, rows)

    async def _create_feature(self, call: Call) -> Reply:
        command = feature_from_wire(await call.fields(), tenant_id=call.tenant_id, idempotency=call.idempotency())
        receipt = await call.execute(command)
        return answered(feature_to_wire(receipt.result), 201, (REPLAYED,) if receipt.replayed else ())

    async def _retrieve_feature(self, call: Call) -> Reply:
        uid = uid_in_path(call, FEATURE)
        return answered(feature_to_wire(await looked_at(call, lambda sight: feature_shown(sight, uid))))

    async def _archive_feature(self, call: Call) -> Reply:
        uid = uid_in_path(call, FEATURE)
        await call.execute(ArchiveFeature(tenant_id=call.tenant_id, uid=uid))
        return NO_CONTENT


def uid_in_path(call: Call, what: str) -> str:
    """The path's UUID; whatever is none names nothing. Raises NotInCatalog."""
    uid = uuid_of(call.params["pk"])
    if uid is None:
        raise NotInCatalog(what)
    return uid


async def looked_at(call: Call, read: Callable[[Snapshot], R]) -> R:
    """What a function reads of the tenant's facts as they are at one moment, in the pool of reads."""

    def look() -> R:
        with call.desk.store.reading(call.tenant_id) as reader:
            return read(Snapshot(reader, call.desk.clock.now()))

    found: R = await call.read(look)
    return found

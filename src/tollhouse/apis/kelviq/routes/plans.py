"""Plans of the catalog, their prices and what they give: what is under /catalog/plans/."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from tollhouse.apis.kelviq.call import Answers, Call
from tollhouse.apis.kelviq.fields import Invalid
from tollhouse.apis.kelviq.reply.envelope import NO_CONTENT, REPLAYED, answered, page_to_wire
from tollhouse.apis.kelviq.reply.plans import (
    Features,
    entitlement_to_wire,
    entitlements_to_wire,
    plan_to_wire,
    price_to_wire,
)
from tollhouse.apis.kelviq.request.plans import (
    entitlement_from_wire,
    entitlements_from_wire,
    plan_changes_from_wire,
    plan_from_wire,
    publish_from_wire,
)
from tollhouse.apis.kelviq.request.prices import prices_from_wire
from tollhouse.apis.kelviq.routes.products import PAGE_SIZE, looked_at
from tollhouse.ledger.catalog.features import features_called
from tollhouse.ledger.catalog.plans import product_uids
from tollhouse.ledger.catalog.versions import Version, newest_of, plan_called, version_of
from tollhouse.ledger.commands.catalog import ArchivePlan, DiscardPlan, RemovePlanEntitlement
from tollhouse.ledger.plan_documents import AuthoredPrice
from tollhouse.ledger.queries import CatalogQueries, Found, Page
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

VERSION_MAX = 10**9
R = TypeVar("R")


class _Seen(msgspec.Struct, frozen=True):
    """A version of a plan with what a reply needs besides."""

    version: Version
    product_uid: str
    features: Features


class Plans:
    def __init__(self, queries: CatalogQueries) -> None:
        self._queries = queries

    def answers(self) -> Answers:
        return {
            "listCatalogPlans": self._list,
            "createCatalogPlan": self._create,
            "retrieveCatalogPlan": self._retrieve,
            "updateCatalogPlan": self._update,
            "deleteCatalogPlan": self._archive,
            "publishCatalogPlan": self._publish,
            "discardCatalogPlanDraft": self._discard,
            "listCatalogPlanPrices": self._list_prices,
            "bulkSetCatalogPlanPrices": self._set_prices,
            "listCatalogPlanFeatures": self._list_features,
            "addCatalogPlanFeatures": self._add_features,
            "replaceCatalogPlanFeatures": self._replace_features,
            "updateCatalogPlanFeature": self._update_feature,
            "deleteCatalogPlanFeature": self._remove_feature,
        }

    async def _list(self, call: Call) -> Reply:
        page = call.page(PAGE_SIZE)
        found = await call.read(self._queries.plans, call.tenant_id, page)

        def read(sight: Snapshot) -> list[dict[str, Any]]:
            newest = newest_of(sight, sight.tenant, found.rows)
            uids = product_uids(sight, sight.tenant, found.rows)
            return [plan_to_wire(newest[plan.number], uids[plan.number]) for plan in found.rows]

        return page_to_wire(call, page, found, await looked_at(call, read))

    async def _create(self, call: Call) -> Reply:
        command = plan_from_wire(await call.fields(), tenant_id=call.tenant_id, idempotency=call.idempotency())
        receipt = await call.execute(command)
        body = plan_to_wire(receipt.result, command.product_uid)
        return answered(body, 201, (REPLAYED,) if receipt.replayed else ())

    async def _retrieve(self, call: Call) -> Reply:
        return _plan(await self._seen(call, _version(call)))

    async def _update(self, call: Call) -> Reply:
        command = plan_changes_from_wire(
            await call.fields(), tenant_id=call.tenant_id, identifier=_identifier(call), version=_version(call)
        )
        return _plan(await self._changed(call, (await call.execute(command)).result))

    async def _archive(self, call: Call) -> Reply:
        await call.execute(ArchivePlan(tenant_id=call.tenant_id, identifier=_identifier(call)))
        return NO_CONTENT

    async def _publish(self, call: Call) -> Reply:
        given = await call.fields_if_any()
        await call.execute(publish_from_wire(given, tenant_id=call.tenant_id, identifier=_identifier(call)))
        return answered({"status": "published"})

    async def _discard(self, call: Call) -> Reply:
        await call.execute(DiscardPlan(tenant_id=call.tenant_id, identifier=_identifier(call)))
        return NO_CONTENT

    # Prices.

    async def _list_prices(self, call: Call) -> Reply:
        page, seen = call.page(PAGE_SIZE), await self._seen(call, _version(call))
        found = _page_of(seen.version.document.prices, page)
        return page_to_wire(call, page, found, _prices(found.rows, seen.features))

    async def _set_prices(self, call: Call) -> Reply:
        command = prices_from_wire(
            await call.fields(),
            tenant_id=call.tenant_id,
            identifier=_identifier(call),
            currency=call.tenant.currency,
        )
        seen = await self._changed(call, (await call.execute(command)).result)
        return answered({"prices": _prices(seen.version.document.prices, seen.features)})

    # What a plan gives.

    async def _list_features(self, call: Call) -> Reply:
        page, seen = call.page(PAGE_SIZE), await self._seen(call, _version(call))
        found = _page_of(seen.version.document.entitlements, page)
        return page_to_wire(call, page, found, entitlements_to_wire(found.rows, seen.features))

    async def _add_features(self, call: Call) -> Reply:
        return _plan(await self._entitled(call, replaces=False), 201)

    async def _replace_features(self, call: Call) -> Reply:
        return _plan(await self._entitled(call, replaces=True))

    async def _entitled(self, call: Call, *, replaces: bool) -> _Seen:
        command = entitlements_from_wire(
            await call.fields(), tenant_id=call.tenant_id, identifier=_identifier(call), replaces=replaces
        )
        return await self._changed(call, (await call.execute(command)).result)

    async def _update_feature(self, call: Call) -> Reply:
        feature = call.params["feature_id"]
        command = entitlement_from_wire(
            await call.fields(), tenant_id=call.tenant_id, identifier=_identifier(call), feature=feature
        )
        version, entitlement = (await call.execute(command)).result
        seen = await self._changed(call, version)
        return answered(entitlement_to_wire(entitlement, seen.features[feature]))

    async def _remove_feature(self, call: Call) -> Reply:
        command = RemovePlanEntitlement(
            tenant_id=call.tenant_id, identifier=_identifier(call), feature=call.params["feature_id"]
        )
        await call.execute(command)
        return NO_CONTENT

    # Reading.

    async def _seen(self, call: Call, number: int | None) -> _Seen:
        identifier = _identifier(call)

        def read(sight: Snapshot) -> _Seen:
            return _with_names(sight, version_of(sight, sight.tenant, plan_called(sight, identifier), number))

        return await looked_at(call, read)

    async def _changed(self, call: Call, version: Version) -> _Seen:
        """A version as a change left it."""
        return await looked_at(call, lambda sight: _with_names(sight, version))


def _with_names(sight: Snapshot, version: Version) -> _Seen:
    document = version.document
    named = {item.feature for price in document.prices for item in price.items if item.feature}
    named.update(entitlement.feature for entitlement in document.entitlements)
    features = features_called(sight, sight.tenant, sorted(named))
    uids = product_uids(sight, sight.tenant, [version.plan])
    return _Seen(version, uids[version.plan.number], features)


def _plan(seen: _Seen, status: int = 200) -> Reply:
    return answered(plan_to_wire(seen.version, seen.product_uid), status)


def _prices(prices: tuple[AuthoredPrice, ...] | list[AuthoredPrice], features: Features) -> list[dict[str, Any]]:
    return [price_to_wire(price, features) for price in prices]


def _page_of(rows: tuple[R, ...], page: Page) -> Found[R]:
    return Found(list(rows[page.offset : page.offset + page.size]), len(rows))


def _identifier(call: Call) -> str:
    return call.params["identifier"]


def _version(call: Call) -> int | None:
    """The version asked for. Raises Invalid."""
    text = call.text("version")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(VERSION_MAX)) and 1 <= int(text) <= VERSION_MAX):
        raise Invalid({"version": ["Must be a whole number from 1."]})
    return int(text)

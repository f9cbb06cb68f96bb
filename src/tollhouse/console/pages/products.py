"""The catalog: products, their plans, and what those cost. A price is changed in a new version of its plan."""

from __future__ import annotations

import uuid
from typing import Final

import msgspec
from msgspec.structs import replace

from tollhouse.console import access
from tollhouse.console.forms import Faults, Filled, NotThere, currency_of, decimal_of, minor_of, number_in_path, text_of
from tollhouse.console.rendering import page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.places import is_country
from tollhouse.ledger.catalog.features import features_called
from tollhouse.ledger.catalog.versions import DRAFT, Version, newest_of, published_if_written
from tollhouse.ledger.commands.catalog import ArchivePlan, DiscardPlan, PublishPlan, SetPlanPrices
from tollhouse.ledger.facts import PlanFact, ProductDetailsFact, ProductFact
from tollhouse.ledger.plan_documents import ONE_TIME, AuthoredPrice, PeriodPrice, PriceItem
from tollhouse.ledger.refusals import Refusal
from tollhouse.ledger.sight import Snapshot
from tollhouse.web import Reply

ROWS: Final = 50
COUNTRIES_MAX: Final = 250


class ProductSeen(msgspec.Struct, frozen=True):
    product: ProductFact
    is_archived: bool


class PlanPriced(msgspec.Struct, frozen=True):
    """A plan, its newest version, and the one in force where that is another."""

    plan: PlanFact
    newest: Version
    in_force: Version | None

    @property
    def is_draft(self) -> bool:
        return self.newest.state == DRAFT


class Products:
    def routes(self) -> Routes:
        changing = access.CATALOG_CHANGE
        return {
            "/products": {"GET": On(access.CATALOG, self._list)},
            "/products/{product}": {"GET": On(access.CATALOG, self._show)},
            "/products/plans/{number}": {"GET": On(access.CATALOG, self._plan)},
            "/products/plans/{number}/price": {"POST": On(changing, self._price)},
            "/products/plans/{number}/publish": {"POST": On(changing, self._publish)},
            "/products/plans/{number}/discard": {"POST": On(changing, self._discard)},
            "/products/plans/{number}/archive": {"POST": On(changing, self._archive)},
        }

    async def _list(self, visit: Visit) -> Reply:
        least = number_in_path(visit.query.get("after", "0")) + 1
        rows = await visit.read(_products, least)
        older = f"?after={rows[ROWS - 1].product.product_id}" if len(rows) > ROWS else ""
        return page(visit, "products.html", rows=rows[:ROWS], older=older, is_first=least == 1)

    async def _show(self, visit: Visit) -> Reply:
        product, plans = await visit.read(_product, number_in_path(visit.params["product"]))
        return page(visit, "product.html", product=product, plans=plans)

    async def _plan(self, visit: Visit) -> Reply:
        return await self._shown(visit, Filled({"currency": visit.tenant.currency}), {})

    async def _price(self, visit: Visit) -> Reply:
        """Put a flat, one-time price into the plan's draft: over the one for the same currency and countries."""
        priced = await visit.read(_priced, number_in_path(visit.params["number"]))
        faults: Faults = {}
        currency = currency_of(visit.form, "currency", faults)
        amount = decimal_of(visit.form, "amount", faults)
        if not faults:
            minor_of(visit.form, "amount", currency, faults)
        countries = _countries_in(visit.form, faults)
        if faults:
            return await self._shown(visit, Filled(visit.form), faults, status=422)
        price = AuthoredPrice(
            uid=str(uuid.uuid4()),
            price_type="PAID",
            currency=currency,
            tax_behavior="EXCLUSIVE",
            countries=countries,
            items=(PriceItem(charges=(PeriodPrice(charge_period=ONE_TIME, amount=decimal_text(amount)),)),),
        )
        kept = tuple(each for each in priced.newest.document.prices if not _is_for_the_same(each, price))
        named = await visit.read(_with_feature_uids, kept)
        command = SetPlanPrices(tenant_id=visit.tenant_id, identifier=priced.plan.identifier, prices=(*named, price))
        return await self._do(visit, command)

    async def _publish(self, visit: Visit) -> Reply:
        priced = await visit.read(_priced, number_in_path(visit.params["number"]))
        identifier = priced.plan.identifier
        return await self._do(
            visit,
            PublishPlan(tenant_id=visit.tenant_id, identifier=identifier, update_features=False, update_pricing=False),
        )

    async def _discard(self, visit: Visit) -> Reply:
        priced = await visit.read(_priced, number_in_path(visit.params["number"]))
        command = DiscardPlan(tenant_id=visit.tenant_id, identifier=priced.plan.identifier)
        is_gone = priced.plan.state == DRAFT
        return await self._do(visit, command, f"{PATH}/products" if is_gone else "")

    async def _archive(self, visit: Visit) -> Reply:
        priced = await visit.read(_priced, number_in_path(visit.params["number"]))
        return await self._do(visit, ArchivePlan(tenant_id=visit.tenant_id, identifier=priced.plan.identifier))

    async def _do(
        self, visit: Visit, command: SetPlanPrices | PublishPlan | DiscardPlan | ArchivePlan, after: str = ""
    ) -> Reply:
        try:
            await visit.execute(command)
        except Refusal as refusal:
            return await self._shown(visit, Filled(visit.form), {}, str(refusal), 422)
        return see_other(after or f"{PATH}/products/plans/{visit.params['number']}", {"told": "saved"})

    async def _shown(self, visit: Visit, filled: Filled, faults: Faults, problem: str = "", status: int = 200) -> Reply:
        priced = await visit.read(_priced, number_in_path(visit.params["number"]))
        return page(
            visit,
            "plan-prices.html",
            status,
            priced=priced,
            plan=priced.plan,
            filled=filled,
            faults=faults,
            problem=problem,
            may_change=visit.may(access.CATALOG_CHANGE),
        )


def _countries_in(form: dict[str, str], faults: Faults) -> tuple[str, ...]:
    text = text_of(form, "countries", faults, length_max=4 * COUNTRIES_MAX)
    codes = tuple(dict.fromkeys(text.replace(",", " ").upper().split()))
    unknown = [code for code in codes if not is_country(code)]
    if unknown and "countries" not in faults:
        faults["countries"] = "Enter codes of countries such as DE FR US, or nothing for everywhere."
    return codes


def _is_for_the_same(one: AuthoredPrice, other: AuthoredPrice) -> bool:
    same_place = one.currency == other.currency and set(one.countries) == set(other.countries)
    return same_place and set(one.charge_periods) == {ONE_TIME}


def _products(snapshot: Snapshot, least: int) -> list[ProductSeen]:
    """One more than a page of them, from an id on."""
    found = snapshot.reader.page(ProductFact, "product_id", least, ROWS + 1)
    ids = [product.product_id for product in found]
    details = {row.product_id: row for row in snapshot.find(ProductDetailsFact, product_id=ids)} if ids else {}
    return [
        ProductSeen(product, product.product_id in details and details[product.product_id].archived_at is not None)
        for product in found
    ]


def _product(snapshot: Snapshot, product_id: int) -> tuple[ProductFact, list[PlanPriced]]:
    """Raises NotThere."""
    for product in snapshot.find(ProductFact, product_id=product_id):
        plans = snapshot.reader.first(PlanFact, ROWS, order=("number",), product_id=product_id)
        return product, [_plan_priced(snapshot, plan) for plan in plans]
    raise NotThere


def _priced(snapshot: Snapshot, number: int) -> PlanPriced:
    """Raises NotThere."""
    for plan in snapshot.find(PlanFact, number=number):
        return _plan_priced(snapshot, plan)
    raise NotThere


def _plan_priced(snapshot: Snapshot, plan: PlanFact) -> PlanPriced:
    newest = newest_of(snapshot, snapshot.tenant, [plan])[plan.number]
    return PlanPriced(plan, newest, published_if_written(snapshot, plan))


def _with_feature_uids(snapshot: Snapshot, prices: tuple[AuthoredPrice, ...]) -> tuple[AuthoredPrice, ...]:
    """Prices as a command names their features: by UUID and not by identifier."""
    identifiers = sorted({item.feature for price in prices for item in price.items if item.feature})
    shown = features_called(snapshot, snapshot.tenant, identifiers)

    def named(item: PriceItem) -> PriceItem:
        return replace(item, feature=shown[item.feature].feature.uid) if item.feature in shown else item

    return tuple(replace(price, items=tuple(map(named, price.items))) for price in prices)

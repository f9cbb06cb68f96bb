"""Plans of the catalog: made as drafts, and edited in drafts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.catalog.authoring import fault_of_entitlement, fault_of_prices
from tollhouse.ledger.catalog.features import FeatureShown, features_called, features_with_uids
from tollhouse.ledger.catalog.identifiers import free_identifier
from tollhouse.ledger.catalog.products import product_shown
from tollhouse.ledger.catalog.versions import (
    DRAFT,
    PLAN,
    Version,
    change_draft,
    draft_of,
    newest_of,
    plan_called,
)
from tollhouse.ledger.commands.catalog import (
    ChangePlanEntitlement,
    CreateCatalogPlan,
    EditPlan,
    RemovePlanEntitlement,
    SetPlanEntitlements,
    SetPlanPrices,
)
from tollhouse.ledger.facts import ROOT_NUMBER, PlanFact, ProductFact, TenantFact
from tollhouse.ledger.plan_documents import AuthoredEntitlement, AuthoredPrice, PlanDocument, PriceItem
from tollhouse.ledger.purchasing.prices import product_of
from tollhouse.ledger.refusals import FieldRefused, NotInCatalog, VersionNotLatest
from tollhouse.ledger.sight import Finds

ENTITLEMENTS_MAX = 500


class PlanMade(Version, frozen=True):
    """The first draft of a new plan."""

    @property
    def fact_id(self) -> int:
        return self.plan.number


def create(book: Book, command: CreateCatalogPlan) -> PlanMade:
    product_id = _product_id(book, command.product_uid)
    name = command.document.name
    identifier = free_identifier(
        PLAN, command.identifier, name, lambda text: bool(book.find(PlanFact, identifier=text))
    )
    plan = PlanFact(
        tenant_id=book.tenant_id,
        number=book.next_number("plan"),
        identifier=identifier,
        name=name,
        product_id=product_id,
        owner_number=ROOT_NUMBER,
        currency=book.tenant.currency,
        state=DRAFT,
        features="[]",
        created_at=book.now,
    )
    made = _as_created(command, plan)
    book.add(plan)
    book.put(made.fact())
    return made


def replay_create(book: Book, command: CreateCatalogPlan, number: int) -> PlanMade:
    """What was answered then, whatever became of the plan."""
    (plan,) = book.find(PlanFact, number=number)
    identifier = plan.identifier.removesuffix(f"~{number}")
    return _as_created(
        command, replace(plan, identifier=identifier, name=command.document.name, state=DRAFT, features="[]")
    )


def _as_created(command: CreateCatalogPlan, plan: PlanFact) -> PlanMade:
    return PlanMade(plan, 1, DRAFT, command.document, plan.created_at, plan.created_at)


def _product_id(book: Book, uid: str) -> int:
    try:
        shown = product_shown(book, uid)
    except NotInCatalog as error:
        raise FieldRefused("product", "Product does not exist.") from error
    if shown.details.archived_at is not None:
        raise FieldRefused("product", "Product is archived.")
    return shown.product.product_id


def product_uids(facts: Finds, tenant: TenantFact, plans: Sequence[PlanFact]) -> dict[int, str]:
    """The UUID of each plan's product, by the plan's number."""
    ids = sorted({plan.product_id for plan in plans} - {0})
    known = {product.product_id: product.uid for product in facts.find(ProductFact, product_id=ids)} if ids else {}
    return {plan.number: known.get(plan.product_id) or product_of(facts, tenant, plan).uid for plan in plans}


def edit(book: Book, command: EditPlan) -> Version:
    plan = plan_called(book, command.identifier, lock=True)
    if command.version is not None:
        newest = newest_of(book, book.tenant, [plan])[plan.number]
        if command.version > newest.number:
            raise NotInCatalog("Version")
        if command.version < newest.number:
            raise VersionNotLatest
    draft = draft_of(book, plan)
    return change_draft(book, draft, replace(draft.document, **command.changes))


# Prices.


def set_prices(book: Book, command: SetPlanPrices) -> Version:
    draft = draft_of(book, plan_called(book, command.identifier, lock=True))
    fault = fault_of_prices(command.prices)
    if fault is not None:
        raise FieldRefused("prices", fault)
    uids = sorted({item.feature for price in command.prices for item in price.items if item.feature})
    features = features_with_uids(book, book.tenant, uids)
    prices = tuple(
        replace(price, uid=str(uuid.uuid4()), items=_items(index, price, features))
        for index, price in enumerate(command.prices)
    )
    return change_draft(book, draft, replace(draft.document, prices=prices))


def _items(index: int, price: AuthoredPrice, features: dict[str, FeatureShown]) -> tuple[PriceItem, ...]:
    """The items of a price with their features named as documents name them."""
    items: list[PriceItem] = []
    for position, item in enumerate(price.items):
        if item.feature:
            where = f"Item {index}: chargeCatalogPrice {position}: feature: "
            shown = _usable("prices", where, features.get(item.feature))
            if shown.feature.feature_type == "BOOLEAN":
                raise FieldRefused("prices", f"{where}A BOOLEAN feature has no quantity to be priced.")
            item = replace(item, feature=shown.feature.identifier)  # noqa: PLW2901 - the same item
        items.append(item)
    return tuple(items)


def _usable(field: str, where: str, shown: FeatureShown | None) -> FeatureShown:
    if shown is None:
        raise FieldRefused(field, f"{where}Feature does not exist.")
    if shown.details.archived_at is not None:
        raise FieldRefused(field, f"{where}Feature is archived.")
    return shown


# Entitlements.


def set_entitlements(book: Book, command: SetPlanEntitlements) -> Version:
    draft = draft_of(book, plan_called(book, command.identifier, lock=True))
    kept = () if command.replaces else draft.document.entitlements
    features = features_with_uids(book, book.tenant, sorted({e.feature for e in command.entitlements}))
    taken = {entitlement.feature for entitlement in kept}
    added: list[AuthoredEntitlement] = []
    for index, entitlement in enumerate(command.entitlements):
        where = f"Item {index}: "
        shown = _usable("planEntitlements", f"{where}feature: ", features.get(entitlement.feature))
        identifier = shown.feature.identifier
        fault = fault_of_entitlement(shown.feature.feature_type, entitlement.details)
        if identifier in taken:
            fault = "feature: The plan has this feature already."
        if fault is not None:
            raise FieldRefused("planEntitlements", where + fault)
        taken.add(identifier)
        added.append(replace(entitlement, feature=identifier))
    if len(kept) + len(added) > ENTITLEMENTS_MAX:
        raise FieldRefused("planEntitlements", f"A plan has at most {ENTITLEMENTS_MAX} features.")
    return _with_entitlements(book, draft, (*kept, *added))


def change_entitlement(book: Book, command: ChangePlanEntitlement) -> tuple[Version, AuthoredEntitlement]:
    """The draft, and the entitlement as it is in it."""

    def change(entitlement: AuthoredEntitlement) -> AuthoredEntitlement:
        changed = replace(entitlement, details={**entitlement.details, **command.details})
        (shown,) = features_called(book, book.tenant, [entitlement.feature]).values()
        fault = fault_of_entitlement(shown.feature.feature_type, changed.details)
        if fault is not None:
            raise FieldRefused("details", fault.removeprefix("details: "))
        return changed

    draft = _with_one(book, command.identifier, command.feature, change)
    return draft, next(e for e in draft.document.entitlements if e.feature == command.feature)


def remove_entitlement(book: Book, command: RemovePlanEntitlement) -> Version:
    return _with_one(book, command.identifier, command.feature, lambda _entitlement: None)


def _with_one(
    book: Book,
    identifier: str,
    feature: str,
    change: Callable[[AuthoredEntitlement], AuthoredEntitlement | None],
) -> Version:
    """The draft with one entitlement changed or, for None, taken away."""
    draft = draft_of(book, plan_called(book, identifier, lock=True))
    entitlements = draft.document.entitlements
    if feature not in {entitlement.feature for entitlement in entitlements}:
        raise NotInCatalog("Plan feature")
    changed = [change(e) if e.feature == feature else e for e in entitlements]
    return _with_entitlements(book, draft, [e for e in changed if e is not None])


def _with_entitlements(book: Book, draft: Version, entitlements: Sequence[AuthoredEntitlement]) -> Version:
    document: PlanDocument = replace(draft.document, entitlements=tuple(entitlements))
    return change_draft(book, draft, document)

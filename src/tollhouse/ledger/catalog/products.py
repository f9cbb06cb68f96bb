"""Products of the catalog: made, changed, put away; and what is said of them."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from msgspec.structs import replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.catalog.identifiers import free_identifier
from tollhouse.ledger.commands.catalog import ArchiveCatalogProduct, ChangeCatalogProduct, CreateCatalogProduct
from tollhouse.ledger.facts import PlanFact, ProductDetailsFact, ProductFact, TenantFact
from tollhouse.ledger.plan_documents import json_text, object_from_text
from tollhouse.ledger.refusals import AlreadyArchived, NotInCatalog
from tollhouse.ledger.sight import Finds, Sight

PRODUCT = "Product"
TAX_CODES = (
    "saas",
    "saas_business",
    "software",
    "videocontent",
    "informationservice",
    "ebook",
    "digitalgraphic",
    "videogame",
    "eservice",
    "training",
)


class ProductShown(msgspec.Struct, frozen=True):
    """A product, what is said of it, and the settings that count for it."""

    product: ProductFact
    details: ProductDetailsFact
    settings: dict[str, Any]

    @property
    def fact_id(self) -> int:
        return self.product.product_id


def create(book: Book, command: CreateCatalogProduct) -> ProductShown:
    identifier = free_identifier(
        PRODUCT, command.identifier, command.name, lambda text: bool(book.find(ProductFact, identifier=text))
    )
    product = ProductFact(
        tenant_id=book.tenant_id,
        product_id=book.next_number("product"),
        uid=str(uuid.uuid4()),
        identifier=identifier,
        name=command.name,
    )
    shown = _as_created(book, command, product, book.now)
    book.add(product)
    book.put(shown.details)
    return shown


def replay_create(book: Book, command: CreateCatalogProduct, product_id: int) -> ProductShown:
    """What was answered then, whatever became of the product."""
    (product,) = book.find(ProductFact, product_id=product_id)
    (details,) = book.find(ProductDetailsFact, product_id=product_id)
    return _as_created(book, command, replace(product, name=command.name), details.created_at)


def _as_created(book: Book, command: CreateCatalogProduct, product: ProductFact, created_at: int) -> ProductShown:
    details = replace(
        nothing_said_of(book.tenant, product),
        description=command.description,
        tax_code=command.tax_code,
        created_at=created_at,
        modified_at=created_at,
    )
    return ProductShown(product, details, settings_of(book.tenant, details))


def change(book: Book, command: ChangeCatalogProduct) -> ProductShown:
    shown = _locked(book, command.uid)
    product = shown.product if command.name is None else replace(shown.product, name=command.name)
    kept = object_from_text(shown.details.settings)
    details = replace(
        shown.details,
        description=shown.details.description if command.description is None else command.description,
        tax_code=command.tax_code or shown.details.tax_code,
        settings=json_text({**kept, **command.settings}),
        modified_at=book.now,
    )
    book.put(product)
    book.put(details)
    return ProductShown(product, details, settings_of(book.tenant, details))


def archive(book: Book, command: ArchiveCatalogProduct) -> ProductShown:
    shown = _locked(book, command.uid)
    if shown.details.archived_at is not None:
        raise AlreadyArchived(PRODUCT)
    details = replace(shown.details, archived_at=book.now, modified_at=book.now)
    book.put(details)
    return replace(shown, details=details)


def _locked(book: Book, uid: str) -> ProductShown:
    for product in book.find(ProductFact, lock=True, uid=uid):
        return shown_as(book.tenant, product, details_of(book, book.tenant, product))
    raise NotInCatalog(PRODUCT)


# Reading.


def product_shown(sight: Sight, uid: str) -> ProductShown:
    """The product with this UUID, archived or not. Raises NotInCatalog."""
    for product in sight.find(ProductFact, uid=uid):
        return shown_as(sight.tenant, product, details_of(sight, sight.tenant, product))
    raise NotInCatalog(PRODUCT)


def shown_as(tenant: TenantFact, product: ProductFact, details: ProductDetailsFact | None) -> ProductShown:
    details = details or nothing_said_of(tenant, product)
    return ProductShown(product, details, settings_of(tenant, details))


def published_plans_of(facts: Finds, product: ProductFact) -> list[PlanFact]:
    """The plans of a product that are for sale, by number."""
    plans = facts.find(PlanFact, product_id=product.product_id, state="published")
    return sorted(plans, key=lambda plan: plan.number)


def details_of(facts: Finds, tenant: TenantFact, product: ProductFact) -> ProductDetailsFact:
    for details in facts.find(ProductDetailsFact, product_id=product.product_id):
        return details
    return nothing_said_of(tenant, product)


def nothing_said_of(tenant: TenantFact, product: ProductFact) -> ProductDetailsFact:
    return ProductDetailsFact(
        tenant_id=product.tenant_id,
        product_id=product.product_id,
        description="",
        tax_code=TAX_CODES[0],
        settings="{}",
        archived_at=None,
        created_at=tenant.created_at,
        modified_at=tenant.created_at,
    )


def settings_of(tenant: TenantFact, details: ProductDetailsFact) -> dict[str, Any]:
    """What was set, and what counts where nothing was."""
    unset = {"vpn": True, "tor": True, "proxy": True, "currency": tenant.currency, "productUrl": None}
    return {**unset, **object_from_text(details.settings)}

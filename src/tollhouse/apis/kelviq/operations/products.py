"""Products and features of the catalog."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import (
    INSTANT,
    PAGING,
    SEARCH,
    TEXT,
    UUID,
    Operation,
    a_list_of,
    an_object,
    nullable,
)
from tollhouse.apis.kelviq.request.products import DESCRIPTION_LENGTH_MAX, IDENTIFIER_PATTERN, URL_LENGTH_MAX
from tollhouse.ledger.catalog.features import FEATURE_TYPES
from tollhouse.ledger.catalog.products import TAX_CODES

_PRODUCT = "/catalog/products/{pk}"
_FEATURE = "/catalog/features/{pk}"

OPERATIONS = (
    Operation(
        method="GET",
        path="/catalog/products",
        name="listCatalogProducts",
        summary="List products",
        reply="PaginatedProducts",
        query=(SEARCH, *PAGING),
    ),
    Operation(
        method="POST",
        path="/catalog/products",
        name="createCatalogProduct",
        summary="Create a product",
        success=201,
        body="ProductCreateRequest",
        reply="Product",
        idempotent=True,
    ),
    Operation(
        method="GET",
        path=_PRODUCT,
        name="retrieveCatalogProduct",
        summary="Retrieve a product",
        reply="ProductRetrieve",
    ),
    Operation(
        method="PATCH",
        path=_PRODUCT,
        name="updateCatalogProduct",
        summary="Update a product",
        body="ProductUpdateRequest",
        reply="Product",
    ),
    Operation(method="DELETE", path=_PRODUCT, name="deleteCatalogProduct", summary="Archive a product", success=204),
    Operation(
        method="GET",
        path=f"{_PRODUCT}/settings",
        name="getCatalogProductSettings",
        summary="Retrieve product settings",
        reply="ProductSettings",
    ),
    Operation(
        method="PATCH",
        path=f"{_PRODUCT}/settings",
        name="updateCatalogProductSettings",
        summary="Update product settings",
        body="ProductSettingsUpdateRequest",
        reply="ProductSettings",
    ),
    Operation(
        method="GET",
        path="/catalog/features",
        name="listCatalogFeatures",
        summary="List features",
        reply="PaginatedFeatures",
        query=(SEARCH, *PAGING),
    ),
    Operation(
        method="POST",
        path="/catalog/features",
        name="createCatalogFeature",
        summary="Create a feature",
        success=201,
        body="FeatureCreateRequest",
        reply="CatalogFeature",
        idempotent=True,
    ),
    Operation(
        method="GET",
        path=_FEATURE,
        name="retrieveCatalogFeature",
        summary="Retrieve a feature",
        reply="CatalogFeature",
    ),
    Operation(method="DELETE", path=_FEATURE, name="deleteCatalogFeature", summary="Archive a feature", success=204),
)

DESCRIPTION = {"type": "string", "maxLength": DESCRIPTION_LENGTH_MAX}
IDENTIFIER = {**TEXT, "pattern": IDENTIFIER_PATTERN}
FREE: dict[str, Any] = {"type": "object", "additionalProperties": True}
_TAX_CODE = {"type": "string", "enum": list(TAX_CODES)}
_FEATURE_TYPE = {"type": "string", "enum": list(FEATURE_TYPES)}
_FLAG = {"type": "boolean"}
_PRODUCT_FIELDS: dict[str, Any] = {
    "id": UUID,
    "identifier": {"type": "string"},
    "name": {"type": "string"},
    "description": {"type": "string"},
    "taxCode": _TAX_CODE,
    "createdBy": {"type": "string"},
    "modifiedOn": INSTANT,
    "images": {"type": "array", "items": FREE},
    "isArchived": _FLAG,
}

SCHEMAS: dict[str, Any] = {
    "Product": an_object(**_PRODUCT_FIELDS),
    "ProductRetrieve": an_object(
        **_PRODUCT_FIELDS,
        plans={"type": "array", "items": {"type": "string"}, "description": "Identifiers of what is published."},
    ),
    "PaginatedProducts": a_list_of("Product"),
    "ProductCreateRequest": an_object(
        ("name", "taxCode"),
        name=TEXT,
        identifier=nullable(**IDENTIFIER, description="Made of the name where it is left out."),
        description=nullable(**DESCRIPTION),
        taxCode=_TAX_CODE,
    ),
    "ProductUpdateRequest": an_object(
        (), name=nullable(**TEXT), description=nullable(**DESCRIPTION), taxCode=nullable(**_TAX_CODE)
    ),
    "ProductSettings": an_object(
        vpn=_FLAG,
        tor=_FLAG,
        proxy=_FLAG,
        currency={"type": "string", "pattern": "^[A-Z]{3}$"},
        productUrl=nullable(type="string", format="uri"),
    ),
    "ProductSettingsUpdateRequest": an_object(
        (),
        vpn=nullable(**_FLAG),
        tor=nullable(**_FLAG),
        proxy=nullable(**_FLAG),
        currency=nullable(type="string", description="ISO 4217, in any case.", minLength=3, maxLength=3),
        productUrl=nullable(type="string", format="uri", maxLength=URL_LENGTH_MAX),
    ),
    "CatalogFeature": an_object(
        id=UUID,
        identifier={"type": "string"},
        name={"type": "string"},
        description={"type": "string"},
        featureType=_FEATURE_TYPE,
        featureDetails=FREE,
        meter=FREE,
        details=FREE,
        metadata=FREE,
        isArchived=_FLAG,
        modifiedOn=INSTANT,
    ),
    "PaginatedFeatures": a_list_of("CatalogFeature"),
    "FeatureCreateRequest": an_object(
        ("name", "featureType"),
        name=TEXT,
        identifier=nullable(**IDENTIFIER, description="Made of the name where it is left out."),
        description=nullable(**DESCRIPTION),
        featureType=_FEATURE_TYPE,
        featureDetails=nullable(**FREE),
        meter=nullable(**FREE),
        metadata=nullable(**FREE),
    ),
}

"""From products and features to Kelviq's wire."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.catalog.features import FeatureShown
from tollhouse.ledger.catalog.products import ProductShown
from tollhouse.ledger.events.objects import instant_text


def product_to_wire(shown: ProductShown) -> dict[str, Any]:
    """`images` are none and `createdBy` is empty: neither is kept here."""
    return {
        "id": shown.product.uid,
        "identifier": shown.product.identifier,
        "name": shown.product.name,
        "description": shown.details.description,
        "taxCode": shown.details.tax_code,
        "createdBy": "",
        "modifiedOn": instant_text(shown.details.modified_at),
        "images": [],
        "isArchived": shown.details.archived_at is not None,
    }


def feature_to_wire(shown: FeatureShown) -> dict[str, Any]:
    return {
        "id": shown.feature.uid,
        "identifier": shown.feature.identifier,
        "name": shown.feature.name,
        "description": shown.details.description,
        "featureType": shown.feature.feature_type,
        "featureDetails": shown.said["featureDetails"],
        "meter": shown.said["meter"],
        "details": {},
        "metadata": shown.said["metadata"],
        "isArchived": shown.details.archived_at is not None,
        "modifiedOn": instant_text(shown.details.modified_at),
    }

"""Features of the catalog: what plans give and ask for."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from msgspec.structs import replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.catalog.identifiers import free_identifier
from tollhouse.ledger.commands.catalog import ArchiveFeature, CreateFeature
from tollhouse.ledger.facts import FeatureDetailsFact, FeatureFact, TenantFact
from tollhouse.ledger.plan_documents import json_text, object_from_text
from tollhouse.ledger.refusals import AlreadyArchived, NotInCatalog
from tollhouse.ledger.sight import Finds, Sight

FEATURE = "Feature"
FEATURE_TYPES = ("BOOLEAN", "CUSTOMIZABLE", "METER")
FEATURE_SUBTYPES = ("PRE_AGGREGATED_USAGE", "RAW_EVENTS")

_METER = {"featureSubType": FEATURE_SUBTYPES[0], "units": {"singular": "unit", "plural": "units"}}


class FeatureShown(msgspec.Struct, frozen=True):
    """A feature and what is said of it; `said` holds featureDetails, meter and metadata."""

    feature: FeatureFact
    details: FeatureDetailsFact
    said: dict[str, Any]

    @property
    def fact_id(self) -> int:
        return self.feature.feature_id


def create(book: Book, command: CreateFeature) -> FeatureShown:
    identifier = free_identifier(
        FEATURE, command.identifier, command.name, lambda text: bool(book.find(FeatureFact, identifier=text))
    )
    feature = FeatureFact(
        tenant_id=book.tenant_id,
        feature_id=book.next_number("feature"),
        uid=str(uuid.uuid4()),
        identifier=identifier,
        name=command.name,
        feature_type=command.feature_type,
    )
    shown = _as_created(book, command, feature, book.now)
    book.add(feature)
    book.put(shown.details)
    return shown


def replay_create(book: Book, command: CreateFeature, feature_id: int) -> FeatureShown:
    """What was answered then, whatever became of the feature."""
    (feature,) = book.find(FeatureFact, feature_id=feature_id)
    (details,) = book.find(FeatureDetailsFact, feature_id=feature_id)
    as_made = replace(feature, name=command.name, feature_type=command.feature_type)
    return _as_created(book, command, as_made, details.created_at)


def _as_created(book: Book, command: CreateFeature, feature: FeatureFact, created_at: int) -> FeatureShown:
    details = replace(
        _nothing_said_of(book.tenant, feature),
        description=command.description,
        details=json_text(command.details),
        created_at=created_at,
        modified_at=created_at,
    )
    return shown_as(book.tenant, feature, details)


def archive(book: Book, command: ArchiveFeature) -> FeatureShown:
    for feature in book.find(FeatureFact, lock=True, uid=command.uid):
        shown = shown_of(book, book.tenant, [feature])[feature.identifier]
        if shown.details.archived_at is not None:
            raise AlreadyArchived(FEATURE)
        details = replace(shown.details, archived_at=book.now, modified_at=book.now)
        book.put(details)
        return replace(shown, details=details)
    raise NotInCatalog(FEATURE)


# Reading.


def feature_shown(sight: Sight, uid: str) -> FeatureShown:
    """The feature with this UUID, archived or not. Raises NotInCatalog."""
    for feature in sight.find(FeatureFact, uid=uid):
        return shown_of(sight, sight.tenant, [feature])[feature.identifier]
    raise NotInCatalog(FEATURE)


def features_called(facts: Finds, tenant: TenantFact, identifiers: list[str]) -> dict[str, FeatureShown]:
    """Features by identifier; those that there are."""
    return shown_of(facts, tenant, facts.find(FeatureFact, identifier=identifiers)) if identifiers else {}


def features_with_uids(facts: Finds, tenant: TenantFact, uids: list[str]) -> dict[str, FeatureShown]:
    """Features by UUID; those that there are."""
    found = shown_of(facts, tenant, facts.find(FeatureFact, uid=uids)) if uids else {}
    return {shown.feature.uid: shown for shown in found.values()}


def shown_of(facts: Finds, tenant: TenantFact, features: list[FeatureFact]) -> dict[str, FeatureShown]:
    """What is said of features, by identifier."""
    ids = [feature.feature_id for feature in features]
    details = {row.feature_id: row for row in facts.find(FeatureDetailsFact, feature_id=ids)} if ids else {}
    return {f.identifier: shown_as(tenant, f, details.get(f.feature_id)) for f in features}


def shown_as(tenant: TenantFact, feature: FeatureFact, details: FeatureDetailsFact | None) -> FeatureShown:
    details = details or _nothing_said_of(tenant, feature)
    unsaid = {"featureDetails": _METER if feature.feature_type == "METER" else {}, "meter": {}, "metadata": {}}
    return FeatureShown(feature, details, {**unsaid, **object_from_text(details.details)})


def details_of(facts: Finds, tenant: TenantFact, feature: FeatureFact) -> FeatureDetailsFact:
    for details in facts.find(FeatureDetailsFact, feature_id=feature.feature_id):
        return details
    return _nothing_said_of(tenant, feature)


def _nothing_said_of(tenant: TenantFact, feature: FeatureFact) -> FeatureDetailsFact:
    return FeatureDetailsFact(
        tenant_id=feature.tenant_id,
        feature_id=feature.feature_id,
        description="",
        details="{}",
        archived_at=None,
        created_at=tenant.created_at,
        modified_at=tenant.created_at,
    )

"""The catalog: products, features, and plans in versions."""

from __future__ import annotations

from typing import Any, ClassVar

from tollhouse.ledger.commands.command import Command
from tollhouse.ledger.plan_documents import AuthoredEntitlement, AuthoredPrice, PlanDocument


class CreateCatalogProduct(Command, frozen=True, kw_only=True):
    """Make a product; without an identifier its name gives one."""

    name: str
    identifier: str | None
    description: str
    tax_code: str

    numbers: ClassVar[tuple[str, ...]] = ("product",)


class ChangeCatalogProduct(Command, frozen=True, kw_only=True):
    """Change a product; None leaves a field as it is. `settings` are written over those that are kept, name by name."""

    uid: str
    name: str | None = None
    description: str | None = None
    tax_code: str | None = None
    settings: dict[str, Any]


class ArchiveCatalogProduct(Command, frozen=True, kw_only=True):
    """Take a product off the lists. Its plans stay as they are."""

    uid: str


class CreateFeature(Command, frozen=True, kw_only=True):
    """Make a feature; without an identifier its name gives one. `details` hold featureDetails, meter and metadata."""

    name: str
    identifier: str | None
    feature_type: str
    description: str
    details: dict[str, Any]

    numbers: ClassVar[tuple[str, ...]] = ("feature",)


class ArchiveFeature(Command, frozen=True, kw_only=True):
    """Take a feature off the lists and out of what can be put on plans. Plans that have it keep it."""

    uid: str


class CreateCatalogPlan(Command, frozen=True, kw_only=True):
    """Make a plan of a product as a draft; without an identifier its name gives one."""

    identifier: str | None
    product_uid: str
    document: PlanDocument

    numbers: ClassVar[tuple[str, ...]] = ("plan",)


class EditPlan(Command, frozen=True, kw_only=True):
    """Change a plan's draft, which is opened where there is none. `changes` are fields of its document.

    A `version` says which one is meant; it must be the latest.
    """

    identifier: str
    version: int | None
    changes: dict[str, Any]


class SetPlanPrices(Command, frozen=True, kw_only=True):
    """Replace the prices of a plan's draft. Features in them are named by their UUIDs; prices have none yet."""

    identifier: str
    prices: tuple[AuthoredPrice, ...]


class SetPlanEntitlements(Command, frozen=True, kw_only=True):
    """Give a plan's draft entitlements: more of them or, with `replaces`, these alone. Features by their UUIDs."""

    identifier: str
    entitlements: tuple[AuthoredEntitlement, ...]
    replaces: bool


class ChangePlanEntitlement(Command, frozen=True, kw_only=True):
    """Write details of one entitlement of a plan's draft over those that it has. The feature by its identifier."""

    identifier: str
    feature: str
    details: dict[str, Any]


class RemovePlanEntitlement(Command, frozen=True, kw_only=True):
    """Take one entitlement off a plan's draft. The feature by its identifier."""

    identifier: str
    feature: str


class PublishPlan(Command, frozen=True, kw_only=True):
    """Put a plan's draft in force, from this commit on. What was asked of existing customers is kept, not done."""

    identifier: str
    update_features: bool
    update_pricing: bool


class DiscardPlan(Command, frozen=True, kw_only=True):
    """Delete a plan's draft. The plan goes with it if it was never published."""

    identifier: str


class ArchivePlan(Command, frozen=True, kw_only=True):
    """Take a plan off the lists and off sale. What was bought stays."""

    identifier: str

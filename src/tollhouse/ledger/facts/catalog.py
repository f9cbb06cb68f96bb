"""What is sold."""

from __future__ import annotations

from tollhouse.ledger.facts.fact import Fact


class ProductFact(Fact):
    tenant_id: int
    product_id: int
    uid: str
    identifier: str
    name: str


class FeatureFact(Fact):
    tenant_id: int
    feature_id: int
    uid: str
    identifier: str
    name: str
    feature_type: str


class PlanFact(Fact):
    """A plan: ENSwitch's rate plan by `number`, Kelviq's by `identifier`. `features` is a JSON list of identifiers."""

    tenant_id: int
    number: int
    identifier: str
    name: str
    product_id: int
    owner_number: int
    currency: str
    state: str
    features: str
    created_at: int


class PlanPriceFact(Fact):
    """A price of a plan, in the plan's order. `countries` is a JSON list of ISO 3166-1 codes; empty is everywhere."""

    tenant_id: int
    plan_number: int
    position: int
    currency: str
    charge_period: str
    price_type: str
    amount: str | None
    tax_behavior: str
    countries: str


class PriceFeatureFact(Fact):
    tenant_id: int
    plan_number: int
    price_position: int
    position: int
    identifier: str
    model: str
    amount: str
    block_size: int | None
    quantity_min: int | None
    quantity_max: int | None

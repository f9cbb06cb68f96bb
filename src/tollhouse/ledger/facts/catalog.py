"""What is sold."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts.fact import ChangingFact, Fact


class ProductFact(ChangingFact):
    tenant_id: int
    product_id: int
    uid: str
    identifier: str
    name: str

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.product_id,)


class ProductTermsFact(ChangingFact):
    """How a product is sold by purchase, beside the product itself.

    Fees are what the customer pays, buys what a piece costs the seller: decimal text in major units of `currency`, at
    the purchase (`create_…`) and in each `period`. `allow` says who may buy: 0 nobody, 1 the owner's direct customers,
    -1 everybody below the owner; a `shared` product is everybody's below the owner, unless nobody may buy it.
    """

    tenant_id: int
    product_id: int
    owner_number: int
    description: str
    information: str
    product_type: str
    amount: int
    allow: int
    shared: int
    currency: str
    create_fee: str
    create_buy: str
    period: str
    period_fee: str
    period_buy: str
    created_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.product_id,)


class ProductDetailsFact(ChangingFact):
    """What a catalog says of a product, beside the product itself; one without a row has the defaults.

    `settings` is JSON: what is only kept and shown. An archived product is listed nowhere and keeps its plans.
    """

    tenant_id: int
    product_id: int
    description: str
    tax_code: str
    settings: str
    archived_at: int | None
    created_at: int
    modified_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.product_id,)


class FeatureFact(Fact):
    tenant_id: int
    feature_id: int
    uid: str
    identifier: str
    name: str
    feature_type: str


class FeatureDetailsFact(ChangingFact):
    """What a catalog says of a feature, beside the feature itself. `details` is JSON: featureDetails, meter and
    metadata."""

    tenant_id: int
    feature_id: int
    description: str
    details: str
    archived_at: int | None
    created_at: int
    modified_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.feature_id,)


class PlanFact(ChangingFact):
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

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.number,)


class PlanDetailsFact(ChangingFact):
    """What a reseller says of a plan, beside the plan itself.

    `shared` offers it to the owner's direct customers (1) or to everybody below (-1), who may give it to customers of
    theirs; from an `inheritable` one they may inherit. `inherit_number` is the plan it inherits from, 0 none. An
    invoice is due `invoice_due_days` after it was made and overdue `invoice_overdue_days` later, 0 being never.
    `settings` is JSON: what is only kept and shown.
    """

    tenant_id: int
    plan_number: int
    description: str
    shared: int
    inheritable: int
    inherit_number: int
    invoice_due_days: int
    invoice_overdue_days: int
    settings: str

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.plan_number,)


class PlanFeeFact(ChangingFact):
    """What a plan asks for a feature at an occasion: decimal text in major units of `currency`."""

    tenant_id: int
    plan_number: int
    feature: str
    occurs: str
    fee: str
    currency: str

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.plan_number, self.feature, self.occurs)


class PlanProductFact(ChangingFact):
    """What a product costs customers on one plan: fees of its own or, with `use_markups`, the product's fees with a
    percentage and then a margin on top. Decimal text; fees and margins in major units of `currency`."""

    tenant_id: int
    plan_number: int
    product_id: int
    currency: str
    use_markups: int
    create_fee: str
    create_markup: str
    create_margin: str
    period_fee: str
    period_markup: str
    period_margin: str

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.plan_number, self.product_id)


class PlanVersionFact(ChangingFact):
    """One version of a plan as its authors wrote it: `document` is JSON, everything a catalog shows of it.

    `state` is draft, published or superseded; a plan has at most one draft and at most one published version. What a
    purchase reads are the rows of the plan itself, its prices and entitlements: publishing writes those.
    """

    tenant_id: int
    plan_number: int
    version: int
    state: str
    document: str
    created_at: int
    modified_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.plan_number, self.version)


class PlanEntitlementFact(ChangingFact):
    """What a purchase of a plan gives access to, as published.

    `value` is JSON: true or false for a BOOLEAN feature, a whole number for the others, null where nothing was said.
    `reset` is NEVER or how often a METER starts again.
    """

    tenant_id: int
    plan_number: int
    position: int
    identifier: str
    value: str
    is_unlimited: int
    hard_limit: int
    reset: str

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.plan_number, self.position)


class PlanPriceFact(ChangingFact):
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
    uid: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.plan_number, self.position)


class PriceFeatureFact(ChangingFact):
    """What a feature costs in a price. `tiers` is a JSON list of brackets in order: `up_to` (null: no end),
    `unit_amount` and `flat_amount` as decimal text; empty for FLAT and PACKAGE."""

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
    tiers: str = "[]"

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.plan_number, self.price_position, self.position)

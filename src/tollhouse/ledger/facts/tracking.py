"""What Beacon's callers tell of a customer besides charges."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts.fact import ChangingFact, Fact


class TrackedCustomerFact(ChangingFact):
    """What Beacon keeps of a customer; one without a row has nothing of it.

    `first_name` and `last_name` are as they were sent or split; `phone` is E.164, or as it was sent where it cannot be
    read. `country` is that of `ip`, or empty. `user_agent` is the browser's, where a browser spoke for itself.
    """

    tenant_id: int
    customer_number: int
    first_name: str
    last_name: str
    phone: str
    signed_up_at: int | None
    ip: str
    country: str
    user_agent: str
    notes: str
    unsubscribed_at: int | None

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.customer_number,)


class TraitFact(ChangingFact):
    """A trait of the tenant's customers: made when its `field` is first sent, and known by it for ever.

    `kind` is string, number, boolean or date, `format` how it is to be shown.
    """

    tenant_id: int
    field: str
    trait_id: int
    kind: str
    format: str
    created_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.field,)


class CustomerTraitFact(ChangingFact):
    """One customer's value of a trait. `value` is JSON as it was sent; `sort_key` orders values of one kind of JSON as
    texts, whatever the store: see domain/sortable.py."""

    tenant_id: int
    customer_number: int
    field: str
    value: str
    sort_key: str
    updated_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.customer_number, self.field)


class EventDefinitionFact(ChangingFact):
    """An event of the tenant's, known by its `action` and made when that is first sent."""

    tenant_id: int
    action: str
    event_id: int
    created_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.action,)


class TrackedEventFact(Fact):
    """What a customer did, once. `properties` is a JSON object."""

    tenant_id: int
    tracked_event_id: int
    customer_number: int
    event_id: int
    properties: str
    effective_at: int
    recorded_at: int


class EventSummaryFact(ChangingFact):
    """How often a customer did one thing, and when first and last."""

    tenant_id: int
    customer_number: int
    event_id: int
    event_count: int
    first_at: int
    last_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.customer_number, self.event_id)


class TagFact(ChangingFact):
    """A tag of the tenant's, known by its `name` and made when that is first sent."""

    tenant_id: int
    name: str
    tag_id: int
    created_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.name,)


class CustomerTagFact(ChangingFact):
    """That a customer has a tag."""

    tenant_id: int
    customer_number: int
    tag_id: int
    created_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.customer_number, self.tag_id)


class PageVisitsFact(ChangingFact):
    """A customer's visits of one page. `page_hash` is of its `url`; `title` the latest that was sent."""

    tenant_id: int
    customer_number: int
    page_hash: str
    url: str
    title: str
    visit_count: int
    first_at: int
    last_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.customer_number, self.page_hash)


class SegmentFact(ChangingFact):
    """Customers by rules: all of them hold (`op` and) or any (`op` or). `rules` is JSON."""

    tenant_id: int
    slug: str
    segment_id: int
    name: str
    op: str
    rules: str
    created_at: int
    updated_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.slug,)


class ProjectDetailFact(ChangingFact):
    """What Beacon keeps of the tenant besides: its `website`, by that name."""

    tenant_id: int
    name: str
    value: str

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.name,)


class CorrectionFact(Fact):
    """That one transaction refunds or voids a charge that was collected elsewhere. `kind` is refund or void; `figures`
    is JSON of what it led to, as it was told then: see ledger/correcting.py."""

    tenant_id: int
    transaction_id: int
    corrected_id: int
    customer_number: int
    kind: str
    reason: str
    figures: str


class TotalFact(Fact):
    """A part of one of the tenant's figures: what all parts of a `name` come to together is the figure.

    Processes add to parts (`lane`) of their own, so that they seldom wait for another; customers are counted in parts
    of successive numbers (ledger/totals.py). The amount of a part is `high` times 2^32 plus `low`: however many
    customers' sums it adds up, neither leaves 64 bits.
    """

    tenant_id: int
    name: str
    lane: int
    item_count: int
    high: int
    low: int


class CustomerWordFact(ChangingFact):
    """What a search finds a live customer by: a word of its name, or its reference (ledger/search_words.py)."""

    tenant_id: int
    word: str
    customer_number: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.word, self.customer_number)

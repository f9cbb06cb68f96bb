"""Who owes."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts.fact import ChangingFact, Fact

ROOT_NUMBER = 1
ROOT_PATH = "1."
"""Every tenant's root customer: the tenant itself as a customer, above all others and below nobody."""


class CustomerFact(Fact):
    """A customer. `number` is ENSwitch's id, `uid` Kelviq's and Beacon Core's, `reference` the caller's own.

    `path` names the customer and everybody above it, root first, as `1.5.9.`: one is at or below another exactly when
    its path starts with the other's. `is_guest` marks a customer that Beacon made from an e-mail alone; such a one may
    still be given a reference. `currency` is the balance's; `currency_lock` the one its gateway payments are held to.
    """

    tenant_id: int
    number: int
    uid: str
    reference: str | None
    email: str | None
    email_folded: str | None
    is_guest: int
    name: str
    parent_number: int
    path: str
    plan_number: int
    currency: str
    currency_lock: str | None
    balance_minor: int
    opening_balance_minor: int
    bill_type: str
    timezone: str
    country: str
    sessions: int
    last_seen_at: int | None
    origin: str
    created_at: int
    updated_at: int
    deleted_at: int | None = None


class CustomerDetailsFact(ChangingFact):
    """What is kept of a customer besides, and no charge reads: one without a row has the defaults.

    What is searched by has a column: `affiliate_number` is the customer that is its affiliate, or 0. `details` is all
    the rest, as JSON.
    """

    tenant_id: int
    customer_number: int
    account: str
    description: str
    directory: int
    affiliate_number: int
    details: str

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.customer_number,)


class CustomerProfileFact(ChangingFact):
    """What Kelviq's callers keep of a customer: `metadata` and `billing_address` are JSON objects."""

    tenant_id: int
    customer_number: int
    metadata: str
    billing_address: str

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.customer_number,)


class RetiredReferenceFact(ChangingFact):
    """A reference that Kelviq's callers can never give again: its customer was archived."""

    tenant_id: int
    reference: str
    customer_number: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.reference,)


class TopupRequestFact(Fact):
    """Money that a customer asks its parent to add to its balance, tax included."""

    tenant_id: int
    request_id: int
    customer_number: int
    parent_number: int
    person_id: int
    currency: str
    amount_minor: int
    invoice_id: int
    requested_at: int


class SummaryFact(Fact):
    """The charge summary of one customer in one currency."""

    tenant_id: int
    customer_number: int
    currency: str
    charge_count: int
    sum_minor: int
    refunded_minor: int
    first_at: int | None
    last_at: int | None
    last_amount_minor: int | None

"""Who owes."""

from __future__ import annotations

from tollhouse.ledger.facts.fact import Fact

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

"""The facts that the ledger reads and appends, one class a table.

Field names are the columns' names; the store keeps them as they are and decides nothing. Amounts are integer minor
units (`…_minor`), exact prices and rates decimal text, instants integer microseconds UTC (`…_at`). They travel as
arrays, so that a whole batch is one value in one statement.
"""

from __future__ import annotations

from typing import Any

import msgspec

ROOT_NUMBER = 1
ROOT_PATH = "1."
"""Every tenant's root customer: the tenant itself as a customer, above all others and below nobody."""


class Fact(msgspec.Struct, array_like=True, gc=False):
    """One row, in the order of its fields."""


class ChangingFact(Fact):
    """One row that may be written again, whole, over the one with the same key."""

    @property
    def key(self) -> tuple[Any, ...]:
        """What names the row within its tenant."""
        raise NotImplementedError


class TenantFact(Fact):
    tenant_id: int
    slug: str
    name: str
    currency: str
    timezone: str
    session_window_minutes: int
    blocked: int
    anchor: str
    empty_period_grace_minutes: int
    public_keys_may_charge: int
    private_webhooks: int
    hosts: str
    created_at: int


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


class TransactionFact(Fact):
    """Appended and never edited. `gross_minor` is what the customer owes or paid: net + tax.

    `settlement` is recorded, balance or gateway. `exchange_rate` turns the charge's currency into `currency`; both it
    and `exchange_rate_at` are null where nothing was converted. The rate is decimal text, or a fraction such as 10/11.
    """

    tenant_id: int
    transaction_id: int
    customer_number: int
    kind: str
    settlement: str
    origin: str
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    buy_minor: int
    effective_at: int
    recorded_at: int
    charge_id: int | None = None
    payment_id: int | None = None
    person_id: int | None = None
    description: str = ""
    exchange_from: str | None = None
    exchange_rate: str | None = None
    exchange_rate_at: int | None = None


class TransactionTaxFact(Fact):
    """One tax of a transaction. `flat` is what was added after the percentage, in the transaction's currency: decimal
    text, or a fraction such as 10/11 where a rate of exchange leaves no end of decimals."""

    tenant_id: int
    transaction_id: int
    line_no: int
    tax_id: int
    name: str
    rate: str
    flat: str
    amount_minor: int


class ReceiptFact(Fact):
    """What was committed for an idempotency key. `fact_id` names the fact from which the first answer is told again."""

    tenant_id: int
    scope: str
    key_hash: str
    fingerprint: str
    kind: str
    fact_id: int
    recorded_at: int


class ChargeFact(ChangingFact):
    """A charge on one customer (`plan_number` 0) or on everybody on a plan (`customer_number` 0).

    `amount` and `buy` are decimal text in major units of `currency`. Of `start_at` and `end_at`, 0 is "none"; a
    `number_max` of 0 is no limit for a recurring charge and one time otherwise.
    """

    tenant_id: int
    charge_id: int
    customer_number: int
    plan_number: int
    owner_number: int
    name: str
    description: str
    amount: str
    buy: str
    currency: str
    period: str
    start_at: int
    end_at: int
    number_max: int
    anchor: str
    origin: str
    created_at: int
    deleted_at: int | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.charge_id,)


class OccurrenceFact(Fact):
    """One date on which a charge fell due for one customer. The first three after the tenant are its key.

    `occurrence_key` is the local day on which the period starts, or `#1`, `#2` … for a charge without periods.
    """

    tenant_id: int
    charge_id: int
    customer_number: int
    occurrence_key: str
    transaction_id: int
    charged_at: int


class TaxFact(Fact):
    """A tax of one seller. `rate` is percent and `flat` major units of `currency`, both decimal text."""

    tenant_id: int
    tax_id: int
    owner_number: int
    name: str
    description: str
    rate: str
    flat: str
    currency: str
    accounts: int
    calls: int
    cardgroups: int
    charges: int
    features: int
    messages: int
    numbers: int
    products: int
    liable: int
    shared: int
    created_at: int


class LiabilityFact(ChangingFact):
    """Whether a charge, customer or product is liable to a tax, whatever the tax's own default says."""

    tenant_id: int
    tax_id: int
    object_type: str
    object_id: int
    liable: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.object_type, self.object_id, self.tax_id)


class ExchangeRateFact(Fact):
    """One unit of `from_currency` is `rate` (decimal text) units of `to_currency` from `effective_at` on."""

    tenant_id: int
    from_currency: str
    to_currency: str
    effective_at: int
    rate: str


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


class PaymentMethodFact(Fact):
    tenant_id: int
    payment_method_id: int
    customer_number: int
    gateway: str
    token: str
    is_default: int
    state: str
    created_at: int


class PaymentFact(Fact):
    """Money to be taken by a gateway, written before the gateway is called.

    `state` is pending, succeeded or declined; `decline_code` and `decline_text` say why not. `detail` is JSON: all that
    the answer prints besides. `call_until_at` is the end of the call's time; from `look_up_at` on an unknown outcome is
    looked up again.
    """

    tenant_id: int
    payment_id: int
    uid: str
    order_id: str
    customer_number: int
    plan_number: int
    gateway: str
    token: str
    gateway_key: str
    currency: str
    amount_minor: int
    state: str
    decline_code: str
    decline_text: str
    gateway_reference: str
    detail: str
    transaction_id: int | None
    call_until_at: int
    look_up_at: int | None
    look_ups: int
    created_at: int
    settled_at: int | None


class PaymentAttemptFact(Fact):
    tenant_id: int
    payment_id: int
    attempt_no: int
    kind: str
    outcome: str
    started_at: int
    ended_at: int


class SandboxPaymentFact(Fact):
    """What the sandbox gateway remembers of a key: the books of a processor elsewhere, which only `verify` reads."""

    tenant_id: int
    gateway_key: str
    token: str
    currency: str
    amount_minor: int
    outcome: str
    created_at: int


class RoleFact(Fact):
    """`privileges` is a JSON object: 1 may, 2 may read, 0 or absent may not."""

    tenant_id: int
    role_id: int
    name: str
    privileges: str


class PersonFact(Fact):
    tenant_id: int
    person_id: int
    username: str
    password_hash: str
    role_id: int
    customer_number: int
    locked: int
    created_at: int


class LoginNameFact(Fact):
    """Where a username lives; usernames are unique in an installation."""

    username: str
    tenant_id: int
    person_id: int


class KeyFact(Fact):
    """An API key by the SHA-256 of its text; the text is nowhere kept."""

    key_hash: str
    tenant_id: int
    name: str
    kind: str
    created_at: int
    revoked_at: int | None

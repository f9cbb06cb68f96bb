"""Money taken through a gateway."""

from __future__ import annotations

from typing import Any

from tollhouse.ledger.facts.fact import ChangingFact, Fact


class PaymentMethodFact(ChangingFact):
    """A customer's way to pay, as its gateway knows it by `token`. `state` is succeeded, requires_action or removed; at
    most one of a customer's is the default."""

    tenant_id: int
    payment_method_id: int
    customer_number: int
    gateway: str
    token: str
    is_default: int
    state: str
    created_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.payment_method_id,)


class PaymentMethodDetailsFact(ChangingFact):
    """What may be shown of a payment method; one without a row shows nothing but its kind. Never a card's number."""

    tenant_id: int
    payment_method_id: int
    method_type: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    funding: str
    country: str
    modified_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.payment_method_id,)


class PaymentFact(ChangingFact):
    """Money to be taken by a gateway, written before the gateway is called.

    `state` is pending, succeeded or declined; `decline_code` and `decline_text` say why not. `detail` is JSON: all that
    the answer prints besides. `call_until_at` is the end of the call's time; from `look_up_at` on an unknown outcome is
    looked up again. Of the amount, `refunded_minor` was paid back, and `refund_reserved_minor` was or is being paid
    back: refunded ≤ reserved ≤ amount. From `revoked_at` on it gives nothing any more.
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
    refunded_minor: int = 0
    refund_reserved_minor: int = 0
    revoked_at: int | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.payment_id,)


class PaymentAttemptFact(ChangingFact):
    tenant_id: int
    payment_id: int
    attempt_no: int
    kind: str
    outcome: str
    started_at: int
    ended_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.payment_id, self.attempt_no)


class RefundFact(ChangingFact):
    """Money of a payment to be paid back, written before the gateway is called.

    `state` is pending, succeeded or failed; `failure_text` says why not. `call_until_at`, `look_up_at` and `look_ups`
    are as in a payment.
    """

    tenant_id: int
    refund_id: int
    uid: str
    payment_id: int
    customer_number: int
    currency: str
    amount_minor: int
    reason: str
    internal_note: str | None
    state: str
    failure_code: str
    failure_text: str
    gateway_key: str
    gateway_reference: str
    transaction_id: int | None
    call_until_at: int
    look_up_at: int | None
    look_ups: int
    created_at: int
    settled_at: int | None

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.refund_id,)


class RefundAttemptFact(ChangingFact):
    tenant_id: int
    refund_id: int
    attempt_no: int
    kind: str
    outcome: str
    started_at: int
    ended_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.refund_id, self.attempt_no)


class EntitlementFact(ChangingFact):
    """What one purchase gave a customer of one feature.

    `has_access` counts for BOOLEAN and CUSTOMIZABLE features, `usage_limit` (None: unlimited) and `used`, as it was
    last said at `used_at`, for METERs; of a CUSTOMIZABLE feature `usage_limit` is its value. `revoked_at` ends it.
    """

    tenant_id: int
    customer_number: int
    payment_id: int
    position: int
    feature_uid: str
    identifier: str
    feature_type: str
    has_access: int
    usage_limit: int | None
    used: int
    hard_limit: int
    reset: str
    granted_at: int
    revoked_at: int | None
    used_at: int | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.customer_number, self.payment_id, self.position)


class CheckoutSessionFact(ChangingFact):
    """A page on which one customer can buy one plan once.

    `uid` is known to whoever may open the page. `state` is open, processing, success or expired. `asked` is JSON: what
    the session was made with. `payment_id` is the latest payment, 0 before there is one; `attempts` counts them.
    """

    tenant_id: int
    session_id: int
    uid: str
    customer_number: int
    plan_number: int
    state: str
    asked: str
    payment_id: int
    attempts: int
    created_at: int
    modified_at: int
    expires_at: int

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.session_id,)


class SandboxPaymentFact(Fact):
    """What the sandbox gateway remembers of a key: the books of a processor elsewhere, which only `verify` reads."""

    tenant_id: int
    gateway_key: str
    token: str
    currency: str
    amount_minor: int
    outcome: str
    created_at: int


class SandboxRefundFact(Fact):
    """The same of money that the sandbox paid back."""

    tenant_id: int
    gateway_key: str
    payment_key: str
    currency: str
    amount_minor: int
    outcome: str
    created_at: int

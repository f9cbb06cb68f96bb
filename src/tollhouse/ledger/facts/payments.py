"""Money taken through a gateway."""

from __future__ import annotations

from tollhouse.ledger.facts.fact import Fact


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

"""Money on its way whose outcome is open: what is asked about a payment, and what about a refund."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, TypeVar

from tollhouse.ledger.commands import ClaimUnresolved, Command, GatewayAnswer, SettlePurchase
from tollhouse.ledger.commands.refunds import ClaimUnresolvedRefunds, SettleRefund
from tollhouse.ledger.facts import PaymentFact
from tollhouse.ledger.ports import Gateway
from tollhouse.ledger.purchase_details import gateway_charge
from tollhouse.ledger.refunding import RefundStarted, gateway_refund

LOOK_UPS_AT_ONCE = 8
LEASE_SECONDS = 60

M_contra = TypeVar("M_contra", contravariant=True)


class LookedUp(NamedTuple):
    """One look-up and what came of it."""

    answer: GatewayAnswer
    started_at: int
    ended_at: int


class OpenMoves(Protocol[M_contra]):
    """One kind of money on its way."""

    def claim(self, tenant_id: int) -> Command:
        """The command that takes some whose look-up is due."""
        ...

    def gateway(self, move: M_contra) -> str: ...

    def look_up(self, gateway: Gateway, move: M_contra, timeout_seconds: float) -> GatewayAnswer: ...

    def settling(self, move: M_contra, found: LookedUp) -> Command: ...

    def names(self, move: M_contra) -> dict[str, Any]:
        """What it is known by, for logs."""
        ...

    def state(self, settled: Any) -> str:
        """The state by the settling command's result."""
        ...


class OpenPayments:
    def __init__(self, resolve_after_seconds: int) -> None:
        self._resolve_after_seconds = resolve_after_seconds

    def claim(self, tenant_id: int) -> ClaimUnresolved:
        return ClaimUnresolved(
            tenant_id=tenant_id,
            count=LOOK_UPS_AT_ONCE,
            lease_seconds=LEASE_SECONDS,
            resolve_after_seconds=self._resolve_after_seconds,
        )

    def gateway(self, move: PaymentFact) -> str:
        return move.gateway

    def look_up(self, gateway: Gateway, move: PaymentFact, timeout_seconds: float) -> GatewayAnswer:
        return gateway.look_up(gateway_charge(move), timeout_seconds)

    def settling(self, move: PaymentFact, found: LookedUp) -> SettlePurchase:
        return SettlePurchase(
            tenant_id=move.tenant_id,
            payment_id=move.payment_id,
            customer_number=move.customer_number,
            kind="look_up",
            attempt_no=1 + move.look_ups,
            answer=found.answer,
            started_at=found.started_at,
            ended_at=found.ended_at,
            resolve_after_seconds=self._resolve_after_seconds,
        )

    def names(self, move: PaymentFact) -> dict[str, Any]:
        return {"tenant_id": move.tenant_id, "order_id": move.order_id, "look_ups": move.look_ups}

    def state(self, settled: PaymentFact) -> str:
        return settled.state


class OpenRefunds:
    def __init__(self, resolve_after_seconds: int, *, revokes_access: bool) -> None:
        self._resolve_after_seconds = resolve_after_seconds
        self._revokes_access = revokes_access

    def claim(self, tenant_id: int) -> ClaimUnresolvedRefunds:
        return ClaimUnresolvedRefunds(
            tenant_id=tenant_id,
            count=LOOK_UPS_AT_ONCE,
            lease_seconds=LEASE_SECONDS,
            resolve_after_seconds=self._resolve_after_seconds,
        )

    def gateway(self, move: RefundStarted) -> str:
        return move.payment.gateway

    def look_up(self, gateway: Gateway, move: RefundStarted, timeout_seconds: float) -> GatewayAnswer:
        return gateway.look_up_refund(gateway_refund(move.refund, move.payment), timeout_seconds)

    def settling(self, move: RefundStarted, found: LookedUp) -> SettleRefund:
        return SettleRefund(
            tenant_id=move.refund.tenant_id,
            refund_id=move.refund.refund_id,
            customer_number=move.refund.customer_number,
            kind="look_up",
            attempt_no=1 + move.refund.look_ups,
            answer=found.answer,
            started_at=found.started_at,
            ended_at=found.ended_at,
            resolve_after_seconds=self._resolve_after_seconds,
            revokes_access=self._revokes_access,
        )

    def names(self, move: RefundStarted) -> dict[str, Any]:
        refund = move.refund
        return {"tenant_id": refund.tenant_id, "refund": refund.uid, "look_ups": refund.look_ups}

    def state(self, settled: RefundStarted) -> str:
        return settled.refund.state

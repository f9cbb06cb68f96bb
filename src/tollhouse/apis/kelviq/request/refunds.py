"""From Kelviq's wire to the command of a refund."""

from __future__ import annotations

from tollhouse.apis.kelviq.fields import Fields
from tollhouse.config import Settings
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.commands import Idempotency
from tollhouse.ledger.commands.refunds import StartRefund
from tollhouse.ledger.refunding import REASONS

REASON_UNSAID = "REQUESTED_BY_CUSTOMER"
NOTE_LENGTH_MAX = 1000


def refund_from_wire(
    given: Fields,
    *,
    tenant_id: int,
    idempotency: Idempotency | None,
    gateways: frozenset[str],
    settings: Settings,
) -> StartRefund:
    """The command of POST /refunds/; minor units come before major ones. Raises Invalid."""
    order_id = given.text("orderId", required=True)
    amount_minor = given.whole("amountUnits", 1, AMOUNT_MINOR_MAX)
    amount = given.amount("amount")
    reason = given.choice("reason", REASONS)
    internal_note = given.text("internalNote", blank=True, length_max=NOTE_LENGTH_MAX)
    given.check()
    return StartRefund(
        tenant_id=tenant_id,
        idempotency=idempotency,
        order_id=order_id or "",
        amount_minor=amount_minor,
        amount=amount if amount_minor is None else None,
        reason=reason or REASON_UNSAID,
        internal_note=internal_note,
        gateways=gateways,
        call_seconds=settings.gateway_timeout_seconds,
        resolve_after_seconds=settings.resolve_after_seconds,
    )

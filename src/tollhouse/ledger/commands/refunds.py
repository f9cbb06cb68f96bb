"""Money given back through the gateway that took it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from tollhouse.domain.decimals import decimal_text
from tollhouse.ledger.commands.command import Command
from tollhouse.ledger.commands.purchases import GatewayAnswer


class StartRefund(Command, frozen=True, kw_only=True):
    """Give back what an order took, or a part of it: check it, reserve it, write the intent.

    The amount is `amount_minor`, else `amount` in major units of the order's currency, else all that is left.
    `gateways` are those that can be called; `call_seconds` is how long one may take, and `resolve_after_seconds` how
    long after that an open outcome is looked up.
    """

    order_id: str
    amount_minor: int | None
    amount: Decimal | None
    reason: str
    internal_note: str | None
    gateways: frozenset[str]
    call_seconds: int
    resolve_after_seconds: int

    numbers: ClassVar[tuple[str, ...]] = ("refund",)

    def content(self) -> Any:
        return [
            "refund",
            self.order_id,
            self.amount_minor,
            None if self.amount is None else decimal_text(self.amount),
            self.reason,
            self.internal_note,
        ]


class SettleRefund(Command, frozen=True, kw_only=True):
    """Write down what the gateway answered about a pending refund. Settles it at most once.

    `kind` is refund, look_up or event; `attempt_no` counts as in SettlePurchase. `revokes_access` says that an order
    which is refunded whole gives nothing any more.
    """

    refund_id: int
    customer_number: int
    kind: str
    attempt_no: int
    answer: GatewayAnswer
    started_at: int
    ended_at: int
    resolve_after_seconds: int
    revokes_access: bool

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)


class ClaimUnresolvedRefunds(Command, frozen=True, kw_only=True):
    """Take up to `count` pending refunds whose look-up is due; nobody else gets them for `lease_seconds`."""

    count: int
    lease_seconds: int
    resolve_after_seconds: int

    alone: ClassVar[bool] = True

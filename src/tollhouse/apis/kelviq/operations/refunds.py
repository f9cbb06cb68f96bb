"""Refunds."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.kelviq.operations.operation import (
    DAYS,
    PAGING,
    SEARCH,
    TEXT,
    UUID,
    Operation,
    a_list_of,
    a_query,
    an_object,
    nullable,
    ref,
)
from tollhouse.apis.kelviq.reply.refunds import STATES
from tollhouse.apis.kelviq.request.refunds import NOTE_LENGTH_MAX, REASON_UNSAID
from tollhouse.domain.money import AMOUNT_MINOR_MAX
from tollhouse.ledger.refunding import REASONS, STATUSES

OPERATIONS = (
    Operation(
        method="POST",
        path="/refunds",
        name="createRefund",
        summary="Create a refund",
        body="RefundCreateRequest",
        reply="RefundResponse",
        idempotent=True,
        errors=(404, 504),
    ),
    Operation(
        method="GET",
        path="/refunds",
        name="listRefunds",
        summary="List refunds",
        reply="RefundListResponse",
        query=(SEARCH, a_query("status", "How they stand.", enum=list(STATES)), *DAYS, *PAGING),
    ),
    Operation(
        method="GET",
        path="/refunds/{refundId}",
        name="retrieveRefund",
        summary="Retrieve a refund",
        reply="RefundResponse",
    ),
)

_REQUEST = {
    "type": "object",
    "description": "Every field may be spelled in snake_case as well. Without an amount, all that is left is refunded.",
    "required": ["orderId"],
    "properties": {
        "orderId": TEXT,
        "amountUnits": nullable(
            type="integer", minimum=1, maximum=AMOUNT_MINOR_MAX, description="In minor units; comes before amount."
        ),
        "amount": nullable(
            type="number", exclusiveMinimum=0, description="In major units, with no more decimals than the currency."
        ),
        "reason": nullable(type="string", enum=list(REASONS), default=REASON_UNSAID),
        "internalNote": nullable(type="string", maxLength=NOTE_LENGTH_MAX),
    },
    "example": {"orderId": "ORD-20260715123000-A1B2C", "amountUnits": 2500, "reason": "REQUESTED_BY_CUSTOMER"},
}
_REFUND = an_object(
    id=UUID,
    reason={"type": "string", "enum": list(REASONS)},
    amountUnits={"type": "integer", "minimum": 1},
    amount={"type": "number", "description": "In major units."},
    internalNote=nullable(type="string"),
    failureReason=nullable(type="string"),
    status={"type": "string", "enum": list(STATUSES.values())},
    order=ref("OrderResponse"),
)

SCHEMAS: dict[str, Any] = {
    "RefundCreateRequest": _REQUEST,
    "RefundResponse": _REFUND,
    "RefundListResponse": a_list_of("RefundResponse"),
}

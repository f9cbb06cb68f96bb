"""An order's timeline, made of its payment, the calls about it, and its refunds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tollhouse.apis.kelviq.reply.orders import method_type
from tollhouse.domain.money import major_text
from tollhouse.ledger.commands.purchases import EVENTS_FROM
from tollhouse.ledger.events.objects import instant_text, invoice_id
from tollhouse.ledger.facts import PaymentAttemptFact, PaymentFact, RefundFact
from tollhouse.ledger.purchase_details import DECLINED, SUCCEEDED, detail_of
from tollhouse.ledger.refunding import FAILED

_ATTEMPT_STATUSES = {"succeeded": "success", "declined": "failed", "absent": "failed"}
#: The last bits of an event's id say what it is of, those before them which one of it.
_OF_PAYMENT, _OF_ATTEMPT, _OF_REFUND = range(3)
_WHICH_MAX = 2**12


class _Event(NamedTuple):
    event_id: int
    title: str
    code: str
    status: str
    at: int
    metadata: dict[str, Any]


def timeline_to_wire(
    payment: PaymentFact, attempts: Sequence[PaymentAttemptFact], refunds: Sequence[RefundFact]
) -> list[dict[str, Any]]:
    """Everything that happened, the newest first. An event keeps its id for ever."""
    events = [*_of_payment(payment, attempts)]
    events += sorted((event for refund in refunds for event in _of_refund(refund)), key=lambda e: (e.at, e.event_id))
    return [
        {
            "id": event.event_id,
            "order": payment.order_id,
            "title": event.title,
            "code": event.code,
            "status": event.status,
            "timestamp": instant_text(event.at),
            "metadata": event.metadata,
        }
        for event in reversed(events)
    ]


def _of_payment(payment: PaymentFact, attempts: Sequence[PaymentAttemptFact]) -> Iterator[_Event]:
    created, settled, invoiced = (_id(_OF_PAYMENT, payment.payment_id, which) for which in range(3))
    yield _Event(created, "Order created", "order.created", "success", payment.created_at, {})
    for attempt in sorted(attempts, key=lambda attempt: attempt.started_at):
        if attempt.attempt_no < _WHICH_MAX or attempt.attempt_no >= EVENTS_FROM:
            yield _attempt(payment, attempt)
    if payment.settled_at is None:
        return
    if payment.state == DECLINED:
        why = {"code": payment.decline_code, "failureReason": payment.decline_text}
        yield _Event(settled, "Order failed", "order.failed", "failed", payment.settled_at, why)
    if payment.state == SUCCEEDED:
        paid = {"primary": f"+{_amount(payment)}", **_secondary(payment)}
        yield _Event(settled, "Order completed", "order.completed", "success", payment.settled_at, paid)
        invoice = {"invoiceId": invoice_id(payment)}
        yield _Event(invoiced, "Invoice paid", "invoice.paid", "success", payment.settled_at, invoice)


def _attempt(payment: PaymentFact, attempt: PaymentAttemptFact) -> _Event:
    title, code = ("Payment looked up", "payment.looked_up")
    if attempt.kind == "charge":
        title, code = ("Payment attempted", "payment.attempted")
    status = _ATTEMPT_STATUSES.get(attempt.outcome, "pending")
    event_id = _id(_OF_ATTEMPT, payment.payment_id, attempt.attempt_no % _WHICH_MAX)
    return _Event(event_id, title, code, status, attempt.ended_at, {"outcome": attempt.outcome})


def _of_refund(refund: RefundFact) -> Iterator[_Event]:
    amount = f"-{major_text(refund.amount_minor, refund.currency)}"
    about = {"primary": amount, "refundId": refund.uid, "reason": refund.reason}
    begun = _id(_OF_REFUND, refund.refund_id, 0)
    yield _Event(begun, "Refund initiated", "refund.created", "pending", refund.created_at, about)
    if refund.settled_at is None:
        return
    settled = _id(_OF_REFUND, refund.refund_id, 1)
    if refund.state == FAILED:
        why = {**about, "code": refund.failure_code, "failureReason": refund.failure_text}
        yield _Event(settled, "Refund failed", "refund.failed", "failed", refund.settled_at, why)
    else:
        yield _Event(settled, "Refund completed", "refund.succeeded", "success", refund.settled_at, about)


def _id(of: int, number: int, which: int) -> int:
    return (number * _WHICH_MAX + which) * 4 + of


def _amount(payment: PaymentFact) -> str:
    return major_text(payment.amount_minor, payment.currency)


def _secondary(payment: PaymentFact) -> dict[str, str]:
    detail = detail_of(payment)
    kind = method_type(payment, detail)
    return {"secondary": f"{kind} ending {detail.method.last4}"} if kind and detail.method.last4 else {}

"""Refunds: money given back through the gateway that took it, in three steps like a purchase.

The intent reserves its amount of the payment, so that no two refunds together can exceed it; the gateway is called
outside any unit of work; the outcome makes the reservation a transaction or gives it back. Whoever touches a payment
has locked its customer before: customer, payment, refund is the order of locks.
"""

from __future__ import annotations

import uuid

import msgspec
from msgspec.structs import replace as with_values

from tollhouse.domain import money
from tollhouse.domain.summaries import after_refund
from tollhouse.ledger.book import Book
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import GatewayRefund
from tollhouse.ledger.commands.refunds import ClaimUnresolvedRefunds, SettleRefund, StartRefund
from tollhouse.ledger.events.emitting import emit
from tollhouse.ledger.events.objects import order_object, refund_object, subscription_object
from tollhouse.ledger.facts import (
    CustomerFact,
    EntitlementFact,
    PaymentFact,
    RefundAttemptFact,
    RefundFact,
    TransactionFact,
)
from tollhouse.ledger.purchase_details import ORIGIN, PENDING, SUCCEEDED, detail_of, order_status
from tollhouse.ledger.purchasing.settling import look_up_gap_seconds
from tollhouse.ledger.refusals import (
    GatewayNotConfigured,
    OrderNotPaid,
    OrderUnknown,
    RefundAmountRefused,
    RefundTooLarge,
)

FAILED = "failed"
NOT_COMPLETED = ("refund_not_completed", "The refund was not completed; no money was given back.")

#: Why money is given back, as processors know it.
REASONS = ("DUPLICATE", "FRAUDULENT", "REQUESTED_BY_CUSTOMER", "OTHER")

#: What a refund that is under way, made or failed is called where it is told.
STATUSES = {PENDING: "PROCESSING", SUCCEEDED: "SUCCEEDED", FAILED: "FAILED"}


class RefundStarted(msgspec.Struct, frozen=True):
    """The refund as it stands, its payment, and the instant at which they stood so."""

    refund: RefundFact
    payment: PaymentFact
    now: int

    @property
    def fact_id(self) -> int:
        return self.refund.refund_id


def gateway_refund(refund: RefundFact, payment: PaymentFact) -> GatewayRefund:
    """What the gateway is asked for, the first time and whenever it is asked again."""
    return GatewayRefund(
        tenant_id=refund.tenant_id,
        key=refund.gateway_key,
        payment_key=payment.gateway_key,
        payment_reference=payment.gateway_reference,
        token=payment.token,
        currency=refund.currency,
        amount_minor=refund.amount_minor,
        reason=refund.reason,
    )


# The intent.


def start(book: Book, command: StartRefund) -> RefundStarted:
    """Reserve what is to be given back and write the intent."""
    payment = _payment(book, command)
    customer = _customer(book, payment.customer_number)
    amount_minor = _amount_minor(payment, command)
    if payment.gateway not in command.gateways:
        raise GatewayNotConfigured(payment.gateway)
    refund = _intent(book, command, payment, amount_minor)
    payment = with_values(payment, refund_reserved_minor=payment.refund_reserved_minor + amount_minor)
    book.put(payment)
    book.put(refund)
    emit(book, "refund.created", customer, lambda: refund_object(book, customer, payment, refund, STATUSES[PENDING]))
    return RefundStarted(refund, payment, book.system_now)


def replay(book: Book, _command: StartRefund, refund_id: int) -> RefundStarted:
    """The refund as it stands now: written by this batch, or read."""
    (refund,) = book.find(RefundFact, refund_id=refund_id)
    (payment,) = book.find(PaymentFact, payment_id=refund.payment_id)
    return RefundStarted(refund, payment, book.system_now)


def _payment(book: Book, command: StartRefund) -> PaymentFact:
    """The order's payment, locked after its customer."""
    for found in book.find(PaymentFact, order_id=command.order_id):
        _customer(book, found.customer_number)
        (payment,) = book.find(PaymentFact, lock=True, payment_id=found.payment_id)
        if payment.state == PENDING:
            break
        if payment.state != SUCCEEDED or not payment.amount_minor:
            raise OrderNotPaid
        return payment
    raise OrderUnknown


def _customer(book: Book, number: int) -> CustomerFact:
    customer = book.customer(number)
    if customer is None:
        raise LookupError(f"there is no customer {number}")
    return customer


def _amount_minor(payment: PaymentFact, command: StartRefund) -> int:
    left_minor = payment.amount_minor - payment.refund_reserved_minor
    amount_minor = command.amount_minor
    if amount_minor is None:
        amount_minor = left_minor if command.amount is None else _minor(command, payment.currency)
    if not 0 < amount_minor <= left_minor:
        raise RefundTooLarge(money.major_text(left_minor, payment.currency), payment.currency)
    return amount_minor


def _minor(command: StartRefund, currency: str) -> int:
    """The amount asked for in major units. One that is out of range is more than any order's."""
    if command.amount is None:
        return 0
    try:
        return money.minor_from_major(command.amount, currency)
    except money.TooPrecise as error:
        raise RefundAmountRefused(str(error)) from error
    except money.OutOfRange:
        return money.AMOUNT_MINOR_MAX + 1


def _intent(book: Book, command: StartRefund, payment: PaymentFact, amount_minor: int) -> RefundFact:
    uid = str(uuid.uuid4())
    call_until_at = book.system_now + command.call_seconds * SECOND
    return RefundFact(
        tenant_id=book.tenant_id,
        refund_id=book.next_number("refund"),
        uid=uid,
        payment_id=payment.payment_id,
        customer_number=payment.customer_number,
        currency=payment.currency,
        amount_minor=amount_minor,
        reason=command.reason,
        internal_note=command.internal_note,
        state=PENDING,
        failure_code="",
        failure_text="",
        gateway_key=f"tollhouse-refund-{uid}",
        gateway_reference="",
        transaction_id=None,
        call_until_at=call_until_at,
        look_up_at=call_until_at + command.resolve_after_seconds * SECOND,
        look_ups=0,
        created_at=book.now,
        settled_at=None,
    )


# The outcome.


def settle(book: Book, command: SettleRefund) -> RefundStarted:
    """The refund as it stands after this answer. One that was settled before stays as it is; the call is noted, an
    event once."""
    customer = _customer(book, command.customer_number)
    (refund,) = book.find(RefundFact, refund_id=command.refund_id)
    (payment,) = book.find(PaymentFact, lock=True, payment_id=refund.payment_id)
    (refund,) = book.find(RefundFact, lock=True, refund_id=command.refund_id)
    if command.kind == "event" and _is_noted(book, command):
        return RefundStarted(refund, payment, book.system_now)
    if refund.state == PENDING:
        refund, payment = _answered(book, customer, refund, payment, command)
        book.put(refund)
        book.put(payment)
    book.put(_attempt(book, command))
    return RefundStarted(refund, payment, book.system_now)


def _answered(
    book: Book, customer: CustomerFact, refund: RefundFact, payment: PaymentFact, command: SettleRefund
) -> tuple[RefundFact, PaymentFact]:
    answer = command.answer
    match answer.outcome:
        case "succeeded":
            return _given_back(book, customer, refund, payment, command)
        case "declined":
            return _failed(book, customer, refund, payment, (answer.decline_code, answer.decline_text))
        case "absent":
            return _failed(book, customer, refund, payment, NOT_COMPLETED)
        case _:
            gap_seconds = look_up_gap_seconds(command.resolve_after_seconds, refund.look_ups)
            return with_values(refund, look_up_at=book.system_now + gap_seconds * SECOND), payment


def _given_back(
    book: Book, customer: CustomerFact, refund: RefundFact, payment: PaymentFact, command: SettleRefund
) -> tuple[RefundFact, PaymentFact]:
    """Record the money, take back what it bought where that is wanted, and tell of it."""
    transaction = _transaction(book, refund, payment)
    book.record(transaction, after_refund(book.summary(customer.number, refund.currency), refund.amount_minor))
    refund = with_values(
        refund,
        state=SUCCEEDED,
        gateway_reference=command.answer.reference,
        transaction_id=transaction.transaction_id,
        look_up_at=None,
        settled_at=book.now,
    )
    refunded_minor = payment.refunded_minor + refund.amount_minor
    is_revoked = command.revokes_access and refunded_minor == payment.amount_minor
    payment = with_values(
        payment, refunded_minor=refunded_minor, revoked_at=book.now if is_revoked else payment.revoked_at
    )
    _tell(book, customer, refund, payment)
    status = order_status(payment)
    emit(book, "order.refunded", customer, lambda: order_object(book, customer, payment, status))
    if is_revoked:
        _revoke(book, customer, payment)
    return refund, payment


def _transaction(book: Book, refund: RefundFact, payment: PaymentFact) -> TransactionFact:
    return TransactionFact(
        tenant_id=book.tenant_id,
        transaction_id=book.next_number("transaction"),
        customer_number=refund.customer_number,
        kind="refund",
        settlement="gateway",
        origin=ORIGIN,
        currency=refund.currency,
        net_minor=-refund.amount_minor,
        tax_minor=0,
        gross_minor=-refund.amount_minor,
        buy_minor=0,
        effective_at=book.now,
        recorded_at=book.now,
        payment_id=payment.payment_id,
        description=detail_of(payment).plan_name,
    )


def _failed(
    book: Book, customer: CustomerFact, refund: RefundFact, payment: PaymentFact, why: tuple[str, str]
) -> tuple[RefundFact, PaymentFact]:
    """Nothing was given back: the reservation ends. `why` is a code and a sentence."""
    refund = with_values(
        refund, state=FAILED, failure_code=why[0], failure_text=why[1], look_up_at=None, settled_at=book.now
    )
    payment = with_values(payment, refund_reserved_minor=payment.refund_reserved_minor - refund.amount_minor)
    _tell(book, customer, refund, payment)
    return refund, payment


def _tell(book: Book, customer: CustomerFact, refund: RefundFact, payment: PaymentFact) -> None:
    status = STATUSES[refund.state]
    previous = {"status": STATUSES[PENDING]}
    emit(book, "refund.updated", customer, lambda: refund_object(book, customer, payment, refund, status), previous)


def _revoke(book: Book, customer: CustomerFact, payment: PaymentFact) -> None:
    given = book.find(EntitlementFact, customer_number=customer.number, payment_id=payment.payment_id)
    for entitlement in given:
        if entitlement.revoked_at is None:
            book.put(with_values(entitlement, revoked_at=book.now))
    emit(book, "subscription.cancelled", customer, lambda: subscription_object(book, customer, payment))


def _is_noted(book: Book, command: SettleRefund) -> bool:
    return bool(book.find(RefundAttemptFact, refund_id=command.refund_id, attempt_no=command.attempt_no))


def _attempt(book: Book, command: SettleRefund) -> RefundAttemptFact:
    return RefundAttemptFact(
        tenant_id=book.tenant_id,
        refund_id=command.refund_id,
        attempt_no=command.attempt_no,
        kind=command.kind,
        outcome=command.answer.outcome,
        started_at=command.started_at,
        ended_at=command.ended_at,
    )


# Claiming what is open.


def claim(book: Book, command: ClaimUnresolvedRefunds) -> tuple[RefundStarted, ...]:
    """Refunds whose look-up is due. Each comes back by itself if nothing is heard of it, later every time."""
    due = book.unit.due_refunds(book.system_now, command.count)
    refunds = [_claimed(book, command, refund) for refund in due]
    for refund in refunds:
        book.put(refund)
    payments = _payments(book, refunds)
    return tuple(RefundStarted(refund, payments[refund.payment_id], book.system_now) for refund in refunds)


def _claimed(book: Book, command: ClaimUnresolvedRefunds, refund: RefundFact) -> RefundFact:
    look_ups = refund.look_ups + 1
    gap_seconds = max(command.lease_seconds, look_up_gap_seconds(command.resolve_after_seconds, look_ups))
    return with_values(refund, look_ups=look_ups, look_up_at=book.system_now + gap_seconds * SECOND)


def _payments(book: Book, refunds: list[RefundFact]) -> dict[int, PaymentFact]:
    ids = sorted({refund.payment_id for refund in refunds})
    return {payment.payment_id: payment for payment in book.find(PaymentFact, payment_id=ids)} if ids else {}

"""The outcome of a purchase: what a gateway answered, at once or asked later, is written down once."""

from __future__ import annotations

from msgspec.structs import replace as with_values

from tollhouse.domain.summaries import ChargeSummary
from tollhouse.ledger.book import Book
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import ClaimUnresolved, SettlePurchase
from tollhouse.ledger.events.emitting import emit
from tollhouse.ledger.events.objects import invoice_object, order_object, subscription_object
from tollhouse.ledger.facts import CustomerFact, EntitlementFact, PaymentAttemptFact, PaymentFact, TransactionFact
from tollhouse.ledger.payment_methods import prove
from tollhouse.ledger.purchase_details import BY_SUBSCRIPTION, DECLINED, ORIGIN, PENDING, SUCCEEDED, Grant, detail_of
from tollhouse.ledger.purchasing import sessions
from tollhouse.ledger.refusals import SumTooLarge

NOT_COMPLETED = ("payment_not_completed", "The payment was not completed; no money was taken.")

HOUR_SECONDS = 3600
DAY_SECONDS = 86_400


class TakenButNotRecorded(Exception):
    """A gateway took money that the customer's sum has no room for. The payment stays pending: look at it by hand."""


def settle(book: Book, command: SettlePurchase) -> PaymentFact:
    """The payment as it stands after this answer. One that was settled before stays as it is; the call is noted, an
    event once."""
    (payment,) = book.find(PaymentFact, lock=True, payment_id=command.payment_id)
    if command.kind == "event" and _is_noted(book, command):
        return payment
    if payment.state == PENDING:
        payment = _answered(book, payment, command)
        book.put(payment)
    book.put(_attempt(book, command))
    return payment


def _answered(book: Book, payment: PaymentFact, command: SettlePurchase) -> PaymentFact:
    answer = command.answer
    match answer.outcome:
        case "succeeded":
            return _taken(book, payment, answer.reference)
        case "declined":
            return _declined(book, payment, answer.decline_code, answer.decline_text)
        case "absent":
            return _declined(book, payment, *NOT_COMPLETED)
        case _:
            gap_seconds = look_up_gap_seconds(command.resolve_after_seconds, payment.look_ups)
            return with_values(payment, look_up_at=book.system_now + gap_seconds * SECOND)


def _taken(book: Book, payment: PaymentFact, gateway_reference: str) -> PaymentFact:
    customer = book.customer(payment.customer_number)
    if customer is None:
        raise LookupError(f"payment {payment.payment_id} names no customer")
    summary = book.summary(customer.number, payment.currency)
    try:
        summary_after = book.check_sum(summary, payment.amount_minor, payment.created_at)
    except SumTooLarge as error:
        raise TakenButNotRecorded(f"payment {payment.payment_id}") from error
    return succeeded(book, customer, payment, summary_after, gateway_reference)


def succeeded(
    book: Book, customer: CustomerFact, payment: PaymentFact, summary_after: ChargeSummary, gateway_reference: str
) -> PaymentFact:
    """Record the money, give what it bought, tell of it, and hold the customer to its currency if to none yet. The
    payment as it is then."""
    transaction = TransactionFact(
        tenant_id=book.tenant_id,
        transaction_id=book.next_number("transaction"),
        customer_number=customer.number,
        kind="charge",
        settlement="gateway",
        origin=ORIGIN,
        currency=payment.currency,
        net_minor=payment.amount_minor,
        tax_minor=0,
        gross_minor=payment.amount_minor,
        buy_minor=0,
        effective_at=payment.created_at,
        recorded_at=book.now,
        payment_id=payment.payment_id,
        description=detail_of(payment).plan_name,
    )
    book.record(transaction, summary_after)
    if customer.currency_lock is None and detail_of(payment).made_by != BY_SUBSCRIPTION:
        book.lock_currency(customer, payment.currency)
    payment = with_values(
        payment,
        state=SUCCEEDED,
        gateway_reference=gateway_reference,
        transaction_id=transaction.transaction_id,
        look_up_at=None,
        settled_at=book.now,
    )
    for position, grant in enumerate(detail_of(payment).grants):
        book.put(_entitlement(payment, position, grant))
    if detail_of(payment).session_uid:
        prove(book, customer, payment.gateway, payment.token)
    _tell(book, customer, payment)
    sessions.paid(book, customer, payment)
    return payment


def _entitlement(payment: PaymentFact, position: int, grant: Grant) -> EntitlementFact:
    return EntitlementFact(
        tenant_id=payment.tenant_id,
        customer_number=payment.customer_number,
        payment_id=payment.payment_id,
        position=position,
        feature_uid=grant.feature_uid,
        identifier=grant.identifier,
        feature_type=grant.feature_type,
        has_access=int(grant.has_access),
        usage_limit=grant.usage_limit,
        used=0,
        hard_limit=int(grant.hard_limit),
        reset=grant.reset,
        granted_at=payment.settled_at or payment.created_at,
        revoked_at=None,
    )


def _tell(book: Book, customer: CustomerFact, payment: PaymentFact) -> None:
    """The events of a purchase, in the order in which they are told."""
    emit(book, "order.created", customer, lambda: order_object(book, customer, payment, "COMPLETE"))
    emit(book, "invoice.created", customer, lambda: invoice_object(book, customer, payment, "OPEN"))
    emit(book, "invoice.paid", customer, lambda: invoice_object(book, customer, payment, "PAID"))
    emit(book, "subscription.created", customer, lambda: subscription_object(book, customer, payment))


def _declined(book: Book, payment: PaymentFact, code: str, text: str) -> PaymentFact:
    sessions.declined(book, payment)
    return with_values(
        payment, state=DECLINED, decline_code=code, decline_text=text, look_up_at=None, settled_at=book.now
    )


def _is_noted(book: Book, command: SettlePurchase) -> bool:
    return bool(book.find(PaymentAttemptFact, payment_id=command.payment_id, attempt_no=command.attempt_no))


def _attempt(book: Book, command: SettlePurchase) -> PaymentAttemptFact:
    return PaymentAttemptFact(
        tenant_id=book.tenant_id,
        payment_id=command.payment_id,
        attempt_no=command.attempt_no,
        kind=command.kind,
        outcome=command.answer.outcome,
        started_at=command.started_at,
        ended_at=command.ended_at,
    )


# Claiming what is open.


def claim(book: Book, command: ClaimUnresolved) -> tuple[PaymentFact, ...]:
    """Payments whose look-up is due. Each comes back by itself if nothing is heard of it, later every time."""
    due = book.unit.due_payments(book.system_now, command.count)
    payments = tuple(_claimed(book, command, payment) for payment in due)
    for payment in payments:
        book.put(payment)
    return payments


def _claimed(book: Book, command: ClaimUnresolved, payment: PaymentFact) -> PaymentFact:
    look_ups = payment.look_ups + 1
    gap_seconds = max(command.lease_seconds, look_up_gap_seconds(command.resolve_after_seconds, look_ups))
    return with_values(payment, look_ups=look_ups, look_up_at=book.system_now + gap_seconds * SECOND)


def look_up_gap_seconds(resolve_after_seconds: int, look_ups: int) -> int:
    """How long until the next look-up after so many: the setting, then twice as long each time up to an hour, then an
    hour until a day has gone by, then a day; for ever."""
    first = max(resolve_after_seconds, 1)
    doublings = next(count for count in range(HOUR_SECONDS) if first << count >= HOUR_SECONDS)
    if look_ups < doublings:
        return first << look_ups
    left_of_day = DAY_SECONDS - first * ((1 << doublings) - 1)
    hourly = max(first, HOUR_SECONDS)
    return hourly if look_ups < doublings - (-left_of_day // hourly) else DAY_SECONDS

"""What is listed, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeVar

from tollhouse.domain.money import major_text
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import (
    CustomerFact,
    ExchangeRateFact,
    Fact,
    KeyFact,
    PaymentFact,
    PaymentMethodFact,
    RefundFact,
    ScheduleFact,
    TopupRequestFact,
)
from tollhouse.ledger.facts.schedules import PARKED
from tollhouse.ledger.keys import key_id
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.purchase_details import PENDING
from tollhouse.ledger.queries import Found, Page

F = TypeVar("F", bound=Fact)

List = Callable[[Reader, Page], Found[dict[str, Any]]]


def _on_page(reader: Reader, kind: type[F], order: Sequence[str], page: Page, **equals: Any) -> Found[F]:
    total = reader.count(kind, **equals)
    if page.offset >= total:
        return Found([], total)
    until = page.offset + page.size
    # The last page reads to the end, so that the cursor is done.
    rows = islice(reader.stream(kind, order=order, **equals), page.offset, until if until < total else None)
    return Found(list(rows), total)


def keys(reader: Reader, page: Page) -> Found[dict[str, Any]]:
    keys = _on_page(reader, KeyFact, ("created_at", "name", "key_hash"), page)
    rows = [
        {
            "id": key_id(key),
            "name": key.name,
            "kind": key.kind,
            "created_at": key.created_at // SECOND,
            "revoked_at": None if key.revoked_at is None else key.revoked_at // SECOND,
        }
        for key in keys.rows
    ]
    return Found(rows, keys.total)


def payment_methods(reader: Reader, page: Page) -> Found[dict[str, Any]]:
    methods = _on_page(reader, PaymentMethodFact, ("payment_method_id",), page)
    numbers = sorted({method.customer_number for method in methods.rows})
    customers = {c.number: c.reference for c in reader.find(CustomerFact, number=numbers)}
    rows = [
        {
            "id": method.payment_method_id,
            "customer": customers.get(method.customer_number),
            "gateway": method.gateway,
            "default": bool(method.is_default),
            "state": method.state,
        }
        for method in methods.rows
    ]
    return Found(rows, methods.total)


def exchange_rates(reader: Reader, page: Page) -> Found[dict[str, Any]]:
    rates = _on_page(reader, ExchangeRateFact, ("from_currency", "to_currency", "effective_at"), page)
    rows = [
        {
            "from": rate.from_currency,
            "to": rate.to_currency,
            "rate": rate.rate,
            "time": rate.effective_at // SECOND or None,
        }
        for rate in rates.rows
    ]
    return Found(rows, rates.total)


def topup_requests(reader: Reader, page: Page) -> Found[dict[str, Any]]:
    """What customers asked their parents to add to their balances, the newest first."""
    requests = _on_page(reader, TopupRequestFact, ("-requested_at", "-request_id"), page)
    rows = [
        {
            "id": row.request_id,
            "customer": row.customer_number,
            "parent": row.parent_number,
            "person": row.person_id,
            "amount": major_text(row.amount_minor, row.currency),
            "currency": row.currency,
            "invoice": row.invoice_id,
            "time": row.requested_at // SECOND,
        }
        for row in requests.rows
    ]
    return Found(rows, requests.total)


def parked_charges(reader: Reader, page: Page) -> Found[dict[str, Any]]:
    """What fell due and could not be charged; a customer of 0 is everybody on the charge's plan."""
    schedules = _on_page(reader, ScheduleFact, ("due_at", "charge_id", "customer_number"), page, state=PARKED)
    rows = [
        {
            "charge": row.charge_id,
            "customer": row.customer_number,
            "occurrence": row.next_key,
            "due": row.due_at // SECOND,
            "reason": row.reason,
            "tries": row.tries,
        }
        for row in schedules.rows
    ]
    return Found(rows, schedules.total)


def pending_payments(reader: Reader, page: Page) -> Found[dict[str, Any]]:
    """Payments whose outcome is not known, the one that is looked up next first."""
    payments = _on_page(reader, PaymentFact, ("look_up_at", "payment_id"), page, state=PENDING)
    numbers = sorted({payment.customer_number for payment in payments.rows})
    customers = {c.number: c.reference for c in reader.find(CustomerFact, number=numbers)}
    rows = [
        {
            "order": row.order_id,
            "customer": customers.get(row.customer_number),
            "gateway": row.gateway,
            "amount": major_text(row.amount_minor, row.currency),
            "currency": row.currency,
            "answer_due": row.call_until_at // SECOND,
            "look_ups": row.look_ups,
            "next_look_up": row.look_up_at and row.look_up_at // SECOND,
        }
        for row in payments.rows
    ]
    return Found(rows, payments.total)


def pending_refunds(reader: Reader, page: Page) -> Found[dict[str, Any]]:
    """Refunds whose outcome is not known, the one that is looked up next first."""
    refunds = _on_page(reader, RefundFact, ("look_up_at", "refund_id"), page, state=PENDING)
    ids = sorted({refund.payment_id for refund in refunds.rows})
    payments = {payment.payment_id: payment for payment in reader.find(PaymentFact, payment_id=ids)}
    rows = [
        {
            "refund": row.uid,
            "order": payments[row.payment_id].order_id,
            "gateway": payments[row.payment_id].gateway,
            "amount": major_text(row.amount_minor, row.currency),
            "currency": row.currency,
            "answer_due": row.call_until_at // SECOND,
            "look_ups": row.look_ups,
            "next_look_up": row.look_up_at and row.look_up_at // SECOND,
        }
        for row in refunds.rows
    ]
    return Found(rows, refunds.total)

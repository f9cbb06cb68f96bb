"""Charges, what falls due of them, explanations and corrections as rows and fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tollhouse.cli.showing import Instant, Money, Value
from tollhouse.ledger.correcting import Corrected
from tollhouse.ledger.explaining import Step
from tollhouse.ledger.facts import ChargeFact, PaymentFact, RefundFact, ScheduleFact

CHARGES: Final = (
    "charge",
    "customer",
    "plan",
    "name",
    "amount",
    "currency",
    "period",
    "start_at",
    "end_at",
    "origin",
)
SCHEDULES: Final = ("charge", "customer", "state", "occurrence", "due_at", "tries", "reason")
OPEN: Final = ("kind", "id", "order", "customer", "gateway", "amount", "answer_due_at", "look_ups", "next_look_up_at")
STEPS: Final = ("step", "says")
POSTINGS: Final = ("account", "amount")


def charge_row(charge: ChargeFact) -> Sequence[Value]:
    return (
        charge.charge_id,
        charge.customer_number or None,
        charge.plan_number or None,
        charge.name,
        charge.amount,
        charge.currency,
        charge.period,
        Instant(charge.start_at) if charge.start_at else None,
        Instant(charge.end_at) if charge.end_at else None,
        charge.origin,
    )


def charge_fields(charge: ChargeFact) -> dict[str, Value]:
    return dict(zip(CHARGES, charge_row(charge), strict=True)) | {
        "description": charge.description,
        "buy": charge.buy,
        "owner": charge.owner_number,
        "times_max": charge.number_max or None,
        "anchor": charge.anchor_on or None,
        "created_at": Instant(charge.created_at),
        "deleted_at": None if charge.deleted_at is None else Instant(charge.deleted_at),
    }


def schedule_row(schedule: ScheduleFact) -> Sequence[Value]:
    return (
        schedule.charge_id,
        schedule.customer_number,
        schedule.state,
        schedule.next_key,
        Instant(schedule.due_at),
        schedule.tries,
        schedule.reason,
    )


def open_row(kind: str, name: str, moved: PaymentFact | RefundFact, payment: PaymentFact) -> Sequence[Value]:
    return (
        kind,
        name,
        payment.order_id,
        moved.customer_number,
        payment.gateway,
        Money(moved.amount_minor, moved.currency),
        Instant(moved.call_until_at),
        moved.look_ups,
        None if moved.look_up_at is None else Instant(moved.look_up_at),
    )


def step_row(step: Step) -> Sequence[Value]:
    return step.what, step.says


def corrected_fields(corrected: Corrected, key: str, *, is_done: bool, was_done: bool) -> dict[str, Value]:
    """`transaction` is the correction's own number, which a rehearsal does not have."""
    charge, summary = corrected.charge, corrected.summary
    return {
        "done": is_done,
        "already": was_done,
        "kind": corrected.transaction.kind,
        "amount": amount_of(corrected),
        "charge": charge.transaction_id,
        "charged": Money(charge.gross_minor, charge.currency),
        "refunded": Money(corrected.refunded_minor, charge.currency),
        "customer": corrected.customer.number,
        "reference": corrected.customer.reference,
        "name": corrected.customer.name,
        "charges_after": summary.count,
        "sum_after": Money(summary.sum_minor, charge.currency),
        "refunded_after": Money(summary.refunded_minor, charge.currency),
        "transaction": corrected.transaction.transaction_id if is_done else None,
        "key": key,
    }


def amount_of(corrected: Corrected) -> Money:
    return Money(-corrected.transaction.gross_minor, corrected.transaction.currency)

"""Payment methods of a provisioning file: what is charged, and what may be shown of it."""

from __future__ import annotations

from collections.abc import Callable

from tollhouse.ledger.commands import GatewayMethod
from tollhouse.ledger.facts import PaymentMethodFact
from tollhouse.ledger.payment_methods import details_from, details_of
from tollhouse.ledger.ports import UnitOfWork
from tollhouse.ledger.provisioning.document import PaymentMethodTable


def apply_method(
    unit: UnitOfWork, customer_number: int, now: int, *, table: PaymentMethodTable, take: Callable[[], int]
) -> bool:
    """A new payment method, its number from `take`, or the one with this token, which can be used again. Whether it is
    new. The customer is locked."""
    theirs = unit.find(PaymentMethodFact, customer_number=customer_number)
    known = [method for method in theirs if (method.gateway, method.token) == (table.gateway, table.token)]
    if table.default:
        unit.change(PaymentMethodFact, {"customer_number": customer_number}, is_default=0)
    method = known[0] if known else _new_method(unit, customer_number, now, table, take())
    method.state = "succeeded"
    method.is_default = int(table.default or (bool(known) and bool(known[0].is_default)))
    unit.upsert([method])
    shown = shown_of(table)
    if shown is not None:
        unit.upsert([details_from(method, shown, details_of(unit, method), now)])
    return not known


def shown_of(table: PaymentMethodTable) -> GatewayMethod | None:
    """What the file says may be shown; None where it says nothing."""
    if table.last4 is None:
        return None
    return GatewayMethod(
        "card",
        brand=table.brand or "",
        last4=table.last4,
        exp_month=table.exp_month or 0,
        exp_year=table.exp_year or 0,
        funding=table.funding or "",
        country=table.country or "",
    )


def _new_method(
    unit: UnitOfWork, customer_number: int, now: int, table: PaymentMethodTable, payment_method_id: int
) -> PaymentMethodFact:
    return PaymentMethodFact(
        tenant_id=unit.tenant_id,
        payment_method_id=payment_method_id,
        customer_number=customer_number,
        gateway=table.gateway,
        token=table.token,
        is_default=0,
        state="succeeded",
        created_at=now,
    )

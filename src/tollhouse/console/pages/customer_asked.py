"""What the forms that move a customer's money ask for, as commands; with what is wrong told at its field."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from tollhouse.console.forms import (
    Faults,
    beginning_of,
    choice_of,
    currency_of,
    day_of,
    decimal_of,
    minor_of,
    number_of,
    text_of,
)
from tollhouse.console.pages.customer_seen import May, what_may_be
from tollhouse.console.visits import Visit
from tollhouse.ledger.commands import AddToBalance, CreateCharge
from tollhouse.ledger.commands.by_hand import ChargeOnce, RecordByHand
from tollhouse.ledger.facts import CustomerFact
from tollhouse.ledger.scheduling import zone_of

#: How a charge settles, as the form says it.
ACCOUNT: Final = "account"
RECORDED: Final = "recorded"

KINDS: Final = {
    "credit": "Credit",
    "topup": "Top-up",
    "adjustment": "Adjustment, which the customer is not shown",
}
PERIODS: Final = {
    "monthly": "Every month",
    "quarterly": "Every three months",
    "annually": "Every year",
    "once": "Once",
}

#: Minor units, as a rehearsal sends them along.
_AMOUNT: Final = re.compile(r"-?[0-9]{1,19}")


def ways_to_settle(visit: Visit, customer: CustomerFact, may: May) -> dict[str, str]:
    """Those that the customer can use, and whoever asks may."""
    ways = {}
    if may.charge:
        elsewhere = customer.bill_type == "external"
        ways[ACCOUNT] = "With taxes, billed elsewhere" if elsewhere else "On account, with taxes"
    if may.record:
        ways[RECORDED] = f"Collected elsewhere: a final amount in {visit.tenant.currency}"
    return ways


def charge_asked(visit: Visit, customer: CustomerFact, faults: Faults) -> ChargeOnce | RecordByHand:
    may = what_may_be(visit, customer)
    ways = ways_to_settle(visit, customer, may)
    settles = choice_of(visit.form, "settles", ways, faults, default=next(iter(ways)))
    if settles == RECORDED:
        return _recorded(visit, customer, faults)
    currency = currency_of(visit.form, "currency", faults, default=customer.currency)
    amount = decimal_of(visit.form, "amount", faults)
    buy = decimal_of(visit.form, "buy", faults, is_needed=False)
    if not faults:
        minor_of(visit.form, "amount", currency, faults)
    if visit.form.get("day", "").strip():
        faults["day"] = "What goes on account is charged today: leave this empty."
    return ChargeOnce(
        tenant_id=visit.tenant_id,
        idempotency=visit.idempotency,
        caller=visit.caller,
        customer_number=customer.number,
        name=text_of(visit.form, "name", faults, is_needed=True),
        amount=amount,
        buy=buy,
        currency=currency,
        digest=visit.form.get("digest", ""),
        self_charges=bool(visit.desk.settings.self_charges),
    )


def _recorded(visit: Visit, customer: CustomerFact, faults: Faults) -> RecordByHand:
    currency = currency_of(visit.form, "currency", faults, default=visit.tenant.currency)
    if "currency" not in faults and currency != visit.tenant.currency:
        faults["currency"] = f"What was collected elsewhere is recorded in {visit.tenant.currency}."
    if visit.form.get("buy", "").strip():
        faults["buy"] = "A charge that was collected elsewhere has no buy cost: leave this empty."
    amount_minor = minor_of(visit.form, "amount", visit.tenant.currency, faults)
    on = day_of(visit.form, "day", faults)
    return RecordByHand(
        tenant_id=visit.tenant_id,
        idempotency=visit.idempotency,
        caller=visit.caller,
        customer_number=customer.number,
        amount_minor=amount_minor,
        effective_at=None if on is None else beginning_of(on, visit.tenant.timezone),
        description=text_of(visit.form, "name", faults, is_needed=True),
    )


def schedule_asked(visit: Visit, customer: CustomerFact, faults: Faults) -> CreateCharge:
    currency = currency_of(visit.form, "currency", faults, default=customer.currency)
    amount = decimal_of(visit.form, "amount", faults)
    buy = decimal_of(visit.form, "buy", faults, is_needed=False)
    if not faults:
        minor_of(visit.form, "amount", currency, faults)
    zone = zone_of(visit.tenant, customer)
    start_on, end_on = day_of(visit.form, "start", faults), day_of(visit.form, "end", faults)
    return CreateCharge(
        tenant_id=visit.tenant_id,
        idempotency=visit.idempotency,
        caller=visit.caller,
        customer_number=customer.number,
        plan_number=0,
        name=text_of(visit.form, "name", faults, is_needed=True),
        amount=amount,
        buy=buy,
        currency=currency,
        description=text_of(visit.form, "description", faults),
        period=choice_of(visit.form, "period", PERIODS, faults, default="monthly"),
        start_at=_instant(start_on, zone),
        end_at=_instant(end_on, zone),
        number_max=number_of(visit.form, "times", faults, most=1_000_000) or 0,
        self_charges=bool(visit.desk.settings.self_charges),
    )


def credit_asked(visit: Visit, customer: CustomerFact, faults: Faults) -> AddToBalance:
    agreed = visit.form.get("digest", "")
    currency = currency_of(visit.form, "currency", faults, default=customer.currency)
    amount = decimal_of(visit.form, "amount", faults)
    if not faults:
        minor_of(visit.form, "amount", currency, faults, is_positive=False)
    if not faults and not amount:
        faults["amount"] = "Enter an amount other than zero."
    return AddToBalance(
        tenant_id=visit.tenant_id,
        idempotency=visit.idempotency,
        caller=visit.caller,
        customer_number=customer.number,
        amount=amount,
        kind=choice_of(visit.form, "kind", KINDS, faults, default="credit"),
        currency=currency,
        description=text_of(visit.form, "description", faults),
        agreed_minor=int(agreed) if _AMOUNT.fullmatch(agreed) else None,
    )


def _instant(day: date | None, zone: str) -> int:
    return 0 if day is None else beginning_of(day, zone)

"""Charges on a customer or a plan: ENSwitch's way. Made, changed and stopped; none of it moves money.

So taxes can be set first. Amounts are exact decimals in the charge's currency, and are turned into the customer's and
rounded when they are charged.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tollhouse.domain import money, periods
from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.money import OutOfRange
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import CreateCharge, DeleteCharge, UpdateCharge
from tollhouse.ledger.enrolling import charge_changed, charge_made
from tollhouse.ledger.exchanging import check_known, conversion_at_hand
from tollhouse.ledger.facts import ROOT_NUMBER, ChargeFact, CustomerFact, PlanFact
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    BuyOutOfRange,
    ChargeUnknown,
    CustomerUnknown,
    EndBeforeStart,
    NegativeAmountRefused,
    PlanUnknown,
    SelfChargeRefused,
)
from tollhouse.ledger.scheduling import anchor_on, zone_of
from tollhouse.ledger.seeing import charge_seen, customer_seen, plan_seen
from tollhouse.ledger.sight import Sight

ORIGIN: Final = "enswitch"


class ChargeCreated(msgspec.Struct, frozen=True, gc=False):
    """`charge_id` is 0 where the command was only to be decided."""

    charge_id: int

    @property
    def fact_id(self) -> int:
        return self.charge_id


class ChargeChanged(msgspec.Struct, frozen=True, gc=False):
    charge_id: int


def create(book: Book, command: CreateCharge) -> ChargeCreated:
    target = _target(book, command)
    currency = command.currency or book.tenant.currency
    _check_window(command.start_at, command.end_at)
    _check_currency_known(book, currency, target)
    _check_amounts(command.amount, command.buy, currency)
    if target is None:
        raise CustomerUnknown if command.customer_number else PlanUnknown
    if isinstance(target, CustomerFact):
        _check_self(command, target)
        conversion_at_hand(book, currency, target.currency)
    if command.validation:
        return ChargeCreated(0)
    charge = new_charge(
        book,
        target,
        name=command.name,
        description=command.description,
        amount=command.amount,
        buy=command.buy,
        currency=currency,
        period=command.period,
        start_at=command.start_at,
        end_at=command.end_at,
        number_max=command.number_max,
    )
    return ChargeCreated(charge.charge_id)


def replay_create(book: Book, command: CreateCharge, fact_id: int) -> ChargeCreated:
    """The first answer again, for a caller who could have had it."""
    if _target(book, command) is None:
        raise CustomerUnknown if command.customer_number else PlanUnknown
    return ChargeCreated(fact_id)


def new_charge(
    book: Book,
    target: CustomerFact | PlanFact,
    *,
    name: str,
    description: str,
    amount: Decimal,
    buy: Decimal,
    currency: str,
    period: str,
    start_at: int = 0,
    end_at: int = 0,
    number_max: int = 0,
    product_id: int = 0,
) -> ChargeFact:
    """Add a charge with its schedule to the book; whoever calls has checked all of it, and has a number at hand.

    The charge belongs to the customer's direct parent, or to the plan's owner.
    """
    charge = charge_fact(
        book,
        target,
        book.next_number("charge"),
        name=name,
        description=description,
        amount=amount,
        buy=buy,
        currency=currency,
        period=period,
        start_at=start_at,
        end_at=end_at,
        number_max=number_max,
        product_id=product_id,
    )
    charge = charge_made(book, charge, target if isinstance(target, CustomerFact) else None)
    book.add(charge)
    return charge


def charge_fact(
    sight: Sight,
    target: CustomerFact | PlanFact,
    charge_id: int,
    *,
    name: str,
    description: str,
    amount: Decimal,
    buy: Decimal,
    currency: str,
    period: str,
    start_at: int = 0,
    end_at: int = 0,
    number_max: int = 0,
    product_id: int = 0,
) -> ChargeFact:
    """A charge as it is or would be made now: one that is only foreseen has the id 0."""
    customer = target if isinstance(target, CustomerFact) else None
    plan_number = 0 if isinstance(target, CustomerFact) else target.number
    owner_number = target.parent_number or target.number if isinstance(target, CustomerFact) else target.owner_number
    anchor = sight.tenant.anchor
    zone = zone_of(sight.tenant, customer)
    return ChargeFact(
        tenant_id=sight.tenant.tenant_id,
        charge_id=charge_id,
        customer_number=customer.number if customer else 0,
        plan_number=plan_number,
        owner_number=owner_number,
        name=name,
        description=description,
        amount=decimal_text(amount),
        buy=decimal_text(buy),
        currency=currency,
        period=period,
        start_at=start_at,
        end_at=end_at,
        number_max=number_max,
        anchor=anchor,
        origin=ORIGIN,
        created_at=sight.now,
        anchor_on=anchor_on(anchor, start_at, sight.now, zone).isoformat(),
        product_id=product_id,
    )


def update(book: Book, command: UpdateCharge) -> ChargeChanged:
    charge = _changeable(book, command)
    customer = _customer_of(book, charge) if charge is not None else None
    if command.currency is not None:
        _check_currency_known(book, command.currency, customer)
    if charge is None:
        raise ChargeUnknown
    changed = replace(charge, **_changes(command))
    _check_window(changed.start_at, changed.end_at)
    _check_amounts(Decimal(changed.amount), Decimal(changed.buy), changed.currency)
    if customer is not None:
        conversion_at_hand(book, changed.currency, customer.currency)
    if not command.validation:
        changed = _anchored_again(book, charge, changed, customer)
        book.put(charge_changed(book, charge, changed, customer))
    return ChargeChanged(charge.charge_id)


def delete(book: Book, command: DeleteCharge) -> ChargeChanged:
    charge = _changeable(book, command)
    if charge is None:
        raise ChargeUnknown
    deleted = replace(charge, deleted_at=book.now)
    book.put(charge_changed(book, charge, deleted, _customer_of(book, charge)))
    return ChargeChanged(charge.charge_id)


def _anchored_again(book: Book, before: ChargeFact, after: ChargeFact, customer: CustomerFact | None) -> ChargeFact:
    """A charge whose periods count from its start has them counted from a new start."""
    if after.start_at == before.start_at:
        return after
    zone = zone_of(book.tenant, customer)
    return replace(after, anchor_on=anchor_on(after.anchor, after.start_at, after.created_at, zone).isoformat())


def _target(book: Book, command: CreateCharge) -> CustomerFact | PlanFact | None:
    """Whom to charge, where the caller may: a plan bills others, so it takes a caller who reaches them."""
    try:
        if command.customer_number:
            return customer_seen(book, command.caller, command.customer_number)
        return plan_seen(book, command.caller, command.plan_number) if command.caller.may_reach_below else None
    except (CustomerUnknown, PlanUnknown):
        return None


def _changeable(book: Book, command: UpdateCharge | DeleteCharge) -> ChargeFact | None:
    """The charge, where the caller sees it and could have created it."""
    caller = command.caller
    try:
        charge = charge_seen(book, caller, command.charge_id, lock=True)
    except ChargeUnknown:
        return None
    customer = _customer_of(book, charge)
    may_change = caller.may_reach_below if customer is None else caller.reaches(customer.path)
    return charge if may_change else None


def _customer_of(book: Book, charge: ChargeFact) -> CustomerFact | None:
    """The one customer of a charge; None for a plan's."""
    found = book.find(CustomerFact, number=charge.customer_number) if charge.customer_number else []
    return found[0] if found else None


def _check_window(start_at: int, end_at: int) -> None:
    if not periods.is_window(start_at, end_at):
        raise EndBeforeStart


def _check_currency_known(book: Book, currency: str, target: CustomerFact | PlanFact | None) -> None:
    """A customer's own currency needs no rate and is known for it."""
    check_known(book, currency, *((target.currency,) if isinstance(target, CustomerFact) else ()))


def _check_amounts(amount: Decimal, buy: Decimal, currency: str) -> None:
    for value, refusal in ((amount, AmountOutOfRange), (buy, BuyOutOfRange)):
        try:
            money.rounded_minor(value, currency)
        except OutOfRange as error:
            raise refusal from error


def _check_self(command: CreateCharge, customer: CustomerFact) -> None:
    """A credit that one gives oneself is money for nothing. The root charges nobody's account but its own."""
    if customer.number != command.caller.customer_number or customer.number == ROOT_NUMBER:
        return
    if not command.self_charges:
        raise SelfChargeRefused
    if command.amount < 0:
        raise NegativeAmountRefused


def _changes(command: UpdateCharge) -> dict[str, Any]:
    names = ("name", "description", "currency", "period", "start_at", "end_at", "number_max")
    changes = {name: getattr(command, name) for name in names}
    changes["amount"] = None if command.amount is None else decimal_text(command.amount)
    changes["buy"] = None if command.buy is None else decimal_text(command.buy)
    return {name: value for name, value in changes.items() if value is not None}

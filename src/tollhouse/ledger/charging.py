"""Charges on a customer or a plan, and charging them: ENSwitch's way.

Creating a charge moves no money, so that taxes can be set first. Charging it writes a transaction with its taxes,
counts the occurrence and moves the balance, in one commit. Amounts are exact decimals in the charge's currency, and are
turned into the customer's and rounded when they are charged.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from msgspec.structs import replace

from tollhouse.domain import money, periods
from tollhouse.domain.decimals import decimal_text, fraction_text
from tollhouse.domain.exchange import Conversion
from tollhouse.domain.money import OutOfRange
from tollhouse.domain.tax import TaxLine
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import ChargeNow, CreateCharge, DeleteCharge, UpdateCharge
from tollhouse.ledger.exchanging import check_known, conversion_at_hand
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    ChargeFact,
    CustomerFact,
    OccurrenceFact,
    PlanFact,
    TransactionFact,
    TransactionTaxFact,
)
from tollhouse.ledger.refusals import (
    AlreadyCharged,
    AmountOutOfRange,
    BuyOutOfRange,
    ChargeUnknown,
    CustomerUnknown,
    EndBeforeStart,
    NegativeAmountRefused,
    NotYetSupported,
    OutsideWindow,
    PlanUnknown,
    SelfChargeRefused,
    SumTooLarge,
)
from tollhouse.ledger.seeing import charge_ever_seen, charge_seen, customer_seen, plan_seen
from tollhouse.ledger.taxing import assessed

ORIGIN = "enswitch"
WITHOUT_PERIODS = ("once", "")


class ChargeCreated(msgspec.Struct, frozen=True, gc=False):
    """`charge_id` is 0 where the command was only to be decided."""

    charge_id: int

    @property
    def fact_id(self) -> int:
        return self.charge_id


class ChargeChanged(msgspec.Struct, frozen=True, gc=False):
    charge_id: int


class Charged(msgspec.Struct, frozen=True, gc=False):
    """`transaction_id` is 0 where nothing was to be recorded: for a customer with the bill type none."""

    transaction_id: int

    @property
    def fact_id(self) -> int:
        return self.transaction_id


# Creating and changing.


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
    charge = _new_charge(book, command, currency, target)
    book.add(charge)
    return ChargeCreated(charge.charge_id)


def replay_create(book: Book, command: CreateCharge, fact_id: int) -> ChargeCreated:
    """The first answer again, for a caller who could have had it."""
    if _target(book, command) is None:
        raise CustomerUnknown if command.customer_number else PlanUnknown
    return ChargeCreated(fact_id)


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
        book.put(changed)
    return ChargeChanged(charge.charge_id)


def delete(book: Book, command: DeleteCharge) -> ChargeChanged:
    charge = _changeable(book, command)
    if charge is None:
        raise ChargeUnknown
    book.put(replace(charge, deleted_at=book.now))
    return ChargeChanged(charge.charge_id)


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


def _new_charge(book: Book, command: CreateCharge, currency: str, target: CustomerFact | PlanFact) -> ChargeFact:
    """The charge belongs to the customer's direct parent, or to the plan's owner."""
    owner = target.parent_number or target.number if isinstance(target, CustomerFact) else target.owner_number
    return ChargeFact(
        tenant_id=book.tenant_id,
        charge_id=book.next_number("charge"),
        customer_number=command.customer_number,
        plan_number=command.plan_number,
        owner_number=owner,
        name=command.name,
        description=command.description,
        amount=decimal_text(command.amount),
        buy=decimal_text(command.buy),
        currency=currency,
        period=command.period,
        start_at=command.start_at,
        end_at=command.end_at,
        number_max=command.number_max,
        anchor=book.tenant.anchor,
        origin=ORIGIN,
        created_at=book.now,
    )


def _changes(command: UpdateCharge) -> dict[str, Any]:
    names = ("name", "description", "currency", "period", "start_at", "end_at", "number_max")
    changes = {name: getattr(command, name) for name in names}
    changes["amount"] = None if command.amount is None else decimal_text(command.amount)
    changes["buy"] = None if command.buy is None else decimal_text(command.buy)
    return {name: value for name, value in changes.items() if value is not None}


# Charging.


def charge_now(book: Book, command: ChargeNow) -> Charged:
    charge = charge_seen(book, command.caller, command.charge_id, lock=True)
    _check_supported(charge)
    customer = book.customer(charge.customer_number)
    if customer is None or customer.deleted_at is not None:
        raise ChargeUnknown
    if not periods.is_within(charge.start_at, charge.end_at, book.now):
        raise OutsideWindow
    times = _times_charged(book, charge, customer)
    if times >= (charge.number_max or 1):
        raise AlreadyCharged
    if customer.bill_type == "none":
        return Charged(0)
    return _record(book, command, charge, customer, f"#{times + 1}")


def replay_charge_now(book: Book, command: ChargeNow, fact_id: int) -> Charged:
    """The first answer again, for a caller who may see the charge, deleted or not."""
    charge_ever_seen(book, command.caller, command.charge_id)
    return Charged(fact_id)


def _times_charged(book: Book, charge: ChargeFact, customer: CustomerFact) -> int:
    """Counted by the store, and over that what this batch decided."""
    ours = (charge.charge_id, customer.number)
    added = sum((o.charge_id, o.customer_number) == ours for o in book.added(OccurrenceFact))
    return book.unit.count(OccurrenceFact, charge_id=charge.charge_id, customer_number=customer.number) + added


def _check_supported(charge: ChargeFact) -> None:
    if charge.plan_number:
        raise NotYetSupported("This version does not charge everybody on a rate plan yet.")
    if charge.period not in WITHOUT_PERIODS:
        raise NotYetSupported("This version does not charge recurring charges yet.")


class _Amounts(msgspec.Struct, frozen=True):
    """What one occurrence costs a customer, in minor units of its currency."""

    conversion: Conversion
    net_minor: int
    buy_minor: int
    lines: tuple[TaxLine, ...]

    @property
    def tax_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


def _record(book: Book, command: ChargeNow, charge: ChargeFact, customer: CustomerFact, occurrence_key: str) -> Charged:
    """Write one occurrence of a charge for one customer. Whatever can be refused is refused before."""
    amounts = _amounts(book, charge, customer)
    settles_on_balance = customer.bill_type != "external"
    if settles_on_balance and abs(customer.balance_minor - amounts.gross_minor) > money.SUM_MINOR_MAX:
        raise SumTooLarge
    summary = book.summary(customer.number, customer.currency)
    summary_after = book.check_sum(summary, amounts.gross_minor, book.now)

    transaction = _transaction(book, command, charge, customer, amounts)
    transaction.settlement = "balance" if settles_on_balance else "recorded"
    book.record(transaction, summary_after)
    for number, line in enumerate(amounts.lines, start=1):
        book.add(_tax_line_fact(transaction, number, line))
    book.add(_occurrence(transaction, charge, occurrence_key))
    if settles_on_balance:
        book.add_to_balance(customer, -amounts.gross_minor)
    return Charged(transaction.transaction_id)


def _amounts(book: Book, charge: ChargeFact, customer: CustomerFact) -> _Amounts:
    """Converted exactly, rounded once for the net, once for the buy cost and once for each tax."""
    conversion = conversion_at_hand(book, charge.currency, customer.currency)
    net_minor = _converted_minor(charge.amount, conversion, customer.currency)
    buy_minor = _converted_minor(charge.buy, conversion, customer.currency)
    amounts = _Amounts(conversion, net_minor, buy_minor, assessed(book, charge, customer, net_minor))
    if abs(amounts.gross_minor) > money.AMOUNT_MINOR_MAX:
        raise AmountOutOfRange
    return amounts


def _converted_minor(amount: str, conversion: Conversion, currency: str) -> int:
    try:
        return money.rounded_minor(Fraction(Decimal(amount)) * conversion.rate, currency)
    except OutOfRange as error:
        raise AmountOutOfRange from error


def _transaction(
    book: Book, command: ChargeNow, charge: ChargeFact, customer: CustomerFact, amounts: _Amounts
) -> TransactionFact:
    conversion = amounts.conversion
    is_exchanged = conversion.effective_at is not None
    return TransactionFact(
        tenant_id=book.tenant_id,
        transaction_id=book.next_number("transaction"),
        customer_number=customer.number,
        kind="charge",
        settlement="balance",
        origin=ORIGIN,
        currency=customer.currency,
        net_minor=amounts.net_minor,
        tax_minor=amounts.tax_minor,
        gross_minor=amounts.gross_minor,
        buy_minor=amounts.buy_minor,
        effective_at=book.now,
        recorded_at=book.now,
        charge_id=charge.charge_id,
        person_id=command.caller.person_id,
        description=charge.description or charge.name,
        exchange_from=charge.currency if is_exchanged else None,
        exchange_rate=fraction_text(conversion.rate) if is_exchanged else None,
        exchange_rate_at=conversion.effective_at,
    )


def _tax_line_fact(transaction: TransactionFact, number: int, line: TaxLine) -> TransactionTaxFact:
    return TransactionTaxFact(
        tenant_id=transaction.tenant_id,
        transaction_id=transaction.transaction_id,
        line_no=number,
        tax_id=line.tax_id,
        name=line.name,
        rate=decimal_text(line.rate),
        flat=fraction_text(line.flat),
        amount_minor=line.amount_minor,
    )


def _occurrence(transaction: TransactionFact, charge: ChargeFact, key: str) -> OccurrenceFact:
    return OccurrenceFact(
        tenant_id=transaction.tenant_id,
        charge_id=charge.charge_id,
        customer_number=transaction.customer_number,
        occurrence_key=key,
        transaction_id=transaction.transaction_id,
        charged_at=transaction.recorded_at,
    )

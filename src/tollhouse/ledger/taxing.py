"""Taxes: a seller's own, who is liable to them, and those that a charge of a customer owes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import msgspec

from tollhouse.domain import money, tax
from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.money import OutOfRange
from tollhouse.domain.tax import Tax, TaxLine
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import TAXABLE, CreateTax, SetLiability
from tollhouse.ledger.exchanging import check_known, conversion_at_hand
from tollhouse.ledger.facts import ROOT_NUMBER, ChargeFact, CustomerFact, LiabilityFact, TaxFact
from tollhouse.ledger.refusals import AmountOutOfRange, ObjectUnknown
from tollhouse.ledger.seeing import check_object_seen, customer_seen, is_shared, tax_seen


class TaxCreated(msgspec.Struct, frozen=True, gc=False):
    """`tax_id` is 0 where the command was only to be decided."""

    tax_id: int


class LiabilitySet(msgspec.Struct, frozen=True, gc=False):
    tax_id: int


def create(book: Book, command: CreateTax) -> TaxCreated:
    currency = command.currency or book.tenant.currency
    check_known(book, currency)
    try:
        money.rounded_minor(command.flat, currency)
    except OutOfRange as error:
        raise AmountOutOfRange from error
    caller = command.caller
    number = caller.customer_number if command.owner_number is None else command.owner_number
    owner = customer_seen(book, caller, number)
    if command.validation:
        return TaxCreated(0)
    created = TaxFact(
        tenant_id=book.tenant_id,
        tax_id=book.next_number("tax"),
        owner_number=owner.number,
        name=command.name,
        description=command.description,
        rate=decimal_text(command.rate),
        flat=decimal_text(command.flat),
        currency=currency,
        **{kind: int(kind in command.covers) for kind in TAXABLE},
        liable=command.liable,
        shared=int(command.shared),
        created_at=book.now,
    )
    book.add(created)
    return TaxCreated(created.tax_id)


def set_liability(book: Book, command: SetLiability) -> LiabilitySet:
    caller = command.caller
    found = tax_seen(book, caller, command.tax_id)
    check_object_seen(book, caller, command.object_type, command.object_id)
    is_self = command.object_type == "customer" and command.object_id == caller.customer_number
    if is_self and is_shared(found) and caller.customer_number != ROOT_NUMBER:
        # A shared tax is owed to the parent: nobody excuses themselves from it.
        raise ObjectUnknown(command.object_type)
    book.put(
        LiabilityFact(
            tenant_id=book.tenant_id,
            tax_id=command.tax_id,
            object_type=command.object_type,
            object_id=command.object_id,
            liable=int(command.liable),
        )
    )
    return LiabilitySet(command.tax_id)


def assessed(book: Book, charge: ChargeFact, customer: CustomerFact, net_minor: int) -> tuple[TaxLine, ...]:
    """The taxes that a charge of this net (minor units of the customer's currency) owes, by the tax's id.

    Raises ExchangeRateMissing for a flat amount that cannot be converted, AmountOutOfRange.
    """
    rows = _sellers_taxes(book, customer)
    if not rows:
        return ()
    for_charge = _settings(book, "charge", charge.charge_id)
    for_customer = _settings(book, "customer", customer.number)
    owed = []
    for row in rows:
        found = _tax_from_row(row)
        settings = for_charge.get(row.tax_id), for_customer.get(row.tax_id)
        if tax.is_liable(found, *settings, customer.created_at, row.created_at):
            owed.append(_in_currency(book, found, customer.currency) if net_minor else found)
    try:
        return tax.assess(net_minor, customer.currency, owed)
    except OutOfRange as error:
        raise AmountOutOfRange from error


def _sellers_taxes(book: Book, customer: CustomerFact) -> list[TaxFact]:
    """The taxes of the customer's direct parent, and those that the root shares."""
    sellers = sorted({customer.parent_number, ROOT_NUMBER})
    found = book.find(TaxFact, owner_number=sellers)
    applying = [row for row in found if row.owner_number == customer.parent_number or is_shared(row)]
    return sorted(applying, key=lambda row: row.tax_id)


def _settings(book: Book, object_type: str, object_id: int) -> dict[int, bool]:
    """What is stored about one object, by tax."""
    found = book.find(LiabilityFact, object_type=object_type, object_id=object_id)
    return {row.tax_id: bool(row.liable) for row in found}


def _tax_from_row(row: TaxFact) -> Tax:
    return Tax(
        tax_id=row.tax_id,
        name=row.name,
        rate=Decimal(row.rate),
        flat=Decimal(row.flat),
        flat_currency=row.currency,
        applies_to_charges=bool(row.charges),
        liable_default=row.liable,
    )


def _in_currency(book: Book, found: Tax, currency: str) -> Tax:
    """The tax with its flat amount in this currency, exactly."""
    if not found.flat or found.flat_currency == currency:
        return found
    rate = conversion_at_hand(book, found.flat_currency, currency).rate
    return replace(found, flat=Fraction(found.flat) * rate, flat_currency=currency)

"""Taxes: a seller's own, who is liable to them, and those that a charge of a customer owes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from msgspec import structs

from tollhouse.domain import money, tax
from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.money import OutOfRange
from tollhouse.domain.tax import Tax, TaxLine
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import TAXABLE, Caller, CreateTax, SetLiability, UpdateTax
from tollhouse.ledger.exchanging import check_known, conversion_at_hand
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    ChargeFact,
    CustomerFact,
    LiabilityFact,
    ProductTermsFact,
    TaxFact,
)
from tollhouse.ledger.refusals import AmountOutOfRange, ObjectUnknown
from tollhouse.ledger.seeing import check_object_seen, customer_seen, is_shared, sees_owner, tax_owned, tax_seen
from tollhouse.ledger.sight import Sight


class TaxCreated(msgspec.Struct, frozen=True, gc=False):
    """`tax_id` is 0 where the command was only to be decided."""

    tax_id: int


class TaxChanged(msgspec.Struct, frozen=True, gc=False):
    tax_id: int


class LiabilitySet(msgspec.Struct, frozen=True, gc=False):
    tax_id: int


def create(book: Book, command: CreateTax) -> TaxCreated:
    currency = command.currency or book.tenant.currency
    check_known(book, currency)
    _check_flat(command.flat, currency)
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


def update(book: Book, command: UpdateTax) -> TaxChanged:
    if command.currency is not None:
        check_known(book, command.currency)
    found = tax_owned(book, command.caller, command.tax_id, lock=True)
    changed = structs.replace(found, **_changes(command))
    _check_flat(Decimal(changed.flat), changed.currency)
    if not command.validation:
        book.put(changed)
    return TaxChanged(found.tax_id)


def _changes(command: UpdateTax) -> dict[str, Any]:
    changes = {name: getattr(command, name) for name in ("name", "description", "currency", "liable")}
    changes["rate"] = None if command.rate is None else decimal_text(command.rate)
    changes["flat"] = None if command.flat is None else decimal_text(command.flat)
    changes["shared"] = None if command.shared is None else int(command.shared)
    changes |= {kind: int(covered) for kind, covered in command.covers.items()}
    return {name: value for name, value in changes.items() if value is not None}


def _check_flat(flat: Decimal, currency: str) -> None:
    try:
        money.rounded_minor(flat, currency)
    except OutOfRange as error:
        raise AmountOutOfRange from error


def set_liability(book: Book, command: SetLiability) -> LiabilitySet:
    caller = command.caller
    found = tax_seen(book, caller, command.tax_id)
    check_object_seen(book, caller, command.object_type, command.object_id)
    is_self = command.object_type == "customer" and command.object_id == caller.customer_number
    if is_self and is_shared(found) and caller.customer_number != ROOT_NUMBER:
        # A shared tax is owed to the parent: nobody excuses themselves from it.
        raise ObjectUnknown(command.object_type)
    if command.object_type == "product":
        _check_product(book, caller, found, command.object_id)
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


def _check_product(book: Book, caller: Caller, found: TaxFact, product_id: int) -> None:
    """Of a product that somebody above shares, one says what one's own taxes do, not what theirs do."""
    if sees_owner(book, caller, found.owner_number):
        return
    for terms in book.find(ProductTermsFact, product_id=product_id):
        if not sees_owner(book, caller, terms.owner_number):
            raise ObjectUnknown("product")


class Liabilities:
    """The taxes of sellers, and what is stored about charges, products and customers: looked up for many at once."""

    def __init__(self, sight: Sight, charges: Iterable[ChargeFact], customers: Iterable[CustomerFact]) -> None:
        self._settings: dict[tuple[str, int], dict[int, bool]] = {}
        self._known: dict[tuple[int, bool], Tax] = {}
        charges, customers = list(charges), list(customers)
        self._look_up(sight, "charge", {charge.charge_id for charge in charges})
        self._look_up(sight, "product", {charge.product_id for charge in charges if charge.product_id})
        self._look_up(sight, "customer", {customer.number for customer in customers})
        sellers = sorted({customer.parent_number for customer in customers} | {ROOT_NUMBER})
        rows = sorted(sight.find(TaxFact, owner_number=sellers), key=lambda row: row.tax_id)
        self._taxes = {
            seller: [row for row in rows if row.owner_number == seller or is_shared(row)] for seller in sellers
        }

    def owed(self, charge: ChargeFact, customer: CustomerFact) -> tuple[TaxFact, ...]:
        """The taxes that this customer owes on this charge, by their ids: its direct parent's and the shared ones."""
        for_customer = self._settings.get(("customer", customer.number), {})
        for_charge = self._settings.get(("charge", charge.charge_id), {})
        for_product = self._settings.get(("product", charge.product_id), {}) if charge.product_id else {}
        owed = []
        for row in self._taxes[customer.parent_number]:
            covers = for_charge.get(row.tax_id, for_product.get(row.tax_id))
            found = self._tax(row, bool(charge.product_id))
            if tax.is_liable(found, covers, for_customer.get(row.tax_id), customer.created_at, row.created_at):
                owed.append(row)
        return tuple(owed)

    def _tax(self, row: TaxFact, is_product: bool) -> Tax:
        """Read once, for all customers."""
        known = self._known.get((row.tax_id, is_product))
        if known is None:
            known = self._known[row.tax_id, is_product] = tax_from_row(row, is_product=is_product)
        return known

    def _look_up(self, sight: Sight, object_type: str, ids: set[int]) -> None:
        if ids:
            for row in sight.find(LiabilityFact, object_type=object_type, object_id=sorted(ids)):
                self._settings.setdefault((object_type, row.object_id), {})[row.tax_id] = bool(row.liable)


def assess(sight: Sight, owed: Sequence[TaxFact], net_minor: int, currency: str) -> tuple[TaxLine, ...]:
    """These taxes on a net amount (minor units of `currency`), each rounded by itself.

    Raises ExchangeRateMissing for a flat amount that cannot be converted, AmountOutOfRange.
    """
    taxes = [tax_from_row(row) for row in owed]
    if net_minor:
        taxes = [_in_currency(sight, found, currency) for found in taxes]
    try:
        return tax.assess(net_minor, currency, taxes)
    except OutOfRange as error:
        raise AmountOutOfRange from error


def tax_from_row(row: TaxFact, *, is_product: bool = False) -> Tax:
    return Tax(
        tax_id=row.tax_id,
        name=row.name,
        rate=Decimal(row.rate),
        flat=Decimal(row.flat),
        flat_currency=row.currency,
        applies_to_charges=bool(row.products if is_product else row.charges),
        liable_default=row.liable,
    )


def _in_currency(sight: Sight, found: Tax, currency: str) -> Tax:
    """The tax with its flat amount in this currency, exactly."""
    if not found.flat or found.flat_currency == currency:
        return found
    rate = conversion_at_hand(sight, found.flat_currency, currency).rate
    return replace(found, flat=Fraction(found.flat) * rate, flat_currency=currency)

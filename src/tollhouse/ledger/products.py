"""Products that customers purchase on account: made by a seller, bought by those below.

Whom a product is for is said in `offering`; what it costs a customer its plan may say. A purchase charges the fee at
once and leaves a recurring charge where the product has a fee for each period, in one commit.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from tollhouse.domain import money
from tollhouse.domain.decimals import decimal_text
from tollhouse.domain.money import OutOfRange
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import Caller, CreateProduct, UpdateProduct
from tollhouse.ledger.exchanging import check_known
from tollhouse.ledger.facts import ROOT_NUMBER, CustomerFact, ProductFact, ProductTermsFact
from tollhouse.ledger.offering import (
    Fees,
    above,
    fees_for,
    is_for_sale_to,
    is_shown_to,
    terms_of,
    with_terms_of,
    with_terms_of_root,
)
from tollhouse.ledger.refusals import AmountOutOfRange, BuyOutOfRange, ExchangeRateMissing, ProductUnknown
from tollhouse.ledger.seeing import customer_seen, sees_owner
from tollhouse.ledger.sight import Sight

_AMOUNTS = ("create_fee", "create_buy", "period_fee", "period_buy")


class ProductMade(msgspec.Struct, frozen=True, gc=False):
    """`product_id` is 0 where the command was only to be decided."""

    product_id: int


class ProductChanged(msgspec.Struct, frozen=True, gc=False):
    product_id: int


# Making and changing.


def create(book: Book, command: CreateProduct) -> ProductMade:
    caller = command.caller
    currency = command.currency or book.tenant.currency
    check_known(book, currency)
    _check_amounts({name: getattr(command, name) for name in _AMOUNTS}, currency)
    number = caller.customer_number if command.owner_number is None else command.owner_number
    owner = customer_seen(book, caller, number)
    if command.validation:
        return ProductMade(0)
    product_id = book.next_number("product")
    book.add(ProductFact(book.tenant_id, product_id, str(uuid.uuid4()), f"product-{product_id}", command.name))
    book.put(
        ProductTermsFact(
            tenant_id=book.tenant_id,
            product_id=product_id,
            owner_number=owner.number,
            description=command.description,
            information=command.information,
            product_type=command.product_type,
            amount=command.amount,
            allow=command.allow,
            shared=int(command.shared),
            currency=currency,
            create_fee=decimal_text(command.create_fee),
            create_buy=decimal_text(command.create_buy),
            period=command.period,
            period_fee=decimal_text(command.period_fee),
            period_buy=decimal_text(command.period_buy),
            created_at=book.now,
        )
    )
    return ProductMade(product_id)


def update(book: Book, command: UpdateProduct) -> ProductChanged:
    if command.currency is not None:
        check_known(book, command.currency)
    owned = product_owned(book, command.caller, command.product_id, lock=True)
    changed = replace(owned.terms, **_changes(command))
    _check_amounts({name: Decimal(getattr(changed, name)) for name in _AMOUNTS}, changed.currency)
    if not command.validation:
        if command.name is not None:
            book.put(replace(owned.product, name=command.name))
        book.put(changed)
    return ProductChanged(command.product_id)


def _changes(command: UpdateProduct) -> dict[str, Any]:
    names = ("description", "information", "product_type", "amount", "allow", "shared", "currency", "period", *_AMOUNTS)
    given = {name: getattr(command, name) for name in names}
    return {name: _kept(value) for name, value in given.items() if value is not None}


def _kept(value: str | int | Decimal) -> str | int:
    if isinstance(value, Decimal):
        return decimal_text(value)
    return int(value) if isinstance(value, bool) else value


def _check_amounts(amounts: dict[str, Decimal], currency: str) -> None:
    for name, amount in amounts.items():
        try:
            money.rounded_minor(amount, currency)
        except OutOfRange as error:
            raise (BuyOutOfRange if name.endswith("buy") else AmountOutOfRange) from error


# Reading.


class Product(msgspec.Struct, frozen=True, gc=False):
    """A product of somebody whom the caller sees."""

    product: ProductFact
    terms: ProductTermsFact


class Offer(msgspec.Struct, frozen=True, gc=False):
    """A product that a customer may purchase, and what it costs that customer."""

    product: ProductFact
    terms: ProductTermsFact
    fees: Fees


def product_information(sight: Sight, product_id: int) -> str:
    """What everybody may read of a product before they buy it. Raises ProductUnknown."""
    for product in sight.find(ProductFact, product_id=product_id):
        return terms_of(sight, product).information
    raise ProductUnknown


def product_owned(sight: Sight, caller: Caller, product_id: int, *, lock: bool = False) -> Product:
    """The product with this id, of a customer that the caller sees. Raises ProductUnknown."""
    for product in sight.find(ProductFact, lock=lock, product_id=product_id):
        terms = terms_of(sight, product)
        if sees_owner(sight, caller, terms.owner_number):
            return Product(product, terms)
    raise ProductUnknown


def product_offered(sight: Sight, customer: CustomerFact, product_id: int) -> Offer:
    """The product with this id, where this customer may buy it. Raises ProductUnknown."""
    for product in sight.find(ProductFact, product_id=product_id):
        offer = _offer(sight, customer, product, terms_of(sight, product))
        if offer is not None:
            return offer
    raise ProductUnknown


def check_known_to(sight: Sight, caller: Caller, customer: CustomerFact, product_id: int) -> None:
    """Raises ProductUnknown where neither the caller sees the product's owner nor the customer is shown it."""
    for product in sight.find(ProductFact, product_id=product_id):
        terms = terms_of(sight, product)
        if is_shown_to(terms, customer) or sees_owner(sight, caller, terms.owner_number):
            return
    raise ProductUnknown


def products_owned(sight: Sight, caller: Caller, owner_number: int) -> list[Product]:
    """The products of a customer that the caller sees, by id. Raises CustomerUnknown."""
    owner = customer_seen(sight, caller, owner_number)
    is_root = owner.number == ROOT_NUMBER
    found = with_terms_of_root(sight) if is_root else with_terms_of(sight, [owner.number])
    return [Product(product, terms) for product, terms in found]


def products_offered(sight: Sight, customer: CustomerFact) -> list[Offer]:
    """What this customer may buy, by id."""
    found = (_offer(sight, customer, *pair) for pair in with_terms_of(sight, above(customer)))
    return [offer for offer in found if offer is not None]


def _offer(sight: Sight, customer: CustomerFact, product: ProductFact, terms: ProductTermsFact) -> Offer | None:
    """None where the customer may not buy it, or where no rate of exchange tells what it costs."""
    if not is_for_sale_to(terms, customer):
        return None
    try:
        return Offer(product, terms, fees_for(sight, terms, customer))
    except ExchangeRateMissing:
        return None

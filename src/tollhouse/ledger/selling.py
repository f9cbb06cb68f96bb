"""A customer's purchase of a product: what it costs at once is charged, what it costs in each period will be.

All of it is one commit. Fees are converted now: the recurring charge is in the customer's own currency, so that no
later rate changes it.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec

from tollhouse.domain import money
from tollhouse.domain.decimals import EXACT, decimal_text
from tollhouse.domain.money import OutOfRange
from tollhouse.ledger.book import Book
from tollhouse.ledger.charging.definitions import new_charge
from tollhouse.ledger.charging.now import charge_customer
from tollhouse.ledger.charging.occurring import NOT_BILLED, settlement_of
from tollhouse.ledger.charging.tariffs import Tariffs
from tollhouse.ledger.commands import PurchaseProduct
from tollhouse.ledger.exchanging import conversion_at_hand
from tollhouse.ledger.facts import ChargeFact, CustomerFact, ProductFact
from tollhouse.ledger.offering import fees_for, is_for_sale_to, terms_of
from tollhouse.ledger.products import Offer
from tollhouse.ledger.refusals import AmountOutOfRange, CustomerUnknown, ProductNotForSale, ProductUnknown, SumTooLarge
from tollhouse.ledger.seeing import customer_ever_seen, customer_held, sees_owner

#: Call time is bought once: a period says nothing there.
_BOUGHT_ONCE = "call_time"


class Purchased(msgspec.Struct, frozen=True, gc=False):
    """The charge of what it costs at once, else the recurring one; 0 where it costs nothing, or was only decided."""

    charge_id: int

    @property
    def fact_id(self) -> int:
        return self.charge_id


class _Costs(msgspec.Struct, frozen=True):
    """What one charge is to be: fee and buy of all pieces, in major units of `currency`; at once without a period."""

    fee: Decimal
    buy: Decimal
    currency: str
    period: str

    @property
    def are_nothing(self) -> bool:
        return not self.fee and not self.buy


def purchase(book: Book, command: PurchaseProduct) -> Purchased:
    customer = customer_held(book, command.caller, command.customer_number)
    if customer is None:
        raise CustomerUnknown
    offer = _offer(book, command, customer)
    at_once = _at_once(book, offer, command.quantity)
    recurring = _recurring(book, offer, customer, command.quantity)
    _check_chargeable(book, customer, offer.product, at_once)
    if command.validation:
        return Purchased(0)
    return Purchased(_charge(book, command, customer, offer.product, at_once, recurring))


def replay_purchase(book: Book, command: PurchaseProduct, fact_id: int) -> Purchased:
    """The first answer again, for a caller who could have had it."""
    customer_ever_seen(book, command.caller, command.customer_number)
    return Purchased(fact_id)


def _charge(
    book: Book, command: PurchaseProduct, customer: CustomerFact, product: ProductFact, *all_costs: _Costs
) -> int:
    """Make the charges that cost something, and charge what is due at once; the first one's id. Nothing is refused."""
    first = 0
    for costs in all_costs:
        if costs.are_nothing:
            continue
        charge = new_charge(
            book,
            customer,
            name=product.name,
            description=product.name if command.quantity == 1 else f"{command.quantity} × {product.name}",
            amount=costs.fee,
            buy=costs.buy,
            currency=costs.currency,
            period=costs.period,
            product_id=product.product_id,
        )
        if not costs.period:
            charge_customer(book, charge, customer, command.caller.person_id)
        first = first or charge.charge_id
    return first


# What it costs.


def _offer(book: Book, command: PurchaseProduct, customer: CustomerFact) -> Offer:
    for product in book.find(ProductFact, product_id=command.product_id):
        terms = terms_of(book, product)
        if is_for_sale_to(terms, customer):
            return Offer(product, terms, fees_for(book, terms, customer))
        if sees_owner(book, command.caller, terms.owner_number):
            raise ProductNotForSale
    raise ProductUnknown


def _at_once(book: Book, offer: Offer, quantity: int) -> _Costs:
    """In the currency of the fees, so that the transaction keeps the rate by which it is converted."""
    fees, terms = offer.fees, offer.terms
    buy = _times(Decimal(terms.create_buy), quantity)
    return _Costs(
        _times(fees.create, quantity), _converted(book, buy, terms.currency, fees.currency), fees.currency, ""
    )


def _recurring(book: Book, offer: Offer, customer: CustomerFact, quantity: int) -> _Costs:
    fees, terms, currency = offer.fees, offer.terms, customer.currency
    if not terms.period or terms.product_type == _BOUGHT_ONCE:
        return _Costs(Decimal(0), Decimal(0), currency, "")
    fee = _converted(book, _times(fees.period, quantity), fees.currency, currency)
    buy = _converted(book, _times(Decimal(terms.period_buy), quantity), terms.currency, currency)
    return _Costs(fee, buy, currency, terms.period)


def _times(amount: Decimal, quantity: int) -> Decimal:
    return EXACT.multiply(amount, Decimal(quantity))


def _converted(book: Book, amount: Decimal, from_currency: str, to_currency: str) -> Decimal:
    """Exactly the same in the same currency; in another one rounded to its minor unit."""
    try:
        if from_currency == to_currency or not amount:
            money.rounded_minor(amount, to_currency)
            return amount
        rate = conversion_at_hand(book, from_currency, to_currency).rate
        return money.major_from_minor(money.rounded_minor(Fraction(amount) * rate, to_currency), to_currency)
    except OutOfRange as error:
        raise AmountOutOfRange from error


def _check_chargeable(book: Book, customer: CustomerFact, product: ProductFact, costs: _Costs) -> None:
    """Raises whatever could stop the charge at once: nothing may be refused once it is made."""
    if costs.are_nothing or customer.bill_type == NOT_BILLED:
        return
    charge = _sample(book, product, costs)
    gross_minor = Tariffs(book, [charge], [customer]).of(charge, customer).gross_minor
    if settlement_of(customer) == "balance" and abs(customer.balance_minor - gross_minor) > money.SUM_MINOR_MAX:
        raise SumTooLarge
    book.check_sum(book.summary(customer.number, customer.currency), gross_minor, book.now)


def _sample(book: Book, product: ProductFact, costs: _Costs) -> ChargeFact:
    """The charge as it will be, for what its amounts come to."""
    return ChargeFact(
        tenant_id=book.tenant_id,
        charge_id=0,
        customer_number=0,
        plan_number=0,
        owner_number=0,
        name="",
        description="",
        amount=decimal_text(costs.fee),
        buy=decimal_text(costs.buy),
        currency=costs.currency,
        period="",
        start_at=0,
        end_at=0,
        number_max=0,
        anchor="",
        origin="",
        created_at=book.now,
        product_id=product.product_id,
    )

"""Transactions made by hand, and what moves a balance besides charges.

Every move of a balance leaves a transaction: a credit, a top-up, a debit, a charging by hand, or an adjustment, which
customers are not shown. An account is between a customer and its parent, and the parent writes it: nobody writes their
own but the root's people.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from tollhouse.domain import money
from tollhouse.domain.decimals import decimal_text, fraction_text
from tollhouse.domain.exchange import UNCHANGED, Conversion
from tollhouse.domain.money import OutOfRange, TooPrecise
from tollhouse.domain.tax import TaxLine
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands import AddToBalance, Caller, CreateTransaction, RequestTopup
from tollhouse.ledger.exchanging import check_known, conversion_at_hand
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    ChargeFact,
    CustomerFact,
    InvoiceFact,
    OccurrenceFact,
    TopupRequestFact,
    TransactionFact,
    TransactionTaxFact,
)
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    AmountTooPrecise,
    ChargeUnknown,
    CustomerUnknown,
    DigestStale,
    InvoiceUnknown,
    NotBilled,
    SelfCreditRefused,
    SumTooLarge,
    TimeInFuture,
)
from tollhouse.ledger.seeing import charge_seen, customer_ever_seen, customer_held, tax_seen
from tollhouse.ledger.taxing import assess

ORIGIN: Final = "enswitch"


class BalanceMoved(msgspec.Struct, frozen=True, gc=False):
    """`transaction_id` is 0 where there was nothing to move, or where the command was only to be decided: then by how
    much the balance would be raised, and what it would be, in minor units of the customer's currency."""

    transaction_id: int
    difference_minor: int = 0
    balance_minor: int = 0

    @property
    def fact_id(self) -> int:
        return self.transaction_id


class TransactionCreated(msgspec.Struct, frozen=True, gc=False):
    """`transaction_id` is 0 where the command was only to be decided."""

    transaction_id: int

    @property
    def fact_id(self) -> int:
        return self.transaction_id


class TopupRequested(msgspec.Struct, frozen=True, gc=False):
    request_id: int


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written, in minor units of the customer's currency; what the customer owes is positive."""

    kind: str
    net_minor: int
    lines: tuple[TaxLine, ...] = ()
    settlement: str = "balance"
    effective_at: int | None = None
    charge_id: int | None = None
    description: str = ""
    currency_from: str = ""
    conversion: Conversion = UNCHANGED

    @property
    def tax_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


# Balances.


def add_to_balance(book: Book, command: AddToBalance) -> BalanceMoved:
    customer = customer_held(book, command.caller, command.customer_number)
    currency = command.currency or (customer.currency if customer else book.tenant.currency)
    _check_amount(book, command.amount, currency, customer)
    if customer is None:
        raise CustomerUnknown
    _check_not_own(command.caller, customer)
    conversion = conversion_at_hand(book, currency, customer.currency)
    amount_minor = _converted_minor(command.amount, conversion, customer.currency)
    if command.agreed_minor not in (None, amount_minor):
        raise DigestStale
    if not amount_minor:
        return BalanceMoved(0, 0, customer.balance_minor if command.validation else 0)
    entry = _Entry(
        kind=command.kind,
        net_minor=-amount_minor,
        description=command.description,
        currency_from=currency,
        conversion=conversion,
    )
    _check_room(customer, entry)
    if command.validation:
        return BalanceMoved(0, amount_minor, customer.balance_minor + amount_minor)
    return BalanceMoved(_write(book, command.caller, customer, entry).transaction_id)


def replay_add_to_balance(book: Book, command: AddToBalance, fact_id: int) -> BalanceMoved:
    """The first answer again, for a caller who could have had it."""
    customer_ever_seen(book, command.caller, command.customer_number)
    return BalanceMoved(fact_id)


def check_adjustable(customer: CustomerFact, difference_minor: int) -> None:
    """Raises SumTooLarge where an adjustment could not be kept exactly."""
    _check_room(customer, _Entry(kind="adjustment", net_minor=-difference_minor))
    if abs(difference_minor) > money.SUM_MINOR_MAX:
        raise SumTooLarge


def adjust(book: Book, caller: Caller, customer: CustomerFact, difference_minor: int) -> TransactionFact:
    """Raise a balance (lower it by a negative difference) by a transaction that the customer is not shown."""
    return _write(book, caller, customer, _Entry(kind="adjustment", net_minor=-difference_minor))


def request_topup(book: Book, command: RequestTopup) -> TopupRequested:
    """Record for the parent what a customer asks of it."""
    customer = customer_held(book, command.caller, command.customer_number)
    if customer is None:
        raise CustomerUnknown
    amount_minor = _minor(command.amount, customer.currency)
    if command.invoice_id and not book.find(
        InvoiceFact, invoice_id=command.invoice_id, customer_number=customer.number
    ):
        raise InvoiceUnknown
    request = TopupRequestFact(
        tenant_id=book.tenant_id,
        request_id=book.next_number("topup_request"),
        customer_number=customer.number,
        parent_number=customer.parent_number,
        person_id=command.caller.person_id,
        currency=customer.currency,
        amount_minor=amount_minor,
        invoice_id=command.invoice_id,
        requested_at=book.now,
    )
    book.add(request)
    return TopupRequested(request.request_id)


# Transactions.


def create(book: Book, command: CreateTransaction) -> TransactionCreated:
    customer = customer_held(book, command.caller, command.customer_number)
    currency = command.currency or book.tenant.currency
    _check_amount(book, command.amount, currency, customer)
    if customer is None:
        raise CustomerUnknown
    _check_not_own(command.caller, customer)
    if customer.bill_type == "none":
        raise NotBilled
    if command.invoice_id:
        # An invoice that was made does not change.
        raise InvoiceUnknown
    entry = _entry(book, command, customer, currency)
    _check_room(customer, entry)
    if entry.kind == "charge":
        book.check_sum(book.summary(customer.number, customer.currency), entry.gross_minor, book.now)
    if command.validation:
        return TransactionCreated(0)
    return TransactionCreated(_write(book, command.caller, customer, entry).transaction_id)


def replay_create(book: Book, command: CreateTransaction, fact_id: int) -> TransactionCreated:
    """The first answer again, for a caller who could have had it."""
    customer_ever_seen(book, command.caller, command.customer_number)
    return TransactionCreated(fact_id)


def _entry(book: Book, command: CreateTransaction, customer: CustomerFact, currency: str) -> _Entry:
    charge = _charge(book, command, customer)
    if command.effective_at is not None and command.effective_at > book.now:
        raise TimeInFuture
    conversion = conversion_at_hand(book, currency, customer.currency)
    net_minor = -_converted_minor(command.amount, conversion, customer.currency)
    taxes = [tax_seen(book, command.caller, tax_id) for tax_id in command.tax_ids]
    settles = command.moves_balance and customer.bill_type != "external"
    entry = _Entry(
        kind=_kind(command, charge),
        net_minor=net_minor,
        lines=assess(book, taxes, net_minor, customer.currency),
        settlement="balance" if settles else "recorded",
        effective_at=command.effective_at,
        charge_id=charge.charge_id if charge else None,
        description=command.description or _description(charge),
        currency_from=currency,
        conversion=conversion,
    )
    if abs(entry.gross_minor) > money.AMOUNT_MINOR_MAX:
        raise AmountOutOfRange
    return entry


def _kind(command: CreateTransaction, charge: ChargeFact | None) -> str:
    if command.amount >= 0:
        return "credit"
    return "debit" if charge is None else "charge"


def _charge(book: Book, command: CreateTransaction, customer: CustomerFact) -> ChargeFact | None:
    """The charge that the transaction is for: the customer's own, or its plan's."""
    if not command.charge_id:
        return None
    charge = charge_seen(book, command.caller, command.charge_id, lock=True)
    is_plans = bool(charge.plan_number) and charge.plan_number == customer.plan_number
    if charge.customer_number != customer.number and not is_plans:
        raise ChargeUnknown
    return charge


def _description(charge: ChargeFact | None) -> str:
    return "" if charge is None else charge.description or charge.name


# Amounts and accounts.


def _check_not_own(caller: Caller, customer: CustomerFact) -> None:
    if customer.number == caller.customer_number and customer.number != ROOT_NUMBER:
        raise SelfCreditRefused


def _check_amount(book: Book, amount: Decimal, currency: str, customer: CustomerFact | None) -> None:
    """A customer's own currency needs no rate and is known for it."""
    check_known(book, currency, *((customer.currency,) if customer else ()))
    _minor(amount, currency)


def _check_room(customer: CustomerFact, entry: _Entry) -> None:
    after_minor = customer.balance_minor - entry.gross_minor
    if entry.settlement == "balance" and abs(after_minor) > money.SUM_MINOR_MAX:
        raise SumTooLarge


def _minor(amount: Decimal, currency: str) -> int:
    """Minor units of an amount that has no more decimals than its currency."""
    try:
        return money.minor_from_major(amount, currency)
    except TooPrecise as error:
        raise AmountTooPrecise(currency, error.decimals_max) from error
    except OutOfRange as error:
        raise AmountOutOfRange from error


def _converted_minor(amount: Decimal, conversion: Conversion, currency: str) -> int:
    """Converted exactly, rounded once."""
    try:
        return money.rounded_minor(Fraction(amount) * conversion.rate, currency)
    except OutOfRange as error:
        raise AmountOutOfRange from error


# Writing.


def _write(book: Book, caller: Caller, customer: CustomerFact, entry: _Entry) -> TransactionFact:
    """Append an entry to the customer's account. Whatever can be refused was refused before."""
    transaction = _transaction(book, caller, customer, entry)
    if entry.kind == "charge":
        summary = book.summary(customer.number, customer.currency)
        book.record(transaction, book.check_sum(summary, entry.gross_minor, transaction.effective_at))
        book.add(_occurrence(transaction))
    else:
        book.add(transaction)
    for number, line in enumerate(entry.lines, start=1):
        book.add(_tax_line_fact(transaction, number, line))
    if entry.settlement == "balance":
        book.add_to_balance(customer, -entry.gross_minor)
    return transaction


def _transaction(book: Book, caller: Caller, customer: CustomerFact, entry: _Entry) -> TransactionFact:
    is_exchanged = entry.conversion.effective_at is not None
    return TransactionFact(
        tenant_id=book.tenant_id,
        transaction_id=book.next_number("transaction"),
        customer_number=customer.number,
        kind=entry.kind,
        settlement=entry.settlement,
        origin=ORIGIN,
        currency=customer.currency,
        net_minor=entry.net_minor,
        tax_minor=entry.tax_minor,
        gross_minor=entry.gross_minor,
        buy_minor=0,
        effective_at=book.now if entry.effective_at is None else entry.effective_at,
        recorded_at=book.now,
        charge_id=entry.charge_id,
        person_id=caller.person_id,
        description=entry.description,
        exchange_from=entry.currency_from if is_exchanged else None,
        exchange_rate=fraction_text(entry.conversion.rate) if is_exchanged else None,
        exchange_rate_at=entry.conversion.effective_at,
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


def _occurrence(transaction: TransactionFact) -> OccurrenceFact:
    """A charging by hand counts as one of the charge's, under a key that no other has."""
    return OccurrenceFact(
        tenant_id=transaction.tenant_id,
        charge_id=transaction.charge_id or 0,
        customer_number=transaction.customer_number,
        occurrence_key=f"#T{transaction.transaction_id}",
        transaction_id=transaction.transaction_id,
        charged_at=transaction.recorded_at,
    )

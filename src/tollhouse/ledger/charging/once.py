"""Charging one customer something at once: the charge is made and charged in one commit, or neither is."""

from __future__ import annotations

import msgspec

from tollhouse.ledger.book import Book
from tollhouse.ledger.charging import definitions
from tollhouse.ledger.charging.covering import Piece, piece_by_hand
from tollhouse.ledger.charging.now import charge_customer
from tollhouse.ledger.charging.occurring import NOT_BILLED, settlement_of, summary_with
from tollhouse.ledger.charging.rehearsing import Line, Rehearsal
from tollhouse.ledger.charging.tariffs import Tariff, Tariffs
from tollhouse.ledger.commands import CreateCharge
from tollhouse.ledger.commands.by_hand import ChargeOnce
from tollhouse.ledger.facts import ChargeFact, CustomerFact, TransactionFact
from tollhouse.ledger.refusals import CustomerUnknown, DigestStale, NotBilled
from tollhouse.ledger.seeing import customer_ever_seen, customer_held

#: A charge that is only foreseen.
_NO_ID = 0


class Owed(msgspec.Struct, frozen=True):
    """What it comes to, what it settles on, and the balance before and after it, in minor units of its currency."""

    tariff: Tariff
    settlement: str
    balance_currency: str
    balance_minor: int
    balance_after_minor: int
    digest: str


class ChargedOnce(msgspec.Struct, frozen=True):
    """The ids are 0 where the command was only to be decided: then it is told what would be owed."""

    transaction_id: int
    charge_id: int
    owed: Owed | None = None

    @property
    def fact_id(self) -> int:
        return self.transaction_id


def charge_once(book: Book, command: ChargeOnce) -> ChargedOnce:
    """Raises what CreateCharge and ChargeNow do, NotBilled, and DigestStale."""
    definitions.create(book, _definition(command))
    customer = customer_held(book, command.caller, command.customer_number)
    if customer is None:
        raise CustomerUnknown
    if customer.bill_type == NOT_BILLED:
        raise NotBilled
    owed = _owed(book, command, customer)
    if command.digest and command.digest != owed.digest:
        raise DigestStale
    if command.validation:
        return ChargedOnce(0, 0, owed)
    charge = _made(book, command, customer)
    charged = charge_customer(book, charge, customer, command.caller.person_id)
    return ChargedOnce(charged.transaction_id, charge.charge_id)


def replay(book: Book, command: ChargeOnce, fact_id: int) -> ChargedOnce:
    """The first answer again, for a caller who could have had it."""
    customer_ever_seen(book, command.caller, command.customer_number)
    (transaction,) = book.find(TransactionFact, transaction_id=fact_id)
    return ChargedOnce(fact_id, transaction.charge_id or 0)


def _owed(book: Book, command: ChargeOnce, customer: CustomerFact) -> Owed:
    charge = _foreseen(book, command, customer)
    piece = piece_by_hand(book, charge, customer, 0, "")
    tariff = Tariffs(book, [charge], [customer]).of(charge, customer, piece.share)
    settlement = settlement_of(customer)
    summary_with(book, customer, tariff, settlement, book.now)
    balance_minor = customer.balance_minor
    after_minor = balance_minor - tariff.gross_minor if settlement == "balance" else balance_minor
    digest = _digest(charge, customer, piece, tariff)
    return Owed(tariff, settlement, customer.currency, balance_minor, after_minor, digest)


def _digest(charge: ChargeFact, customer: CustomerFact, piece: Piece, tariff: Tariff) -> str:
    rehearsal = Rehearsal(charge)
    rehearsal.add(Line(customer, piece, tariff))
    return rehearsal.digest


def _definition(command: ChargeOnce) -> CreateCharge:
    """To be checked, not to be made."""
    return CreateCharge(
        tenant_id=command.tenant_id,
        caller=command.caller,
        customer_number=command.customer_number,
        plan_number=0,
        name=command.name,
        amount=command.amount,
        buy=command.buy,
        currency=command.currency,
        description=command.description,
        validation=True,
        self_charges=command.self_charges,
    )


def _foreseen(book: Book, command: ChargeOnce, customer: CustomerFact) -> ChargeFact:
    return definitions.charge_fact(
        book,
        customer,
        _NO_ID,
        name=command.name,
        description=command.description,
        amount=command.amount,
        buy=command.buy,
        currency=command.currency or book.tenant.currency,
        period="",
    )


def _made(book: Book, command: ChargeOnce, customer: CustomerFact) -> ChargeFact:
    return definitions.new_charge(
        book,
        customer,
        name=command.name,
        description=command.description,
        amount=command.amount,
        buy=command.buy,
        currency=command.currency or book.tenant.currency,
        period="",
    )

"""Charging one customer's charge by hand: the whole of it, or what is left of the period."""

from __future__ import annotations

import msgspec

from tollhouse.ledger.book import Book
from tollhouse.ledger.charging.covering import Piece, piece_by_hand, schedule_after
from tollhouse.ledger.charging.occurring import NOT_BILLED, Event, occur
from tollhouse.ledger.charging.rehearsing import check_digest
from tollhouse.ledger.charging.tariffs import Tariff, Tariffs
from tollhouse.ledger.commands import ChargeNow
from tollhouse.ledger.facts import ChargeFact, CustomerFact, OccurrenceFact, ScheduleFact
from tollhouse.ledger.refusals import ChargeUnknown, NotForOneCustomer
from tollhouse.ledger.scheduling import zone_of
from tollhouse.ledger.seeing import charge_ever_seen, charge_seen


class Charged(msgspec.Struct, frozen=True, gc=False):
    """`transaction_id` is 0 where nothing was to be recorded: for a customer with the bill type none."""

    transaction_id: int

    @property
    def fact_id(self) -> int:
        return self.transaction_id


def charge_now(book: Book, command: ChargeNow) -> Charged:
    charge = charge_seen(book, command.caller, command.charge_id, lock=True)
    if charge.plan_number:
        raise NotForOneCustomer
    customer = book.customer(charge.customer_number)
    if customer is None or customer.deleted_at is not None:
        raise ChargeUnknown
    return charge_customer(book, charge, customer, command.caller.person_id, command.digest)


def charge_customer(
    book: Book, charge: ChargeFact, customer: CustomerFact, person_id: int | None, digest: str = ""
) -> Charged:
    """Charge what is owed now, and move the schedule on. `digest` is of the rehearsal that this must be equal to.

    Raises OutsideWindow, AlreadyCharged, DigestStale, and what stops the amount.
    """
    zone = zone_of(book.tenant, customer)
    row = _schedule(book, charge, customer)
    times = times_charged(book, charge, customer)
    piece = piece_by_hand(book, charge, customer, times, row.covered_until if row is not None else "")
    if customer.bill_type == NOT_BILLED:
        return Charged(0)
    tariff = Tariffs(book, [charge], [customer]).of(charge, customer, piece.share)
    if digest:
        _check_same(charge, customer, piece, tariff, digest)
    transaction = occur(book, charge, customer, tariff, Event(piece.key, book.now, person_id or None))
    book.put(schedule_after(book, charge, row, piece, customer_number=customer.number, zone=zone))
    return Charged(transaction.transaction_id)


def replay_charge_now(book: Book, command: ChargeNow, fact_id: int) -> Charged:
    """The first answer again, for a caller who may see the charge, deleted or not."""
    charge = charge_ever_seen(book, command.caller, command.charge_id)
    if charge.plan_number:
        raise NotForOneCustomer
    return Charged(fact_id)


def times_charged(book: Book, charge: ChargeFact, customer: CustomerFact) -> int:
    """Counted by the store, and over that what this batch decided."""
    ours = (charge.charge_id, customer.number)
    added = sum((o.charge_id, o.customer_number) == ours for o in book.added(OccurrenceFact))
    return book.unit.count(OccurrenceFact, charge_id=charge.charge_id, customer_number=customer.number) + added


def _schedule(book: Book, charge: ChargeFact, customer: CustomerFact) -> ScheduleFact | None:
    found = book.find(ScheduleFact, lock=True, charge_id=charge.charge_id, customer_number=customer.number)
    return found[0] if found else None


def _check_same(charge: ChargeFact, customer: CustomerFact, piece: Piece, tariff: Tariff, digest: str) -> None:
    check_digest(charge, [(customer, piece, tariff)], digest)

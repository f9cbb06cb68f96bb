"""What falls due by itself: charged once an occurrence, the earliest first, one that is broken never in others' way."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.charging.covering import is_used_up, piece_due, schedule_next
from tollhouse.ledger.charging.occurring import NOT_BILLED, Event, occur
from tollhouse.ledger.charging.tariffs import Tariffs
from tollhouse.ledger.commands.schedules import RetryParked, RunDue
from tollhouse.ledger.facts import ChargeFact, CustomerFact, OccurrenceFact, ScheduleFact
from tollhouse.ledger.facts.schedules import ACTIVE, DONE, PARKED
from tollhouse.ledger.refusals import Refusal
from tollhouse.ledger.scheduling import zone_of

Pair = tuple[int, int]


class Ran(msgspec.Struct, frozen=True):
    """How many schedules were due; of those, how many left a transaction and how many were parked.

    One that is due may be dealt with already, by another command of the same batch.
    """

    count: int = 0
    charged: int = 0
    parked: int = 0


class Retried(msgspec.Struct, frozen=True):
    count: int


def run_due(book: Book, command: RunDue) -> Ran:
    which = {"customer_number": command.customer_number, "charge_id": command.charge_id}
    found = book.unit.due_schedules(book.now, command.count, **which)
    rows = [row for row in map(book.newest, found) if row.state == ACTIVE and row.due_at <= book.now]
    if command.park_reason:
        for row in rows[:1]:
            _park(book, row, command.park_reason)
        return Ran(len(rows[:1]), parked=len(rows[:1]))
    run = _Run(book, rows)
    for row in rows:
        run.deal_with(row)
    return Ran(len(found), run.charged, run.parked)


def retry_parked(book: Book, command: RetryParked) -> Retried:
    """Due again at once: what was parked keeps its day and its place in the order."""
    equals = {"charge_id": command.charge_id} if command.charge_id else {}
    if command.customer_number is not None:
        equals["customer_number"] = command.customer_number
    rows = book.unit.first(ScheduleFact, command.count, order=("due_at",), state=PARKED, **equals)
    for row in rows:
        book.put(replace(book.newest(row), state=ACTIVE, reason="", changed_at=book.now))
    return Retried(len(rows))


class _Run:
    """The rows of one command, all that they need looked up at once."""

    def __init__(self, book: Book, rows: list[ScheduleFact]) -> None:
        self._book = book
        self.charged = 0
        self.parked = 0
        ids = sorted({row.charge_id for row in rows})
        self._charges = {c.charge_id: c for c in book.find(ChargeFact, charge_id=ids)} if rows else {}
        self._customers = book.know_customers([row.customer_number for row in rows])
        if rows:
            self._tariffs = Tariffs(book, self._charges.values(), self._customers.values())
            self._times = self._count_times(rows)
            self._is_charged = self._find_charged(rows)

    def deal_with(self, row: ScheduleFact) -> None:
        charge, customer = self._charges[row.charge_id], self._customers[row.customer_number]
        if not self._is_owed(charge, customer):
            self._book.put(replace(row, state=DONE, changed_at=self._book.now))
        elif (row.charge_id, row.customer_number, row.next_key) in self._is_charged or customer.bill_type == NOT_BILLED:
            self._move_on(charge, customer, row)
        else:
            self._charge(charge, customer, row)

    def _charge(self, charge: ChargeFact, customer: CustomerFact, row: ScheduleFact) -> None:
        try:
            tariff = self._tariffs.of(charge, customer)
            occur(self._book, charge, customer, tariff, Event(row.next_key, row.due_at))
        except Refusal as refusal:
            self.parked += 1
            _park(self._book, row, str(refusal))
            return
        self.charged += 1
        self._move_on(charge, customer, row)

    def _move_on(self, charge: ChargeFact, customer: CustomerFact, row: ScheduleFact) -> None:
        book = self._book
        covered_until = max(row.covered_until, piece_due(book, charge, row.next_key).covered_until)
        book.put(schedule_next(book, charge, row, zone_of(book.tenant, customer), covered_until))

    def _is_owed(self, charge: ChargeFact, customer: CustomerFact) -> bool:
        """Whether it is a live charge of a live customer, who is on its plan still, and not used up."""
        if charge.deleted_at is not None or customer.deleted_at is not None:
            return False
        if charge.plan_number and charge.plan_number != customer.plan_number:
            return False
        return not is_used_up(charge, self._times.get((charge.charge_id, customer.number), 0))

    def _count_times(self, rows: list[ScheduleFact]) -> Mapping[Pair, int]:
        """How often charges that end by themselves were charged: by the store, and over that by this batch."""
        ending = {c.charge_id for c in self._charges.values() if is_used_up(c, c.number_max or 1)}
        pairs = [(row.charge_id, row.customer_number) for row in rows if row.charge_id in ending]
        times = dict(self._book.unit.occurrence_counts(pairs)) if pairs else {}
        for added in self._book.added(OccurrenceFact):
            pair = (added.charge_id, added.customer_number)
            times[pair] = times.get(pair, 0) + 1
        return times

    def _find_charged(self, rows: list[ScheduleFact]) -> set[tuple[int, int, str]]:
        """Which of the occurrences that are due were charged: in the store, or in this batch."""
        found = self._book.unit.occurrences([(row.charge_id, row.customer_number, row.next_key) for row in rows])
        found += self._book.added(OccurrenceFact)
        return {(o.charge_id, o.customer_number, o.occurrence_key) for o in found}


def _park(book: Book, row: ScheduleFact, reason: str) -> None:
    book.put(replace(row, state=PARKED, reason=reason, tries=row.tries + 1, changed_at=book.now))

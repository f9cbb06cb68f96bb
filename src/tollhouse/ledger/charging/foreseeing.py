"""What will fall due, and what it would come to by the taxes and rates of today. Nothing is charged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from tollhouse.ledger.charging.covering import is_used_up
from tollhouse.ledger.charging.occurring import NOT_BILLED
from tollhouse.ledger.charging.rehearsing import lines_of
from tollhouse.ledger.charging.tariffs import Tariff, Tariffs
from tollhouse.ledger.facts import ChargeFact, CustomerFact, ScheduleFact
from tollhouse.ledger.facts.schedules import ACTIVE
from tollhouse.ledger.refusals import Refusal
from tollhouse.ledger.scheduling import EVERYBODY, due_after, first_due, is_recurring, zone_of
from tollhouse.ledger.sight import Snapshot

CHUNK = 500


class Foreseen(msgspec.Struct, frozen=True):
    """One occurrence: what it would come to, or the refusal that would stop it."""

    due_at: int
    occurrence_key: str
    charge: ChargeFact
    customer_number: int
    tariff: Tariff | None = None
    refusal: Refusal | None = None


def foreseen(snapshot: Snapshot, until: int) -> Iterator[Foreseen]:
    """All that falls due by `until` (an instant): charge by charge, customer by customer, the earliest first."""
    order = ("charge_id", "customer_number")
    rows = snapshot.reader.stream(ScheduleFact, order=order, state=ACTIVE)
    due = (row for row in rows if row.due_at <= until)
    while chunk := list(islice(due, CHUNK)):
        yield from _Chunk(snapshot, chunk, until).foreseen()


def first_foreseen(snapshot: Snapshot, charge: ChargeFact, customer: CustomerFact, count: int) -> list[Foreseen]:
    """The first occurrences of a charge on one customer that is made at this moment, `count` of them at most."""
    tariffs = Tariffs(snapshot, [charge], [customer])
    zone = zone_of(snapshot.tenant, customer)
    due = first_due(snapshot.tenant, charge, zone, snapshot.now)
    found: list[Foreseen] = []
    while due is not None and len(found) < count and not is_used_up(charge, len(found)):
        found.append(_foreseen(tariffs, charge, customer, due.key, due.due_at))
        due = due_after(snapshot.tenant, charge, zone, due.key)
    return found


def _foreseen(tariffs: Tariffs, charge: ChargeFact, customer: CustomerFact, key: str, due_at: int) -> Foreseen:
    try:
        return Foreseen(due_at, key, charge, customer.number, tariff=tariffs.of(charge, customer))
    except Refusal as refusal:
        return Foreseen(due_at, key, charge, customer.number, refusal=refusal)


def foreseen_of(snapshot: Snapshot, row: ScheduleFact, until: int) -> Iterator[Foreseen]:
    """The same of one schedule, one occurrence after another, as far as anybody asks."""
    return _Chunk(snapshot, [row], until).foreseen()


class _Chunk:
    def __init__(self, snapshot: Snapshot, rows: list[ScheduleFact], until: int) -> None:
        self._snapshot = snapshot
        self._rows = rows
        self._until = until
        ids = sorted({row.charge_id for row in rows})
        numbers = sorted({row.customer_number for row in rows})
        self._charges = {c.charge_id: c for c in snapshot.find(ChargeFact, charge_id=ids, deleted_at=None)}
        self._customers = {c.number: c for c in snapshot.find(CustomerFact, number=numbers, deleted_at=None)}
        self._tariffs = Tariffs(snapshot, self._charges.values(), self._customers.values())
        self._times = dict(snapshot.reader.occurrence_counts([(row.charge_id, row.customer_number) for row in rows]))
        found = snapshot.reader.occurrences([key for row in rows for key in self._keys_to_look_for(row)])
        self._charged = {(o.charge_id, o.customer_number, o.occurrence_key) for o in found}

    def foreseen(self) -> Iterator[Foreseen]:
        for row in self._rows:
            charge = self._charges.get(row.charge_id)
            if charge is None:
                continue
            if row.customer_number == EVERYBODY:
                yield from self._everybody(charge, row)
            else:
                yield from self._customer(charge, row)

    def _keys_to_look_for(self, row: ScheduleFact) -> Iterator[tuple[int, int, str]]:
        """The occurrence that comes next, and those after it that may have been charged by hand before it."""
        yield row.charge_id, row.customer_number, row.next_key
        charge, customer = self._charges.get(row.charge_id), self._customers.get(row.customer_number)
        key = row.next_key
        while charge is not None and is_recurring(charge) and key < row.covered_until:
            due = due_after(self._snapshot.tenant, charge, zone_of(self._snapshot.tenant, customer), key)
            if due is None:
                return
            key = due.key
            yield row.charge_id, row.customer_number, key

    def _everybody(self, charge: ChargeFact, row: ScheduleFact) -> Iterator[Foreseen]:
        for line in lines_of(self._snapshot, charge, is_scheduled=True):
            if line.tariff is not None or line.refusal is not None:
                yield Foreseen(row.due_at, row.next_key, charge, line.customer.number, line.tariff, line.refusal)

    def _customer(self, charge: ChargeFact, row: ScheduleFact) -> Iterator[Foreseen]:
        customer = self._customers.get(row.customer_number)
        if customer is None or (charge.plan_number and charge.plan_number != customer.plan_number):
            return
        times = self._times.get((charge.charge_id, customer.number), 0)
        zone = zone_of(self._snapshot.tenant, customer)
        key, due_at = row.next_key, row.due_at
        while due_at <= self._until and not is_used_up(charge, times):
            is_charged = (charge.charge_id, customer.number, key) in self._charged
            if not is_charged and customer.bill_type != NOT_BILLED:
                yield _foreseen(self._tariffs, charge, customer, key, due_at)
                times += 1
            due = due_after(self._snapshot.tenant, charge, zone, key) if is_recurring(charge) else None
            if due is None:
                return
            key, due_at = due.key, due.due_at

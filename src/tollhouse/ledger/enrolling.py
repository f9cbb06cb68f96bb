"""Schedules, kept in step with the charges and the customers that they are for.

A customer's own charge has its schedule from the commit that made it. Those of everybody on a plan are made in parts
afterwards, so that a charge on a plan of any size holds nobody up; who joins later is charged from the next boundary.
"""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from tollhouse.ledger.book import Book
from tollhouse.ledger.commands.schedules import Enrol
from tollhouse.ledger.facts import ChargeFact, CustomerFact, Fact, ScheduleFact, TenantFact
from tollhouse.ledger.facts.fact import ChangingFact
from tollhouse.ledger.facts.schedules import DONE
from tollhouse.ledger.scheduling import EVERYBODY, first_due, is_recurring, rescheduled, scheduled, zone_of

F = TypeVar("F", bound=Fact)

#: What of a charge its schedules depend on.
_SCHEDULED_BY: Final = ("period", "start_at", "end_at", "number_max", "anchor_on", "deleted_at")


class Rows(Protocol):
    """The book, or rows that are written at once."""

    tenant: TenantFact
    now: int

    def find(self, kind: type[F], /, *, lock: bool = False, **equals: Any) -> list[F]: ...

    def put(self, fact: ChangingFact) -> None: ...


class Enrolled(msgspec.Struct, frozen=True):
    """How many schedules were looked at, and whether the charge has all of its own now."""

    count: int
    is_complete: bool


def charge_made(rows: Rows, charge: ChargeFact, customer: CustomerFact | None) -> ChargeFact:
    """The new charge with its schedule put; a plan's recurring charge has those of its customers made later."""
    if customer is None and is_recurring(charge):
        return replace(charge, enrolling_from=0, enrolling_at=rows.now)
    due = first_due(rows.tenant, charge, zone_of(rows.tenant, customer), charge.created_at)
    rows.put(scheduled(charge, customer.number if customer else EVERYBODY, due, rows.now))
    return charge


def charge_changed(rows: Rows, before: ChargeFact, after: ChargeFact, customer: CustomerFact | None) -> ChargeFact:
    """The charge with its schedules in step again, or, where there may be many, marked to have that done."""
    if all(getattr(before, name) == getattr(after, name) for name in _SCHEDULED_BY):
        return after
    if customer is None:
        at = rows.now if before.enrolling_from is None else before.enrolling_at
        return replace(after, enrolling_from=0, enrolling_at=at)
    for row in rows.find(ScheduleFact, charge_id=after.charge_id, customer_number=customer.number):
        rows.put(_in_step(rows, after, row, customer, rows.now))
    return after


def customer_changed(rows: Rows, before: CustomerFact | None, after: CustomerFact) -> None:
    """Call it where a customer is made (`before` is None), deleted or undeleted, or changes its plan or time zone."""
    if before is not None:
        _keep_in_step(rows, before, after)
    if after.deleted_at is not None or not after.plan_number:
        return
    if before is None or (before.plan_number, before.deleted_at) != (after.plan_number, after.deleted_at):
        _join(rows, after)


def schedule_of_member(book: Book, charge: ChargeFact, member: CustomerFact) -> ScheduleFact:
    """The schedule of a customer who has been on the plan, and is lacking one, since the charge was made or changed."""
    joined_at = max(_enrolling_at(book, charge), member.created_at)
    due = first_due(book.tenant, charge, zone_of(book.tenant, member), joined_at)
    return scheduled(charge, member.number, due, book.now)


def enrol(book: Book, command: Enrol) -> Enrolled:
    """Make or mend up to `count` of a charge's schedules, from where the last call ended."""
    charges = book.find(ChargeFact, lock=True, charge_id=command.charge_id)
    if not charges or charges[0].enrolling_from is None:
        return Enrolled(0, is_complete=True)
    charge = charges[0]
    numbers = _enrol_some(book, charge, command.count)
    is_complete = len(numbers) < command.count
    book.put(replace(charge, enrolling_from=None if is_complete else numbers[-1] + 1))
    return Enrolled(len(numbers), is_complete)


def _enrol_some(book: Book, charge: ChargeFact, count: int) -> list[int]:
    """The customers that were looked at, in order."""
    least = charge.enrolling_from or 0
    is_of_members = bool(charge.plan_number) and is_recurring(charge)
    if least == 0 and charge.deleted_at is None and not is_of_members:
        _make_alone(book, charge)
    if is_of_members and charge.deleted_at is None:
        if least == 0:
            _mend(book, charge, book.find(ScheduleFact, charge_id=charge.charge_id, customer_number=EVERYBODY))
        members = book.unit.page(CustomerFact, "number", least, count, plan_number=charge.plan_number, deleted_at=None)
        numbers = [member.number for member in members]
        _enrol_members(book, charge, numbers)
        return numbers
    rows = book.unit.page(ScheduleFact, "customer_number", least, count, charge_id=charge.charge_id)
    _mend(book, charge, rows)
    return [row.customer_number for row in rows]


def _enrol_members(book: Book, charge: ChargeFact, numbers: list[int]) -> None:
    members = book.know_customers(numbers)
    found = book.find(ScheduleFact, charge_id=charge.charge_id, customer_number=numbers) if numbers else []
    known = {row.customer_number: row for row in found}
    for number, member in members.items():
        row = known.get(number)
        if row is not None:
            book.put(_mended(book, charge, row, member))
        elif member.plan_number == charge.plan_number and member.deleted_at is None:
            book.put(schedule_of_member(book, charge, member))


def _mend(book: Book, charge: ChargeFact, rows: list[ScheduleFact]) -> None:
    numbers = [row.customer_number for row in rows]
    customers = {c.number: c for c in book.find(CustomerFact, number=numbers)} if numbers else {}
    for row in rows:
        book.put(_mended(book, charge, book.newest(row), customers.get(row.customer_number)))


def _mended(book: Book, charge: ChargeFact, row: ScheduleFact, customer: CustomerFact | None) -> ScheduleFact:
    return _in_step(book, charge, row, customer, max(_enrolling_at(book, charge), row.changed_at))


def _make_alone(book: Book, charge: ChargeFact) -> None:
    """The one schedule of a charge that has none yet: it was made before there were any, or had others; from now on."""
    number = charge.customer_number or EVERYBODY
    if book.find(ScheduleFact, charge_id=charge.charge_id, customer_number=number):
        return
    customers = book.find(CustomerFact, number=number) if number else []
    zone = zone_of(book.tenant, customers[0] if customers else None)
    due = first_due(book.tenant, charge, zone, _enrolling_at(book, charge))
    book.put(scheduled(charge, number, due, book.now))


def _enrolling_at(book: Book, charge: ChargeFact) -> int:
    return charge.enrolling_at or book.now


def _in_step(rows: Rows, charge: ChargeFact, row: ScheduleFact, customer: CustomerFact | None, at: int) -> ScheduleFact:
    """The schedule after a change that happened at this instant."""
    if charge.deleted_at is not None or not _is_wanted(charge, row, customer):
        return replace(row, state=DONE, changed_at=rows.now)
    return rescheduled(rows.tenant, charge, row, zone_of(rows.tenant, customer), at)


def _is_wanted(charge: ChargeFact, row: ScheduleFact, customer: CustomerFact | None) -> bool:
    """Whether the charge still falls due in this way for this customer."""
    if row.customer_number == EVERYBODY:
        return not is_recurring(charge)
    if customer is None or customer.deleted_at is not None:
        return False
    return not charge.plan_number or (customer.plan_number == charge.plan_number and is_recurring(charge))


def _keep_in_step(rows: Rows, before: CustomerFact, after: CustomerFact) -> None:
    seen = (before.plan_number, before.timezone, before.deleted_at)
    if seen == (after.plan_number, after.timezone, after.deleted_at):
        return
    schedules = rows.find(ScheduleFact, customer_number=after.number)
    ids = sorted({row.charge_id for row in schedules})
    charges = {c.charge_id: c for c in rows.find(ChargeFact, charge_id=ids)} if ids else {}
    for row in schedules:
        rows.put(_in_step(rows, charges[row.charge_id], row, after, rows.now))


def _join(rows: Rows, customer: CustomerFact) -> None:
    """Schedules of the plan's recurring charges, from the next boundary on, where the customer has none."""
    charges = rows.find(ChargeFact, plan_number=customer.plan_number, deleted_at=None)
    known = {row.charge_id for row in rows.find(ScheduleFact, customer_number=customer.number)}
    for charge in charges:
        if is_recurring(charge) and charge.charge_id not in known:
            due = first_due(rows.tenant, charge, zone_of(rows.tenant, customer), rows.now)
            rows.put(scheduled(charge, customer.number, due, rows.now))

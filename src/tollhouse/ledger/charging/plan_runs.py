"""Charging everybody on a plan, all or none, without holding everybody up.

What is to be charged is staged in parts, from one snapshot; one small commit decides; the lines are then charged in
parts. Before the decision nothing has happened, after it nothing can be refused: whoever finds the run half done goes
on with it. Meanwhile nobody else can charge the charge.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from msgspec.structs import replace

from tollhouse.domain import periods
from tollhouse.domain.exchange import Conversion
from tollhouse.domain.tax import TaxLine
from tollhouse.ledger.book import Book, key_hash
from tollhouse.ledger.charging.covering import Piece, schedule_after
from tollhouse.ledger.charging.occurring import Event, occur
from tollhouse.ledger.charging.tariffs import WHOLE, Tariff
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands.plan_runs import (
    ApplyPlanRun,
    DecidePlanRun,
    RefusePlanRun,
    StagePlanRun,
    StartPlanRun,
    SweepPlanRun,
)
from tollhouse.ledger.enrolling import schedule_of_member
from tollhouse.ledger.facts import (
    ChargeFact,
    PlanRunFact,
    PlanRunLineFact,
    PlanRunTariffFact,
    ScheduleFact,
)
from tollhouse.ledger.facts.schedules import DECIDED, DONE, PARKED, REFUSED, STAGING
from tollhouse.ledger.refusals import (
    ChargeUnderWay,
    ChargeUnknown,
    IdempotencyKeyReused,
    NotForAPlan,
    OutsideWindow,
    PlanRunLost,
)
from tollhouse.ledger.scheduling import EVERYBODY, ONCE, is_recurring, zone_of
from tollhouse.ledger.seeing import charge_seen

#: How long whoever carries out a run may be silent before another goes on with it.
LEASE_SECONDS = 30
#: The kind that a receipt of a plan run has.
RECEIPT_KIND = "ChargePlan"


class PlanRunStarted(msgspec.Struct, frozen=True):
    """`is_ours` tells that the caller has it to carry out; else it is another call's with the same key."""

    run: PlanRunFact
    is_ours: bool


class PlanRunApplied(msgspec.Struct, frozen=True):
    count: int
    is_done: bool


def start(book: Book, command: StartPlanRun) -> PlanRunStarted:
    earlier = _earlier(book, command)
    if earlier is not None:
        return PlanRunStarted(earlier, is_ours=False)
    charge = _charge_to_start(book, command)
    if charge.plan_run_id:
        return PlanRunStarted(_same_under_way(book, charge, command), is_ours=False)
    if command.caller is not None and not periods.is_within(charge.start_at, charge.end_at, book.now):
        raise OutsideWindow
    token = command.token
    run = PlanRunFact(
        tenant_id=book.tenant_id,
        plan_run_id=book.next_number("plan_run"),
        charge_id=charge.charge_id,
        state=STAGING,
        moment_at=book.now,
        effective_at=command.due_at or book.now,
        person_id=None if command.caller is None else command.caller.person_id or None,
        is_scheduled=int(command.caller is None),
        key_scope="" if token is None else token.scope,
        key_hash="" if token is None else key_hash(token.key),
        fingerprint=command.fingerprint,
        digest="",
        lines=0,
        lines_done=0,
        lease_until=_lease(book),
        reason="",
        ended_at=None,
    )
    book.put(run)
    book.put(replace(charge, plan_run_id=run.plan_run_id))
    return PlanRunStarted(run, is_ours=True)


def stage(book: Book, command: StagePlanRun) -> PlanRunFact:
    run = _run_in(book, command.plan_run_id, STAGING)
    for fact in (*command.tariffs, *command.lines):
        book.add(fact)
    after = replace(run, lines=run.lines + len(command.lines), lease_until=_lease(book))
    book.put(after)
    return after


def decide(book: Book, command: DecidePlanRun) -> PlanRunFact:
    run = _run_in(book, command.plan_run_id, STAGING)
    if run.lines != command.lines:
        raise PlanRunLost
    charge = _charge_of(book, run)
    after = replace(run, state=DECIDED, digest=command.digest, sums=command.sums, lease_until=_lease(book))
    if command.token is not None:
        book.keep_receipt(command.token, run.fingerprint, RECEIPT_KIND, run.plan_run_id)
    if not is_recurring(charge):
        _put_everybody(book, charge, DONE, "")
    if run.lines == 0:
        after = _ended(book, after, charge, DONE, "")
    book.put(after)
    return after


def refuse(book: Book, command: RefusePlanRun) -> PlanRunFact:
    run = _run_in(book, command.plan_run_id, STAGING)
    charge = _charge_of(book, run)
    if run.is_scheduled:
        _put_everybody(book, charge, PARKED, command.reason)
    after = _ended(book, run, charge, REFUSED, command.reason)
    book.put(after)
    return after


def sweep(book: Book, command: SweepPlanRun) -> int:
    """How many lines were removed. Of a run that is not refused none are."""
    _run_in(book, command.plan_run_id, REFUSED)
    lines = _first_lines(book, command.plan_run_id, command.count)
    _remove(book, command.plan_run_id, lines)
    if len(lines) < command.count:
        book.unit.remove(PlanRunTariffFact, plan_run_id=command.plan_run_id)
    return len(lines)


def apply(book: Book, command: ApplyPlanRun) -> PlanRunApplied:
    run = _run(book, command.plan_run_id)
    if run.state == DONE:
        return PlanRunApplied(0, is_done=True)
    if run.state != DECIDED:
        raise PlanRunLost
    charge = _charge_of(book, run)
    lines = _first_lines(book, run.plan_run_id, command.count)
    _charge_lines(book, run, charge, lines)
    _remove(book, run.plan_run_id, lines)
    after = replace(run, lines_done=run.lines_done + len(lines), lease_until=_lease(book))
    is_done = after.lines_done >= after.lines
    if is_done:
        after = _ended(book, after, charge, DONE, "")
        book.unit.remove(PlanRunTariffFact, plan_run_id=run.plan_run_id)
    book.put(after)
    return PlanRunApplied(len(lines), is_done)


def tariff_to_fact(tenant_id: int, plan_run_id: int, tariff_no: int, tariff: Tariff) -> PlanRunTariffFact:
    return PlanRunTariffFact(
        tenant_id=tenant_id,
        plan_run_id=plan_run_id,
        tariff_no=tariff_no,
        currency=tariff.currency,
        net_minor=tariff.net_minor,
        buy_minor=tariff.buy_minor,
        exchange_from=tariff.exchange_from,
        exchange_rate=tariff.exchange_rate,
        exchange_rate_at=tariff.conversion.effective_at,
        taxes=msgspec.json.encode(tariff.taxes).decode(),
    )


def _tariff_from_fact(fact: PlanRunTariffFact) -> Tariff:
    rows: list[tuple[int, str, str, str, int]] = msgspec.json.decode(
        fact.taxes, type=list[tuple[int, str, str, str, int]]
    )
    return Tariff(
        currency=fact.currency,
        exchange_from=fact.exchange_from,
        conversion=Conversion(Fraction(fact.exchange_rate or 1), fact.exchange_rate_at),
        net_minor=fact.net_minor,
        buy_minor=fact.buy_minor,
        lines=tuple(
            TaxLine(tax_id, name, Decimal(rate), Fraction(flat), amount_minor)
            for tax_id, name, rate, flat, amount_minor in rows
        ),
    )


def _charge_lines(book: Book, run: PlanRunFact, charge: ChargeFact, lines: list[PlanRunLineFact]) -> None:
    numbers = [line.customer_number for line in lines]
    customers = book.know_customers(numbers)
    found = book.unit.find(
        PlanRunTariffFact, plan_run_id=run.plan_run_id, tariff_no=sorted({x.tariff_no for x in lines})
    )
    tariffs = {fact.tariff_no: _tariff_from_fact(fact) for fact in found}
    rows = book.find(ScheduleFact, charge_id=charge.charge_id, customer_number=numbers) if lines else []
    schedules = {row.customer_number: row for row in rows}
    for line in lines:
        customer = customers[line.customer_number]
        event = Event(line.occurrence_key, run.effective_at, run.person_id, line.settlement)
        occur(book, charge, customer, tariffs[line.tariff_no], event)
        if is_recurring(charge):
            piece = Piece(line.occurrence_key, WHOLE, line.covered_until)
            row = schedules.get(customer.number) or schedule_of_member(book, charge, customer)
            zone = zone_of(book.tenant, customer)
            book.put(schedule_after(book, charge, row, piece, customer_number=customer.number, zone=zone))


def _earlier(book: Book, command: StartPlanRun) -> PlanRunFact | None:
    """The run that the caller's key stands for already."""
    if command.token is None:
        return None
    receipt = book.newest_receipt(command.token)
    if receipt is None:
        return None
    if receipt.fingerprint != command.fingerprint or receipt.kind != RECEIPT_KIND:
        raise IdempotencyKeyReused
    if command.caller is not None:
        charge_seen(book, command.caller, command.charge_id)
    return _run(book, receipt.fact_id)


def _charge_to_start(book: Book, command: StartPlanRun) -> ChargeFact:
    if command.caller is not None:
        charge = charge_seen(book, command.caller, command.charge_id, lock=True)
    else:
        found = book.find(ChargeFact, lock=True, charge_id=command.charge_id, deleted_at=None)
        if not found:
            raise ChargeUnknown
        charge = found[0]
    if not charge.plan_number:
        raise NotForAPlan
    return charge


def _same_under_way(book: Book, charge: ChargeFact, command: StartPlanRun) -> PlanRunFact:
    run = _run(book, charge.plan_run_id)
    token = command.token
    if token is None or (run.key_scope, run.key_hash) != (token.scope, key_hash(token.key)):
        raise ChargeUnderWay
    if run.fingerprint != command.fingerprint:
        raise IdempotencyKeyReused
    return run


def _put_everybody(book: Book, charge: ChargeFact, state: str, reason: str) -> None:
    """What becomes of the schedule by which everybody on the plan is charged at once."""
    for row in book.find(ScheduleFact, charge_id=charge.charge_id, customer_number=EVERYBODY):
        covered_until = ONCE if state == DONE else row.covered_until
        tries = row.tries + (state == PARKED)
        book.put(
            replace(row, state=state, reason=reason, tries=tries, covered_until=covered_until, changed_at=book.now)
        )


def _ended(book: Book, run: PlanRunFact, charge: ChargeFact, state: str, reason: str) -> PlanRunFact:
    book.put(replace(charge, plan_run_id=0))
    return replace(run, state=state, reason=reason, ended_at=book.now)


def _run(book: Book, plan_run_id: int) -> PlanRunFact:
    (run,) = book.find(PlanRunFact, lock=True, plan_run_id=plan_run_id)
    return run


def _run_in(book: Book, plan_run_id: int, state: str) -> PlanRunFact:
    run = _run(book, plan_run_id)
    if run.state != state:
        raise PlanRunLost
    return run


def _charge_of(book: Book, run: PlanRunFact) -> ChargeFact:
    (charge,) = book.find(ChargeFact, lock=True, charge_id=run.charge_id)
    return charge


def _first_lines(book: Book, plan_run_id: int, count: int) -> list[PlanRunLineFact]:
    return book.unit.first(PlanRunLineFact, count, order=("customer_number",), plan_run_id=plan_run_id)


def _remove(book: Book, plan_run_id: int, lines: list[PlanRunLineFact]) -> None:
    if lines:
        equals: dict[str, Any] = {"customer_number": [line.customer_number for line in lines]}
        book.unit.remove(PlanRunLineFact, plan_run_id=plan_run_id, **equals)


def _lease(book: Book) -> int:
    return book.system_now + LEASE_SECONDS * SECOND

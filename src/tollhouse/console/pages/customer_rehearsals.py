"""A rehearsal in words: what would be charged, recorded, scheduled or credited, as the ledger decided it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from tollhouse.apis.html import exact, money
from tollhouse.domain.summaries import EMPTY
from tollhouse.ledger.charging import definitions
from tollhouse.ledger.charging.foreseeing import Foreseen, first_foreseen
from tollhouse.ledger.charging.occurring import NOT_BILLED
from tollhouse.ledger.charging.once import Owed
from tollhouse.ledger.charging.tariffs import Tariff
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import AddToBalance, CreateCharge
from tollhouse.ledger.commands.by_hand import ChargeOnce, RecordByHand
from tollhouse.ledger.facts import CustomerFact
from tollhouse.ledger.recording_by_hand import RecordedByHand
from tollhouse.ledger.scheduling import is_recurring, zone_of
from tollhouse.ledger.sight import Snapshot
from tollhouse.ledger.transacting import BalanceMoved

#: Dates of a schedule that are foreseen.
DATES: Final = 12
_OFTEN: Final = {
    "monthly": "every month",
    "quarterly": "every three months",
    "annually": "every year",
    "once": "once",
}


class Told(msgspec.Struct, frozen=True):
    """`facts` are names with their values; `dates` what falls due when. `verb` is what the button does, `digest` what
    is sent with it, so that no more and no less is done."""

    verb: str
    facts: list[tuple[str, str]]
    dates: list[tuple[str, str]] = []
    has_more_dates: bool = False
    warnings: list[str] = []
    digest: str = ""


def told_once(command: ChargeOnce, owed: Owed) -> Told:
    tariff, currency = owed.tariff, owed.tariff.currency
    facts = [
        ("What for", command.name),
        *_asked(command.amount, command.currency or currency, tariff),
        *_amounts(tariff),
        ("Settles", "on account" if owed.settlement == "balance" else "elsewhere: only recorded here"),
        ("Balance now", money(owed.balance_minor, owed.balance_currency)),
        ("Balance after it", money(owed.balance_after_minor, owed.balance_currency)),
    ]
    return Told(f"Charge {money(tariff.gross_minor, currency)}", facts, digest=owed.digest)


def told_recorded(command: RecordByHand, currency: str, recorded: RecordedByHand) -> Told:
    before, after = recorded.before or EMPTY, recorded.after or EMPTY
    amount = money(command.amount_minor, currency)
    facts = [
        ("What for", command.description),
        ("Amount", f"{amount} {currency}, final: no tax is added"),
        ("Settles", "elsewhere: only recorded here, the balance stays as it is"),
        ("Charges now", f"{before.count:,}, {money(before.sum_minor, currency)}"),
        ("Charges after it", f"{after.count:,}, {money(after.sum_minor, currency)}"),
    ]
    return Told(f"Record {amount}", facts)


def told_credit(command: AddToBalance, customer: CustomerFact, moved: BalanceMoved, kinds: Mapping[str, str]) -> Told:
    currency = customer.currency
    given = exact(command.amount, command.currency or currency)
    facts = [("What", kinds[command.kind]), ("Description", command.description or "–")]
    if command.currency not in (None, currency):
        facts.append(("Amount", f"{given} {command.currency}, at today's rate"))
    facts += [
        ("Balance changes by", money(moved.difference_minor, currency)),
        ("Balance now", money(moved.balance_minor - moved.difference_minor, currency)),
        ("Balance after it", money(moved.balance_minor, currency)),
    ]
    raises = moved.difference_minor >= 0
    amount = money(abs(moved.difference_minor), currency)
    warnings = [] if raises else ["This lowers the balance: the customer owes more after it."]
    if not moved.difference_minor:
        warnings = ["At today's rate this comes to nothing: no balance is moved."]
    verb = f"{'Add' if raises else 'Take'} {amount}"
    return Told(verb, facts, warnings=warnings, digest=str(moved.difference_minor))


def told_schedule(snapshot: Snapshot, customer: CustomerFact, command: CreateCharge) -> Told:
    """The command was checked."""
    charge = definitions.charge_fact(
        snapshot,
        customer,
        0,
        name=command.name,
        description=command.description,
        amount=command.amount,
        buy=command.buy,
        currency=command.currency or snapshot.tenant.currency,
        period=command.period,
        start_at=command.start_at,
        end_at=command.end_at,
        number_max=command.number_max,
    )
    is_billed = customer.bill_type != NOT_BILLED
    due = first_foreseen(snapshot, charge, customer, DATES + 1) if is_billed else []
    zone = zone_of(snapshot.tenant, customer)
    facts = [
        ("What for", command.name),
        ("Amount", f"{exact(command.amount, charge.currency)} {charge.currency}, before taxes"),
        ("How often", _OFTEN[command.period]),
        ("Times at most", f"{command.number_max:,}" if command.number_max else "no limit"),
        ("Time zone", zone),
    ]
    warnings = []
    if not is_billed:
        warnings.append("This customer is not billed: nothing falls due while that is so.")
    elif not due:
        warnings.append("Nothing would ever fall due: the end comes before the first date.")
    elif is_recurring(charge):
        facts.append(("Begins", "with the next whole period; what is left of one that runs is charged by hand"))
    dates = [_date(each, zone) for each in due[:DATES]]
    return Told("Schedule it", facts, dates, has_more_dates=len(due) > DATES, warnings=warnings)


def _date(each: Foreseen, zone: str) -> tuple[str, str]:
    day = f"{datetime.fromtimestamp(each.due_at // SECOND, ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    if each.tariff is None:
        return day, f"Could not be charged as things stand: {each.refusal}"
    tariff = each.tariff
    shown = money(tariff.gross_minor, tariff.currency)
    return day, shown if not tariff.tax_minor else f"{shown}, with {money(tariff.tax_minor, tariff.currency)} taxes"


def _asked(amount: Decimal, currency: str, tariff: Tariff) -> list[tuple[str, str]]:
    """What was asked for, where that is in another currency."""
    if tariff.exchange_from is None:
        return []
    rate = f"1 {tariff.exchange_from} is {tariff.exchange_rate} {tariff.currency}"
    return [("Amount asked for", f"{exact(amount, currency)} {currency}"), ("Rate of exchange", rate)]


def _amounts(tariff: Tariff) -> list[tuple[str, str]]:
    currency = tariff.currency
    taxes = [
        (f"{line.name}, {line.rate.normalize():f} %" if line.rate else line.name, money(line.amount_minor, currency))
        for line in tariff.lines
    ]
    facts = [("Net", money(tariff.net_minor, currency)), *taxes]
    if not taxes:
        facts.append(("Taxes", "none"))
    facts.append(("Gross", f"{money(tariff.gross_minor, currency)} {currency}"))
    if tariff.buy_minor:
        facts.append(("Buy cost", money(tariff.buy_minor, currency)))
        facts.append(("Margin", money(tariff.net_minor - tariff.buy_minor, currency)))
    return facts

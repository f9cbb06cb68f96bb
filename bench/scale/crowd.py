"""Many customers on one plan, written in bulk: half pay in USD, half in EUR."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from tollhouse.ledger.facts import ROOT_NUMBER, ChargeFact, CustomerFact, CustomerWordFact, ScheduleFact
from tollhouse.ledger.search_words import search_words
from tollhouse.ledger.totals import new_customers
from tollhouse.store.store import SqlStore

PLAN = 7
TENANT = 1
#: 2027-06-16T09:00:00Z, the tenant's clock at the start, in microseconds.
NOW = 1_813_136_400_000_000
#: When a monthly charge that is made then falls due, first and again.
MONTHS = ("2027-07-01", "2027-08-01")
FIRST_NUMBER = 1001
FIRST_CHARGE = 1001
CHUNK = 5000
CURRENCIES = ("USD", "EUR")


def instant(day: str) -> int:
    """When a day begins, in microseconds."""
    return int(datetime.fromisoformat(f"{day}T00:00:00Z").timestamp()) * 1_000_000


def settle(store: SqlStore, count: int) -> None:
    """Put so many customers on the plan."""
    for numbers in _chunks(FIRST_NUMBER, count):
        with store.unit_of_work(TENANT) as unit:
            rows = [_customer(number) for number in numbers]
            unit.insert(rows)
            unit.insert([CustomerWordFact(TENANT, word, row.number) for row in rows for word in search_words(row)])
            unit.add_totals(new_customers(TENANT, rows))
    store.advance_numbers(TENANT, "customer", FIRST_NUMBER + count)


def burden(store: SqlStore, count: int) -> None:
    """Give so many of them a monthly charge of their own, each with its schedule."""
    for numbers in _chunks(FIRST_NUMBER, count):
        with store.unit_of_work(TENANT) as unit:
            unit.insert([_charge(number) for number in numbers])
            unit.insert([_schedule(number) for number in numbers])
    store.advance_numbers(TENANT, "charge", FIRST_CHARGE + count)


def _chunks(first: int, count: int) -> Iterator[range]:
    for start in range(first, first + count, CHUNK):
        yield range(start, min(start + CHUNK, first + count))


def _customer(number: int) -> CustomerFact:
    return CustomerFact(
        tenant_id=TENANT,
        number=number,
        uid=str(uuid.UUID(int=number)),
        reference=None,
        email=None,
        email_folded=None,
        is_guest=0,
        name=f"Customer {number}",
        parent_number=ROOT_NUMBER,
        path=f"{ROOT_NUMBER}.{number}.",
        plan_number=PLAN,
        currency=CURRENCIES[number % len(CURRENCIES)],
        currency_lock=None,
        balance_minor=0,
        opening_balance_minor=0,
        bill_type="postpaid",
        timezone="",
        country="",
        sessions=0,
        last_seen_at=None,
        origin="enswitch",
        created_at=NOW,
        updated_at=NOW,
    )


def _charge(number: int) -> ChargeFact:
    return ChargeFact(
        tenant_id=TENANT,
        charge_id=FIRST_CHARGE + number - FIRST_NUMBER,
        customer_number=number,
        plan_number=0,
        owner_number=ROOT_NUMBER,
        name="Line rental",
        description="",
        amount="19.99",
        buy="7.50",
        currency="USD",
        period="monthly",
        start_at=0,
        end_at=0,
        number_max=0,
        anchor="calendar",
        origin="enswitch",
        created_at=NOW,
        anchor_on="2000-01-01",
    )


def _schedule(number: int) -> ScheduleFact:
    return ScheduleFact(
        tenant_id=TENANT,
        charge_id=FIRST_CHARGE + number - FIRST_NUMBER,
        customer_number=number,
        state="active",
        next_key=MONTHS[0],
        due_at=instant(MONTHS[0]),
        covered_until="",
        reason="",
        tries=0,
        changed_at=NOW,
    )

"""A store made large by few statements: its rows are what Tollhouse would have left, and `verify` finds them so."""

# ruff: noqa: S608 - statements are made of names and numbers of ours alone.

from __future__ import annotations

from collections import Counter

import psycopg
from sqlalchemy import Connection, text

from tollhouse.domain.figures import CHARGES, CUSTOMERS, halves, part_of
from tollhouse.ledger.day_figures import recount
from tollhouse.ledger.facts import TotalFact
from tollhouse.store.store import SqlStore

#: 2026-01-01T00:00:00Z, in microseconds: when the first of the charges happened, where nothing else is said.
SINCE = 1_767_225_600_000_000
SECOND = 1_000_000
#: How many names and families there are: a customer has one of each, written with its number.
NAMES, FAMILIES = 997, 1009
#: Prime to any round number of customers: successive charges are of customers that are far apart.
STRIDE = 7919
CHUNK = 100_000

_COUNTED = (
    "WITH RECURSIVE counted(i) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM counted WHERE i < :last) "
)
_CUSTOMERS = (
    "INSERT INTO customers (tenant_id, number, uid, reference, email, email_folded, is_guest, name, parent_number,"
    " path, plan_number, currency, currency_lock, balance_minor, opening_balance_minor, bill_type, timezone, country,"
    " sessions, last_seen_at, origin, created_at, updated_at, deleted_at) "
    f"{_COUNTED} SELECT :tenant, i, '00000000-0000-4000-8000-' || substr(CAST(1000000000000 + i AS TEXT), 2),"
    " 'g' || i, 'g' || i || '@example.com', 'g' || i || '@example.com', 0,"
    f" 'Name' || (i % {NAMES}) || ' Family' || (i % {FAMILIES}), 1, '1.' || i || '.', 0, :currency, NULL, 0, 0,"
    " 'postpaid', '', '', 1, :since, 'beacon', :since, :since, NULL FROM counted"
)
_WORDS = (
    "INSERT INTO customer_words (tenant_id, word, customer_number) "
    f"{_COUNTED} SELECT :tenant, 'name' || (i % {NAMES}), i FROM counted"
    f" UNION ALL SELECT :tenant, 'family' || (i % {FAMILIES}), i FROM counted"
)
#: The charge with the number j, counted from 0, is of this customer and comes to this, 10.00 to 99.99.
_WHOSE = f":customer + (i - :start) * {STRIDE} % :customers"
_AMOUNT = "1000 + ({j}) * 31 % 9000"
_CHARGES = (
    "INSERT INTO transactions (tenant_id, transaction_id, customer_number, kind, settlement, origin, currency,"
    " net_minor, tax_minor, gross_minor, buy_minor, effective_at, recorded_at, charge_id, payment_id, person_id,"
    " description, exchange_from, exchange_rate, exchange_rate_at) "
    f"{_COUNTED} SELECT :tenant, i, {_WHOSE}, 'charge', 'recorded', 'beacon', :currency,"
    f" {_AMOUNT.format(j='i - :start')}, 0, {_AMOUNT.format(j='i - :start')}, 0, :since + (i - :start) * :apart,"
    " :since + (i - :start) * :apart, NULL, NULL, NULL, '', NULL, NULL, NULL FROM counted"
)
_SUMMARIES = (
    "INSERT INTO charge_summaries (tenant_id, customer_number, currency, charge_count, sum_minor, refunded_minor,"
    " first_at, last_at, last_amount_minor) SELECT tenant_id, customer_number, currency, count(*), sum(gross_minor), 0,"
    f" min(effective_at), max(effective_at), {_AMOUNT.format(j='(max(effective_at) - :since) / :apart')}"
    " FROM transactions WHERE tenant_id = :tenant AND transaction_id >= :start AND transaction_id < :start + :charges"
    " GROUP BY tenant_id, customer_number, currency"
)
_SUM = (
    "SELECT coalesce(sum(gross_minor), 0) FROM transactions"
    " WHERE tenant_id = :tenant AND transaction_id >= :start AND transaction_id < :start + :charges"
)


def grow(
    store: SqlStore,
    tenant_id: int,
    currency: str,
    *,
    customers: int,
    charges: int,
    since: int = SINCE,
    apart: int = SECOND,
) -> int:
    """Add so many customers with so many charges in all, each with about as many; the number of the first customer.
    The first charge is at `since`, each other one `apart` later, in microseconds.

    Tell the store's planner afterwards: see `settle`.
    """
    customer = store.reserve_numbers(tenant_id, "customer", customers)
    start = store.reserve_numbers(tenant_id, "transaction", charges)
    values: dict[str, int | str] = {"tenant": tenant_id, "currency": currency, "since": since}
    of_charges: dict[str, int | str] = {
        "apart": apart,
        "start": start,
        "charges": charges,
        "customer": customer,
        "customers": customers,
    }
    with store.writing_rows() as connection:
        _take_time(connection, store)
        _run(connection, _CUSTOMERS, values, first=customer, last=customer + customers - 1)
        _run(connection, _WORDS, values, first=customer, last=customer + customers - 1)
    for first in range(start, start + charges, CHUNK):
        with store.writing_rows() as connection:
            _take_time(connection, store)
            last = min(first + CHUNK, start + charges) - 1
            _run(connection, _CHARGES, {**values, **of_charges}, first=first, last=last)
    with store.writing_rows() as connection:
        _take_time(connection, store)
        _run(connection, _SUMMARIES, {**values, **of_charges})
        summed = connection.execute(text(_SUM), {"tenant": tenant_id, "start": start, "charges": charges})
        sum_minor = int(summed.scalar_one())
    parts = Counter(part_of(number) for number in range(customer, customer + customers))
    totals = [TotalFact(tenant_id, CUSTOMERS, part, count, 0, 0) for part, count in sorted(parts.items())]
    with store.unit_of_work(tenant_id) as unit:
        unit.add_totals([TotalFact(tenant_id, CHARGES + currency, 0, charges, *halves(sum_minor)), *totals])
        recount(unit, unit.tenant())
    return customer


def settle(store: SqlStore) -> None:
    """Let the store's planner know how large it has become, as PostgreSQL does by itself after a while."""
    if store.is_sqlite:
        return
    plain = store.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _take_time(connection: Connection, store: SqlStore) -> None:
    if not store.is_sqlite:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def _run(connection: Connection, statement: str, values: dict[str, int | str], **more: int) -> None:
    connection.execute(text(statement), {**values, **more})

"""What the console reads of customers, as statements that look at a bounded part of an index each."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, TextClause, bindparam, select, text

from tollhouse.domain.identity import is_storable
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import ROOT_NUMBER, ROOT_PATH, CustomerFact, PlanFact, SummaryFact
from tollhouse.ledger.queries import Page
from tollhouse.ledger.queries.customer_pages import (
    CANDIDATES_MAX,
    YEAR_LOOKED_AT,
    CustomerRow,
    CustomerRows,
    Year,
    YearCharge,
)
from tollhouse.store.customer_search import found_numbers
from tollhouse.store.deliveries import by_index
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import charge_summaries, customers, payments, plans
from tollhouse.store.store import SqlStore

_CUSTOMER = [customers.c[name] for name in columns_of(CustomerFact)]
_PLAN = [plans.c[name] for name in columns_of(PlanFact)]
_SUMMARY = [charge_summaries.c[name] for name in columns_of(SummaryFact)]

#: Numbers that a customer can have.
_NUMBER_DIGITS_MAX = 18


class SqlCustomerPageQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def everybody(self, tenant_id: int, after: int, count: int) -> CustomerRows:
        return self._listed(tenant_id, _live(tenant_id) & (customers.c.number > max(after, ROOT_NUMBER)), count)

    def below(self, tenant_id: int, parent_number: int, after: int, count: int) -> CustomerRows:
        is_below = (customers.c.parent_number == parent_number) & (customers.c.number > after)
        return self._listed(tenant_id, _live(tenant_id) & is_below, count)

    def found(self, tenant_id: int, caller: Caller, search: str, count: int) -> CustomerRows:
        if not (is_storable(search) and search.strip()):
            return CustomerRows([], has_more=False)
        # Whoever sees everybody needs no more candidates than are shown.
        most = count + 1 if _sees_all(caller) else CANDIDATES_MAX
        with self._store.reading_rows() as connection:
            numbers = _named(connection, tenant_id, search.strip())
            numbers += found_numbers(connection, tenant_id, search, Page(1, most), most)[0]
            seen = _seen(connection, tenant_id, caller, list(dict.fromkeys(numbers)))
            rows = _rows(connection, tenant_id, seen[:count])
        return CustomerRows(rows, has_more=len(seen) > count)

    def year(self, tenant_id: int, customer_number: int, since: int) -> Year:
        values = {"tenant": tenant_id, "customer": customer_number, "since": since, "count": YEAR_LOOKED_AT + 1}
        with self._store.reading_rows() as connection:
            newest = connection.execute(_newest(self._store.is_sqlite), values).all()
        charges = [YearCharge(at, currency, gross) for at, currency, gross, stands in newest[:YEAR_LOOKED_AT] if stands]
        return Year(charges, newest[-1].effective_at if len(newest) > YEAR_LOOKED_AT else None)

    def _listed(self, tenant_id: int, condition: ColumnElement[bool], count: int) -> CustomerRows:
        query = select(customers.c.number).where(condition).order_by(customers.c.number).limit(count + 1)
        with self._store.reading_rows() as connection:
            numbers = list(connection.execute(query).scalars())
            rows = _rows(connection, tenant_id, numbers[:count])
        return CustomerRows(rows, has_more=len(numbers) > count)


def _live(tenant_id: int) -> ColumnElement[bool]:
    return (customers.c.tenant_id == tenant_id) & customers.c.deleted_at.is_(None)


def _sees_all(caller: Caller) -> bool:
    return caller.may_reach_below and caller.path == ROOT_PATH


def _named(connection: Connection, tenant_id: int, wanted: str) -> list[int]:
    """Those whom a number, a uid, an order or a payment names exactly."""
    numbers = []
    digits = wanted.removeprefix("#")
    if digits.isascii() and digits.isdigit() and len(digits) <= _NUMBER_DIGITS_MAX:
        numbers.append(int(digits))
    numbers += _numbers(
        connection, select(customers.c.number), customers.c.tenant_id == tenant_id, customers.c.uid == wanted
    )
    for column in (payments.c.order_id, payments.c.uid):
        theirs = select(payments.c.customer_number)
        numbers += _numbers(connection, theirs, payments.c.tenant_id == tenant_id, column == wanted)
    return numbers


def _numbers(connection: Connection, query: Select[Any], *conditions: ColumnElement[bool]) -> list[int]:
    return [int(number) for number in connection.execute(query.where(*conditions)).scalars()]


def _seen(connection: Connection, tenant_id: int, caller: Caller, numbers: list[int]) -> list[int]:
    """Those of these whom the caller sees, in their order; nobody looks for the tenant's root."""
    if not numbers:
        return []
    query = select(customers.c.number, customers.c.path).where(
        customers.c.tenant_id == tenant_id, customers.c.number.in_(numbers), customers.c.number != ROOT_NUMBER
    )
    seen = {row.number for row in connection.execute(query) if caller.reaches(row.path)}
    return [number for number in numbers if number in seen]


def _rows(connection: Connection, tenant_id: int, numbers: list[int]) -> list[CustomerRow]:
    """Customers in the order of these numbers, with what a list shows of them."""
    if not numbers:
        return []
    query = select(*_CUSTOMER).where(customers.c.tenant_id == tenant_id, customers.c.number.in_(numbers))
    found = {row.number: row for row in (CustomerFact(*row) for row in connection.execute(query))}
    is_sqlite = connection.dialect.name == "sqlite"
    parents = set(connection.execute(_parents(is_sqlite), {"tenant": tenant_id, "numbers": numbers}).scalars())
    summaries = _summaries(connection, tenant_id, numbers)
    known = _plans(connection, tenant_id, sorted({customer.plan_number for customer in found.values()} - {0}))
    return [CustomerRow(found[n], known.get(found[n].plan_number), summaries.get(n, []), n in parents) for n in numbers]


@cache
def _parents(is_sqlite: bool) -> TextClause:
    """Those of some customers that have live ones directly below them. Takes tenant and numbers.

    SQLite is told the index by name: else it goes through all customers for each of them.
    """
    return text(
        "SELECT p.number FROM customers p"  # noqa: S608 - made of names of ours alone
        " WHERE p.tenant_id = :tenant AND p.number IN :numbers AND EXISTS"
        f" (SELECT 1 FROM customers b {by_index(is_sqlite, 'ix_customers_parent')}"
        " WHERE b.tenant_id = :tenant AND b.parent_number = p.number AND b.deleted_at IS NULL)"
    ).bindparams(bindparam("numbers", expanding=True))


def _summaries(connection: Connection, tenant_id: int, numbers: list[int]) -> dict[int, list[SummaryFact]]:
    query = (
        select(*_SUMMARY)
        .where(charge_summaries.c.tenant_id == tenant_id, charge_summaries.c.customer_number.in_(numbers))
        .order_by(charge_summaries.c.customer_number, charge_summaries.c.currency)
    )
    found: dict[int, list[SummaryFact]] = {}
    for row in connection.execute(query):
        summary = SummaryFact(*row)
        found.setdefault(summary.customer_number, []).append(summary)
    return found


def _plans(connection: Connection, tenant_id: int, numbers: list[int]) -> dict[int, PlanFact]:
    if not numbers:
        return {}
    query = select(*_PLAN).where(plans.c.tenant_id == tenant_id, plans.c.number.in_(numbers))
    found = [PlanFact(*row) for row in connection.execute(query)]
    return {plan.number: plan for plan in found}


@cache
def _newest(is_sqlite: bool) -> TextClause:
    """A customer's newest transactions since an instant, and whether each is a charge that is not void.

    SQLite is told the indexes by name: else it goes through all corrections for each charge.
    """
    return text(
        "SELECT t.effective_at, t.currency, t.gross_minor, t.kind = 'charge' AND NOT EXISTS"  # noqa: S608 - names of ours
        f" (SELECT 1 FROM corrections c {by_index(is_sqlite, 'ix_corrections_customer')}"
        " WHERE c.tenant_id = :tenant AND c.customer_number = :customer AND c.kind = 'void'"
        " AND c.corrected_id = t.transaction_id)"
        f" FROM transactions t {by_index(is_sqlite, 'ix_transactions_customer')}"
        " WHERE t.tenant_id = :tenant AND t.customer_number = :customer AND t.effective_at >= :since"
        " ORDER BY t.effective_at DESC, t.transaction_id DESC LIMIT :count"
    )

"""The ledger's queries, as statements."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Table, TextClause, func, select, text

from tollhouse.domain.identity import is_storable
from tollhouse.ledger.facts import CustomerFact, SummaryFact, TransactionFact
from tollhouse.ledger.queries import SEARCH_FOUND_MAX, Found, ListedCharge, Page, ProjectFigures
from tollhouse.store import figures
from tollhouse.store.corrections import refunded, refunded_by_gateways, standing_charges
from tollhouse.store.customer_search import found_numbers
from tollhouse.store.deliveries import by_index
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import charge_summaries, customers, payments, refunds, transactions
from tollhouse.store.store import SqlStore

_CUSTOMER = [customers.c[name] for name in columns_of(CustomerFact)]
_SUMMARY = [charge_summaries.c[name] for name in columns_of(SummaryFact)]
_TRANSACTION = [transactions.c[name] for name in columns_of(TransactionFact)]


class SqlQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def customers(self, tenant_id: int, search: str, page: Page) -> Found[tuple[CustomerFact, list[SummaryFact]]]:
        if not is_storable(search):
            return Found([], 0)
        with self._store.reading_rows() as connection:
            if search.strip():
                numbers, total = found_numbers(connection, tenant_id, search, page, SEARCH_FOUND_MAX)
                rows = _customers(connection, tenant_id, numbers)
            else:
                rows, total = _page_of_customers(connection, tenant_id, page)
            summaries = _summaries(connection, tenant_id, [customer.number for customer in rows])
        return Found([(customer, summaries.get(customer.number, [])) for customer in rows], total)

    def project_figures(self, tenant_id: int) -> ProjectFigures:
        with self._store.reading_rows() as connection:
            return figures.project_figures(connection, tenant_id)

    def customer(self, tenant_id: int, uid: str) -> tuple[CustomerFact, list[SummaryFact]] | None:
        with self._store.reading_rows() as connection:
            customer = _customer(connection, tenant_id, uid)
            if customer is None:
                return None
            return customer, _summaries(connection, tenant_id, [customer.number]).get(customer.number, [])

    def customer_charges(self, tenant_id: int, uid: str, page: Page) -> Found[ListedCharge] | None:
        with self._store.reading_rows() as connection:
            customer = _customer(connection, tenant_id, uid)
            if customer is None:
                return None
            summaries = _summaries(connection, tenant_id, [customer.number]).get(customer.number, [])
            total = sum(summary.charge_count for summary in summaries)
            credited = {"tenant": tenant_id, "customer": customer.number}
            total += connection.execute(_credits(self._store.is_sqlite), credited).scalar_one()
            rows = _page_of_charges(connection, tenant_id, customer.number, page, total)
            return Found(_with_refunds(connection, tenant_id, rows), total)

    def tenants_with_due_payments(self, now: int) -> list[int]:
        """Tenants that have pending payments whose look-up is due."""
        return self._tenants_with_due(payments, now)

    def tenants_with_due_refunds(self, now: int) -> list[int]:
        """Tenants that have pending refunds whose look-up is due."""
        return self._tenants_with_due(refunds, now)

    def _tenants_with_due(self, table: Table, now: int) -> list[int]:
        query = select(table.c.tenant_id).where(text("state = 'pending'"), table.c.look_up_at <= now).distinct()
        with self._store.reading_rows() as connection:
            return sorted(connection.execute(query).scalars())

    def open_outcomes(self) -> dict[str, tuple[int, int | None]]:
        """How many payments and refunds are pending, and by when the first of each should have been answered."""
        found: dict[str, tuple[int, int | None]] = {}
        with self._store.reading_rows() as connection:
            for kind, table in (("payment", payments), ("refund", refunds)):
                query = select(func.count(), func.min(table.c.call_until_at)).where(text("state = 'pending'"))
                count, oldest_at = connection.execute(query).one()
                found[kind] = (int(count), None if oldest_at is None else int(oldest_at))
        return found


@cache
def _credits(is_sqlite: bool) -> TextClause:
    """How many charges below zero a customer has, which no summary counts. Takes tenant and customer.

    As the index says it: by values SQLite would not know it again. And it is told which: else it goes through all
    transactions.
    """
    return text(
        f"SELECT count(*) FROM transactions {by_index(is_sqlite, 'ix_transactions_credits')}"  # noqa: S608 - names of ours
        " WHERE tenant_id = :tenant AND customer_number = :customer AND kind = 'charge' AND gross_minor < 0"
    )


def _customer(connection: Connection, tenant_id: int, uid: str) -> CustomerFact | None:
    if not is_storable(uid):
        return None
    query = select(*_CUSTOMER).where(
        customers.c.tenant_id == tenant_id, customers.c.uid == uid, customers.c.deleted_at.is_(None)
    )
    row = connection.execute(query).first()
    return None if row is None else CustomerFact(*row)


def _page_of_customers(connection: Connection, tenant_id: int, page: Page) -> tuple[list[CustomerFact], int]:
    """By number, and how many there are on all pages. Those before the page are counted already."""
    total = figures.customer_count(connection, tenant_id)
    place = figures.place_of_customer(connection, tenant_id, page.offset)
    if place is None:
        return [], total
    first, passed_over = place
    query = (
        select(*_CUSTOMER)
        .where(customers.c.tenant_id == tenant_id, customers.c.number >= first, customers.c.deleted_at.is_(None))
        .order_by(customers.c.number)
        .limit(page.size)
        .offset(passed_over)
    )
    return [CustomerFact(*row) for row in connection.execute(query)], total


def _customers(connection: Connection, tenant_id: int, numbers: list[int]) -> list[CustomerFact]:
    """Customers in the order of these numbers of theirs."""
    query = select(*_CUSTOMER).where(customers.c.tenant_id == tenant_id, customers.c.number.in_(numbers))
    found = {row.number: CustomerFact(*row) for row in connection.execute(query)}
    return [found[number] for number in numbers]


def _page_of_charges(
    connection: Connection, tenant_id: int, customer_number: int, page: Page, total: int
) -> list[TransactionFact]:
    """Latest first, looked for from the end that is nearer: an index tells their ids, and only these are read."""
    after = total - page.offset - page.size
    at, number = transactions.c.effective_at, transactions.c.transaction_id
    query = select(number).where(standing_charges(tenant_id, customer_number))
    if after < page.offset:
        query = query.order_by(at, number).limit(max(page.size + min(after, 0), 0)).offset(max(after, 0))
    else:
        query = query.order_by(at.desc(), number.desc()).limit(page.size).offset(page.offset)
    ids = list(connection.execute(query).scalars())
    if not ids:
        return []
    rows = select(*_TRANSACTION).where(transactions.c.tenant_id == tenant_id, number.in_(ids))
    return [TransactionFact(*row) for row in connection.execute(rows.order_by(at.desc(), number.desc()))]


def _with_refunds(connection: Connection, tenant_id: int, rows: list[TransactionFact]) -> list[ListedCharge]:
    by_charge = dict(_pairs(connection, refunded(tenant_id, [row.transaction_id for row in rows])))
    paid = [row.payment_id for row in rows if row.payment_id is not None]
    by_payment = dict(_pairs(connection, refunded_by_gateways(tenant_id, paid))) if paid else {}
    return [
        ListedCharge(row, by_charge.get(row.transaction_id, 0) + by_payment.get(row.payment_id or 0, 0)) for row in rows
    ]


def _pairs(connection: Connection, query: Select[Any]) -> list[tuple[int, int]]:
    return [(int(number), int(amount_minor)) for number, amount_minor in connection.execute(query)]


def _summaries(connection: Connection, tenant_id: int, numbers: list[int]) -> dict[int, list[SummaryFact]]:
    found: dict[int, list[SummaryFact]] = {}
    query = (
        select(*_SUMMARY)
        .where(charge_summaries.c.tenant_id == tenant_id, charge_summaries.c.customer_number.in_(numbers))
        .order_by(charge_summaries.c.customer_number, charge_summaries.c.currency)
    )
    for row in connection.execute(query):
        summary = SummaryFact(*row)
        found.setdefault(summary.customer_number, []).append(summary)
    return found

"""The ledger's queries, as statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, Table, case, func, select, text

from tollhouse.domain.identity import folded_email, is_storable
from tollhouse.ledger.facts import CustomerFact, SummaryFact, TransactionFact
from tollhouse.ledger.queries import Found, ListedCharge, Page, ProjectFigures
from tollhouse.store.corrections import refunded, refunded_by_gateways, standing_charges
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
        live = (customers.c.tenant_id == tenant_id) & customers.c.deleted_at.is_(None)
        order: list[Any] = [customers.c.number]
        if search and not is_storable(search):
            return Found([], 0)
        if search:
            folded = folded_email(search)
            reference = func.lower(customers.c.reference)
            email = customers.c.email_folded
            # The reference also as it was sent: a store may know the case of ASCII alone.
            equal = (reference == folded) | (customers.c.reference == search) | (email == folded)
            starts = (
                reference.startswith(folded, autoescape=True)
                | customers.c.reference.startswith(search, autoescape=True)
                | email.startswith(folded, autoescape=True)
            )
            named = func.lower(customers.c.name).contains(folded, autoescape=True)
            live = live & (equal | starts | named)
            order = [case((equal, 0), (starts, 1), else_=2), customers.c.name, customers.c.number]
        with self._store.reading_rows() as connection:
            total = connection.execute(select(func.count()).select_from(customers).where(live)).scalar_one()
            query = select(*_CUSTOMER).where(live).order_by(*order).limit(page.size).offset(page.offset)
            rows = [CustomerFact(*row) for row in connection.execute(query)]
            summaries = _summaries(connection, tenant_id, [customer.number for customer in rows])
        return Found([(customer, summaries.get(customer.number, [])) for customer in rows], total)

    def project_figures(self, tenant_id: int) -> ProjectFigures:
        live = (customers.c.tenant_id == tenant_id) & customers.c.deleted_at.is_(None) & (customers.c.number > 1)
        sums = (
            select(
                charge_summaries.c.currency,
                func.sum(charge_summaries.c.charge_count),
                func.sum(charge_summaries.c.sum_minor - charge_summaries.c.refunded_minor),
            )
            .join(customers, live & (customers.c.number == charge_summaries.c.customer_number))
            .where(charge_summaries.c.tenant_id == tenant_id)
            .group_by(charge_summaries.c.currency)
        )
        with self._store.reading_rows() as connection:
            count = connection.execute(select(func.count()).select_from(customers).where(live)).scalar_one()
            charges = {currency: (int(n), int(remaining)) for currency, n, remaining in connection.execute(sums)}
        return ProjectFigures(int(count), charges)

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
            theirs = standing_charges(tenant_id, customer.number)
            total = connection.execute(select(func.count()).select_from(transactions).where(theirs)).scalar_one()
            query = (
                select(*_TRANSACTION)
                .where(theirs)
                .order_by(transactions.c.effective_at.desc(), transactions.c.transaction_id.desc())
                .limit(page.size)
                .offset(page.offset)
            )
            rows = [TransactionFact(*row) for row in connection.execute(query)]
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


def _customer(connection: Connection, tenant_id: int, uid: str) -> CustomerFact | None:
    if not is_storable(uid):
        return None
    query = select(*_CUSTOMER).where(
        customers.c.tenant_id == tenant_id, customers.c.uid == uid, customers.c.deleted_at.is_(None)
    )
    row = connection.execute(query).first()
    return None if row is None else CustomerFact(*row)


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

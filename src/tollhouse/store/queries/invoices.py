"""The ledger's queries about invoices, as statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from tollhouse.ledger.facts import InvoiceFact
from tollhouse.ledger.queries import InvoicesWanted
from tollhouse.ledger.refusals import ListTooLong
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import customers, invoices
from tollhouse.store.store import SqlStore

#: More are not one reply.
ROWS_MAX = 20_000

_INVOICE = [invoices.c[name] for name in columns_of(InvoiceFact)]


class SqlInvoiceQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def invoices(self, tenant_id: int, wanted: InvoicesWanted, now: int) -> list[InvoiceFact]:
        query = (
            select(*_INVOICE)
            .select_from(invoices.join(customers, _of_customer(tenant_id)))
            .where(_wanted(tenant_id, wanted, now))
            .order_by(*self._order(wanted, now))
            .limit(min(wanted.limit, ROWS_MAX + 1) if wanted.limit else ROWS_MAX + 1)
            .offset(wanted.offset)
        )
        with self._store.reading_rows() as connection:
            rows = [InvoiceFact(*row) for row in connection.execute(query)]
        if len(rows) > ROWS_MAX:
            raise ListTooLong(ROWS_MAX)
        return rows

    def invoice_count(self, tenant_id: int, wanted: InvoicesWanted, now: int) -> int:
        query = (
            select(func.count())
            .select_from(invoices.join(customers, _of_customer(tenant_id)))
            .where(_wanted(tenant_id, wanted, now))
        )
        with self._store.reading_rows() as connection:
            return int(connection.execute(query).scalar_one())

    def invoice_pages(self, tenant_id: int, wanted: InvoicesWanted, now: int) -> list[tuple[int, str]]:
        position = func.row_number().over(order_by=self._order(wanted, now)) - 1
        numbered = (
            select(invoices.c.number, position.label("position"))
            .select_from(invoices.join(customers, _of_customer(tenant_id)))
            .where(_wanted(tenant_id, wanted, now))
            .subquery()
        )
        starts = numbered.c.position % wanted.limit == 0 if wanted.limit else numbered.c.position == 0
        query = select(numbered.c.position, numbered.c.number).where(starts).order_by(numbered.c.position)
        with self._store.reading_rows() as connection:
            rows = connection.execute(query.limit(ROWS_MAX + 1)).all()
        if len(rows) > ROWS_MAX:
            raise ListTooLong(ROWS_MAX)
        return [(int(offset), str(number)) for offset, number in rows]

    def _order(self, wanted: InvoicesWanted, now: int) -> list[ColumnElement[Any]]:
        """Texts by their code points, alike on both engines."""
        plain = "BINARY" if self._store.is_sqlite else "C"
        columns: dict[str, list[ColumnElement[Any]]] = {
            "created": [invoices.c.created_at],
            "customer_name": [invoices.c.customer_name.collate(plain)],
            "id": [],
            "number": [invoices.c.number],
            "status": [_status(now).collate(plain)],
        }
        order = [*columns[wanted.sort], invoices.c.invoice_id]
        return [column.desc() for column in order] if wanted.descending else order


def _of_customer(tenant_id: int) -> ColumnElement[bool]:
    return and_(customers.c.tenant_id == tenant_id, customers.c.number == invoices.c.customer_number)


def _wanted(tenant_id: int, wanted: InvoicesWanted, now: int) -> ColumnElement[bool]:
    conditions = [invoices.c.tenant_id == tenant_id, invoices.c.created_at >= wanted.start_at]
    if wanted.end_at is not None:
        conditions.append(invoices.c.created_at < wanted.end_at)
    if wanted.statuses:
        conditions.append(_status(now).in_(wanted.statuses))
    if wanted.customer_number:
        conditions.append(invoices.c.customer_number == wanted.customer_number)
    elif wanted.below_path:
        below = customers.c.path.startswith(wanted.below_path, autoescape=True)
        conditions += [below, customers.c.path != wanted.below_path]
    return and_(*conditions)


def _status(now: int) -> ColumnElement[str]:
    """The status it was made with; what is due is overdue from its time on, if it has one."""
    is_overdue = and_(invoices.c.status == "due", invoices.c.overdue_at > 0, invoices.c.overdue_at <= now)
    return case((is_overdue, "overdue"), else_=invoices.c.status)

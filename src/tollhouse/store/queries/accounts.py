"""The ledger's queries about accounts, as statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, and_, func, or_, select

from tollhouse.domain.identity import folded_email
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import CustomerDetailsFact, CustomerFact, TransactionFact
from tollhouse.ledger.queries import CustomersWanted, ListedCustomer, StatementLine, StatementWanted
from tollhouse.ledger.refusals import ListTooLong, StatementTooLong
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import customer_details, customers, invoice_transactions, transaction_taxes, transactions
from tollhouse.store.store import SqlStore
from tollhouse.store.unit import customers_below

#: A statement is one reply; what is longer is refused rather than built in memory.
STATEMENT_LINES_MAX = 20_000
#: And so many rows of any other list.
ROWS_MAX = 20_000

_CUSTOMER = [customers.c[name] for name in columns_of(CustomerFact)]
_DETAILS = [customer_details.c[name] for name in columns_of(CustomerDetailsFact)]
_TRANSACTION = [transactions.c[name] for name in columns_of(TransactionFact)]


class SqlAccountQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def customer_called(
        self, tenant_id: int, caller: Caller, *, name: str = "", email: str = ""
    ) -> CustomerFact | None:
        path = customers.c.path
        query = (
            select(*_CUSTOMER)
            .where(
                customers.c.tenant_id == tenant_id,
                customers.c.deleted_at.is_(None),
                path.startswith(caller.path, autoescape=True) if caller.may_reach_below else path == caller.path,
                *([customers.c.name == name, customers.c.name != ""] if name else []),
                *([] if name else [customers.c.email_folded == folded_email(email)]),
            )
            .order_by(customers.c.created_at, customers.c.number)
            .limit(1)
        )
        with self._store.reading_rows() as connection:
            row = connection.execute(query).first()
        return None if row is None else CustomerFact(*row)

    def customers(self, tenant_id: int, wanted: CustomersWanted) -> list[ListedCustomer]:
        query = (
            select(*_CUSTOMER, *_DETAILS)
            .select_from(_customers_with_details(tenant_id))
            .where(*_listed(tenant_id, wanted))
            .order_by(*self._customer_order(wanted))
            .limit(min(wanted.limit, ROWS_MAX + 1) if wanted.limit else ROWS_MAX + 1)
            .offset(wanted.offset)
        )
        with self._store.reading_rows() as connection:
            rows = connection.execute(query).all()
        if len(rows) > ROWS_MAX:
            raise ListTooLong(ROWS_MAX)
        return [_listed_customer(row) for row in rows]

    def customer_count(self, tenant_id: int, wanted: CustomersWanted) -> int:
        query = select(func.count()).select_from(_customers_with_details(tenant_id)).where(*_listed(tenant_id, wanted))
        with self._store.reading_rows() as connection:
            return int(connection.execute(query).scalar_one())

    def customer_pages(self, tenant_id: int, wanted: CustomersWanted) -> list[tuple[int, str]]:
        position = func.row_number().over(order_by=self._customer_order(wanted)) - 1
        numbered = (
            select(customers.c.name, position.label("position"))
            .select_from(_customers_with_details(tenant_id))
            .where(*_listed(tenant_id, wanted))
            .subquery()
        )
        starts = numbered.c.position % wanted.limit == 0 if wanted.limit else numbered.c.position == 0
        query = select(numbered.c.position, numbered.c.name).where(starts).order_by(numbered.c.position)
        with self._store.reading_rows() as connection:
            rows = connection.execute(query.limit(ROWS_MAX + 1)).all()
        if len(rows) > ROWS_MAX:
            raise ListTooLong(ROWS_MAX)
        return [(int(position), str(name)) for position, name in rows]

    def _customer_order(self, wanted: CustomersWanted) -> list[ColumnElement[Any]]:
        plain = "BINARY" if self._store.is_sqlite else "C"
        columns = {"account": func.coalesce(customer_details.c.account, "")}
        columns["description"] = func.coalesce(customer_details.c.description, "")
        column: ColumnElement[Any] = columns.get(wanted.sort, customers.c.name)
        order = [column.collate(plain), customers.c.number]
        return [each.desc() for each in order] if wanted.descending else order

    def statement(self, tenant_id: int, customer_number: int, wanted: StatementWanted) -> list[StatementLine]:
        shown = and_(
            transactions.c.tenant_id == tenant_id,
            transactions.c.customer_number == customer_number,
            transactions.c.effective_at >= wanted.start_at,
            transactions.c.kind != "adjustment",
            or_(
                transactions.c.settlement == "balance",
                and_(transactions.c.origin == "enswitch", transactions.c.settlement == "recorded"),
            ),
        )
        if wanted.end_at is not None:
            shown &= transactions.c.effective_at < wanted.end_at
        on_it = (invoice_transactions.c.tenant_id == tenant_id) & (
            invoice_transactions.c.transaction_id == transactions.c.transaction_id
        )
        if wanted.invoice_id:
            shown &= transactions.c.transaction_id.in_(_on_invoice(tenant_id, wanted.invoice_id))
        query = (
            select(*_TRANSACTION, func.coalesce(invoice_transactions.c.invoice_id, 0))
            .select_from(transactions.outerjoin(invoice_transactions, on_it))
            .where(shown)
            .order_by(*self._order(wanted))
            .limit(STATEMENT_LINES_MAX + 1)
        )
        with self._store.reading_rows() as connection:
            rows = [(TransactionFact(*row[:-1]), int(row[-1])) for row in map(tuple, connection.execute(query))]
            if len(rows) > STATEMENT_LINES_MAX:
                raise StatementTooLong(STATEMENT_LINES_MAX)
            taxes = _taxes(connection, shown) if rows else {}
        return [StatementLine(row, taxes.get(row.transaction_id, []), invoice_id) for row, invoice_id in rows]

    def _order(self, wanted: StatementWanted) -> list[ColumnElement[Any]]:
        """Texts by their code points, alike on both engines."""
        plain = "BINARY" if self._store.is_sqlite else "C"
        columns: dict[str, list[ColumnElement[Any]]] = {
            "amount": [-transactions.c.gross_minor],
            "description": [transactions.c.description.collate(plain)],
            "id": [],
            "person": [func.coalesce(transactions.c.person_id, 0)],
            "reference": [],
            "time": [transactions.c.effective_at],
            "type": [transactions.c.kind],
        }
        order = [*columns[wanted.sort], transactions.c.transaction_id]
        return [column.desc() for column in order] if wanted.descending else order


def _on_invoice(tenant_id: int, invoice_id: int) -> Select[tuple[int]]:
    links = invoice_transactions.alias("links")
    wanted = (links.c.tenant_id == tenant_id) & (links.c.invoice_id == invoice_id)
    return select(links.c.transaction_id).where(wanted)


def _customers_with_details(tenant_id: int) -> FromClause:
    theirs = (customer_details.c.tenant_id == tenant_id) & (customer_details.c.customer_number == customers.c.number)
    return customers.outerjoin(customer_details, theirs)


def _listed(tenant_id: int, wanted: CustomersWanted) -> list[ColumnElement[bool]]:
    conditions = [customers.c.tenant_id == tenant_id]
    if wanted.is_recursive:
        below = customers_below(tenant_id, wanted.parent_number)
        conditions += [customers.c.number.in_(select(below.c.number)), customers.c.number != wanted.parent_number]
    else:
        conditions.append(customers.c.parent_number == wanted.parent_number)
    if wanted.deleted >= 0:
        deleted_at = customers.c.deleted_at
        conditions.append(deleted_at.is_not(None) if wanted.deleted else deleted_at.is_(None))
    if wanted.bill_type:
        conditions.append(customers.c.bill_type == wanted.bill_type)
    if wanted.directory >= 0:
        conditions.append(func.coalesce(customer_details.c.directory, 0) == wanted.directory)
    if wanted.name:
        # Also as it was sent: a store may know the case of ASCII alone.
        in_any_case = func.lower(customers.c.name).contains(wanted.name.lower(), autoescape=True)
        conditions.append(in_any_case | customers.c.name.contains(wanted.name, autoescape=True))
    return conditions


def _listed_customer(row: Row[Any]) -> ListedCustomer:
    values = tuple(row)
    customer, details = values[: len(_CUSTOMER)], values[len(_CUSTOMER) :]
    return ListedCustomer(CustomerFact(*customer), None if details[0] is None else CustomerDetailsFact(*details))


def _taxes(connection: Connection, shown: ColumnElement[bool]) -> dict[int, list[int]]:
    """The taxes of the shown transactions, by transaction."""
    same = (transaction_taxes.c.tenant_id == transactions.c.tenant_id) & (
        transaction_taxes.c.transaction_id == transactions.c.transaction_id
    )
    query = (
        select(transaction_taxes.c.transaction_id, transaction_taxes.c.tax_id)
        .select_from(transactions.join(transaction_taxes, same))
        .where(shown)
        .order_by(transaction_taxes.c.transaction_id, transaction_taxes.c.line_no)
    )
    found: dict[int, list[int]] = {}
    for transaction_id, tax_id in connection.execute(query):
        found.setdefault(transaction_id, []).append(tax_id)
    return found

"""The ledger's queries about accounts, as statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from tollhouse.domain.identity import folded_email
from tollhouse.ledger.commands import Caller
from tollhouse.ledger.facts import CustomerFact, TransactionFact
from tollhouse.ledger.queries import StatementLine, StatementWanted
from tollhouse.ledger.refusals import StatementTooLong
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import customers, transaction_taxes, transactions
from tollhouse.store.store import SqlStore

#: A statement is one reply; what is longer is refused rather than built in memory.
STATEMENT_LINES_MAX = 20_000

_CUSTOMER = [customers.c[name] for name in columns_of(CustomerFact)]
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

    def statement(self, tenant_id: int, customer_number: int, wanted: StatementWanted) -> list[StatementLine]:
        shown = and_(
            transactions.c.tenant_id == tenant_id,
            transactions.c.customer_number == customer_number,
            transactions.c.effective_at >= wanted.start_at,
            or_(
                transactions.c.settlement == "balance",
                and_(transactions.c.origin == "enswitch", transactions.c.settlement == "recorded"),
            ),
        )
        if wanted.end_at is not None:
            shown &= transactions.c.effective_at < wanted.end_at
        with self._store.reading_rows() as connection:
            query = select(*_TRANSACTION).where(shown).order_by(*self._order(wanted)).limit(STATEMENT_LINES_MAX + 1)
            rows = [TransactionFact(*row) for row in connection.execute(query)]
            if len(rows) > STATEMENT_LINES_MAX:
                raise StatementTooLong(STATEMENT_LINES_MAX)
            taxes = _taxes(connection, shown) if rows else {}
        return [StatementLine(row, taxes.get(row.transaction_id, [])) for row in rows]

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

"""Transactions, the newest first, a page at a time by the place where the last one ended."""

from __future__ import annotations

from sqlalchemy import select, tuple_

from tollhouse.ledger.facts import TransactionFact
from tollhouse.ledger.refusals import TransactionUnknown
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import transactions
from tollhouse.store.store import SqlStore

_TRANSACTION = [transactions.c[name] for name in columns_of(TransactionFact)]


class SqlTransactionQueries:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def newest(self, tenant_id: int, count: int, before: int = 0) -> list[TransactionFact]:
        """The latest recorded first; with an id those recorded before that one."""
        query = select(*_TRANSACTION).where(transactions.c.tenant_id == tenant_id)
        if before:
            query = query.where(transactions.c.transaction_id < before)
        with self._store.reading_rows() as connection:
            rows = connection.execute(query.order_by(transactions.c.transaction_id.desc()).limit(count))
            return [TransactionFact(*row) for row in rows]

    def newest_of(self, tenant_id: int, customer_number: int, count: int, before: int = 0) -> list[TransactionFact]:
        """Of one customer those that count latest first; with an id of one of its transactions those before that one.

        Raises TransactionUnknown.
        """
        place = (transactions.c.effective_at, transactions.c.transaction_id)
        of_customer = (transactions.c.tenant_id == tenant_id) & (transactions.c.customer_number == customer_number)
        query = select(*_TRANSACTION).where(of_customer)
        with self._store.reading_rows() as connection:
            if before:
                last = connection.execute(select(*place).where(of_customer, place[1] == before)).first()
                if last is None:
                    raise TransactionUnknown
                query = query.where(tuple_(*place) < tuple_(last[0], last[1]))
            rows = connection.execute(query.order_by(*(column.desc() for column in place)).limit(count))
            return [TransactionFact(*row) for row in rows]

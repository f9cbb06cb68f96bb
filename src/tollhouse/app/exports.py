"""Charges, customers and transactions as a file, written as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tollhouse.apis.files import columns
from tollhouse.apis.files.journal import journal_lines
from tollhouse.apis.files.rows import Row, charge_to_row, customer_to_row, transaction_to_row
from tollhouse.apis.files.texts import csv_lines, json_lines
from tollhouse.ledger import exporting
from tollhouse.ledger.exporting import EVER, Span
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.ports import Reader
from tollhouse.store.store import SqlStore

CHARGES: Final = "charges"
CUSTOMERS: Final = "customers"
TRANSACTIONS: Final = "transactions"

CSV: Final = "csv"
JSON_LINES: Final = "jsonl"
BEANCOUNT: Final = "beancount"


def exported(
    store: SqlStore, tenant: TenantFact, what: str, form: str, *, span: Span = EVER, for_spreadsheets: bool = False
) -> Iterator[str]:
    """The text of a file, piece by piece, from one snapshot. Customers have no journal and no span."""
    with store.reading(tenant.tenant_id) as reader:
        if form == BEANCOUNT and what == TRANSACTIONS:
            balances = exporting.balances(reader) if span == EVER else None
            yield from journal_lines(tenant, exporting.transactions(reader, span), balances)
            return
        if form == BEANCOUNT:
            yield from journal_lines(tenant, exporting.charges(reader, span), None)
            return
        names, rows = _table(reader, tenant, what, span)
        if form == JSON_LINES:
            yield from json_lines(names, rows)
        else:
            yield from csv_lines(names, rows, for_spreadsheets=for_spreadsheets)


def _table(reader: Reader, tenant: TenantFact, what: str, span: Span) -> tuple[Sequence[str], Iterator[Row]]:
    """The names of the columns, and the rows."""
    if what == CUSTOMERS:
        found = exporting.customers(reader, tenant.currency)
        return columns.CUSTOMERS, (customer_to_row(*row, tenant.currency) for row in found)
    if what == TRANSACTIONS:
        return columns.TRANSACTIONS, map(transaction_to_row, exporting.transactions(reader, span))
    return columns.CHARGES, map(charge_to_row, exporting.charges(reader, span))

"""Rows of a file as charges, by the rules of one charge on Beacon's wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from tollhouse.apis.beacon.request import values
from tollhouse.apis.beacon.request.body import Errors
from tollhouse.apis.beacon.request.charges import item_from_wire
from tollhouse.apis.files import lines
from tollhouse.apis.files.columns import CHARGES, REQUIRED
from tollhouse.ledger.commands import RecordedItem
from tollhouse.ledger.commands.imports import ImportedCharge, RefusedRow
from tollhouse.ledger.facts import TenantFact


def charges_from_file(
    stream: BinaryIO, form: str, tenant: TenantFact, now: int
) -> Iterator[ImportedCharge | RefusedRow]:
    """The charges of a file, in its order. A row without a time counts at `now`; raises FileRefused."""
    return (_charge(row, tenant, now) for row in lines.rows(stream, form, CHARGES, REQUIRED))


def _charge(row: lines.Row, tenant: TenantFact, now: int) -> ImportedCharge | RefusedRow:
    if row.refusal:
        return RefusedRow(row.line, row.refusal)
    errors: Errors = {}
    identity = values.identity(row.fields, "", errors)
    may_refund = bool(tenant.negative_amounts_refund)
    item = item_from_wire(row.fields, "", tenant.currency, now, errors, negative_refunds=may_refund)
    if errors or item is None:
        return RefusedRow(row.line, "; ".join(f"{field} {text}" for field, texts in errors.items() for text in texts))
    if item.effective_at is None:
        item = RecordedItem(item.amount_minor, now)
    return ImportedCharge(row.line, identity, item)

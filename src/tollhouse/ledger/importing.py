"""Charges from a file, recorded part by part: each row once, whatever is killed and whoever else brings in the file.

What was done of a file is a row of its own, written together with the charges of each part. A part is recorded where
the one before it ended, or not at all; a charge is decided as if its row had come alone, in the order of the file.
"""

from __future__ import annotations

import json
from collections import Counter

import msgspec
from msgspec.structs import replace

from tollhouse import crash_points
from tollhouse.ledger.book import Book
from tollhouse.ledger.commands.imports import ImportCharges, ImportedCharge, RefusedRow
from tollhouse.ledger.facts import ImportFact, RefusedRowFact
from tollhouse.ledger.identities import customer_with, who
from tollhouse.ledger.recording import REFUSED, check, record


class ImportAdvanced(msgspec.Struct, frozen=True):
    """How far the file is done. `is_ours` tells that this part was recorded just now; else another part is next, or
    none is."""

    done: ImportFact
    is_ours: bool


def decide(book: Book, command: ImportCharges) -> ImportAdvanced:
    found = book.find(ImportFact, lock=True, digest=command.digest)
    done = found[0] if found else _begun(book, command)
    is_next = (done.rows_read, done.started_at) == (command.rows_read, command.started_at)
    if done.finished_at is not None or not is_next:
        return ImportAdvanced(done, is_ours=False)
    after = _recorded(book, command, done)
    if found:
        book.put(after)
        crash_points.reach(crash_points.IMPORT_PART_DECIDED)
    else:
        # Of two that begin at once one meets the other's row, and decides again.
        book.add(after)
    return ImportAdvanced(after, is_ours=True)


def sums_of(done: ImportFact) -> Counter[str]:
    """What was charged, in minor units by currency."""
    return Counter(msgspec.json.decode(done.sums, type=dict[str, int]))


def _recorded(book: Book, command: ImportCharges, done: ImportFact) -> ImportFact:
    """Record what can be; how far the file is done then."""
    customers_before, charged, sums = book.new_customer_count, 0, sums_of(done)
    refused = list(command.refused)
    for row in command.charges:
        refusal = _record(book, row, command.touch_session)
        if refusal is None:
            charged += 1
            sums[book.tenant.currency] += row.item.amount_minor
        else:
            refused.append(RefusedRow(row.line, str(refusal)))
    for refused_row in refused:
        book.add(RefusedRowFact(book.tenant_id, command.digest, refused_row.line, refused_row.reason))
    return replace(
        done,
        rows_read=done.rows_read + len(command.charges) + len(command.refused),
        charged=done.charged + charged,
        refused=done.refused + len(refused),
        customers=done.customers + book.new_customer_count - customers_before,
        sums=json.dumps(sums, sort_keys=True),
        finished_at=book.now if command.is_last else None,
    )


def _record(book: Book, row: ImportedCharge, touch_session: bool) -> Exception | None:
    """Record a charge, or tell why the books cannot take it."""
    found = who(book, row.identity)
    try:
        checked = check(book, found, (row.item,))
    except REFUSED as refusal:
        return refusal
    customer = customer_with(book, found, row.identity)
    if touch_session:
        book.touch(customer)
    record(book, customer, checked)
    return None


def _begun(book: Book, command: ImportCharges) -> ImportFact:
    return ImportFact(
        tenant_id=book.tenant_id,
        digest=command.digest,
        rows_read=0,
        charged=0,
        refused=0,
        customers=0,
        sums="{}",
        started_at=command.started_at,
        finished_at=None,
    )
